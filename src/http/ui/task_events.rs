//! The history of a task and the messages of its run, in the user's language.

use chrono::{DateTime, Utc};

use super::layout::Layout;
use super::message_filter::{Level, MessageFilter};
use super::task_message::ErrorText;
use crate::domain::event::{Event, EventKind, Source};
use crate::domain::message::say;
use crate::domain::traceback::{error_line, is_traceback};
use crate::http::event_text;
use crate::language::Language;
use crate::service::tasks::{PageHistory, RunMessage};

pub struct EventItem {
    pub at: DateTime<Utc>,
    pub source: String,
    pub what: String,
    /// Punctuation between `what` and `detail`.
    pub mark: &'static str,
    pub detail: Option<String>,
}

/// The history of a task on its page.
pub struct HistoryPart {
    pub events: Vec<EventItem>,
    /// Reports of progress, which are not among the events.
    pub progress: Vec<EventItem>,
    /// How many reports of progress are shown, as text.
    pub progress_title: String,
}

pub struct LogLine {
    pub at: Option<DateTime<Utc>>,
    /// DEBUG, INFO, WARNING, ERROR or CRITICAL, translated; another level unchanged.
    pub level: String,
    /// The CSS class.
    pub kind: &'static str,
    /// The text, or the line of a traceback that says what went wrong.
    pub text: String,
    /// The whole text, if `text` is only a line of it.
    pub whole: Option<String>,
    /// Whether the top of the page shows the same text.
    pub is_failure: bool,
    severity: Level,
    /// Whether the bridge says it, not the pipeline.
    is_note: bool,
}

/// What happened to a task. `failure` is the text at the top of the page, which is not repeated.
fn event_item(layout: &Layout, event: &Event, failure: Option<&ErrorText>) -> EventItem {
    let what = event_text::what(layout.language, event);
    let is_repeated = failure.is_some_and(|failure| failure.line == what);
    EventItem {
        at: event.at,
        source: source(layout, event.source),
        what: if is_repeated {
            layout.word(&say(event.kind.key()))
        } else {
            what
        },
        mark: mark(layout.language, event),
        detail: event_text::details(layout.language, event),
    }
}

impl HistoryPart {
    pub fn new(layout: &Layout, history: &PageHistory, failure: Option<&ErrorText>) -> Self {
        let item = |event: &Event| event_item(layout, event, failure);
        let mut events: Vec<EventItem> = history.events.iter().map(item).collect();
        events.sort_by_key(|event| event.at);
        let title = if history.is_progress_cut {
            "task-progress-newest"
        } else {
            "task-progress-reports"
        };
        Self {
            events,
            progress: history.progress.iter().map(item).collect(),
            progress_title: layout.count(title, &history.progress.len()),
        }
    }
}

/// Punctuation between what happened and its details.
fn mark(language: Language, event: &Event) -> &'static str {
    match (event.source, language) {
        (Source::Callback, _) => ",",
        _ if event.kind == EventKind::LaunchAccepted => ",",
        _ if event_text::reason(event).is_none() => "",
        (_, Language::English) => ":",
        (_, Language::French) => "\u{a0}:",
    }
}

fn source(layout: &Layout, source: Source) -> String {
    layout.say(match source {
        Source::User => "source-user",
        Source::Callback => "source-callback",
        Source::OpenHexa => "source-openhexa",
        Source::Bridge => "source-bridge",
    })
}

/// The text of a log line: the pipeline's message, or the bridge's note in the user's language.
fn message(layout: &Layout, event: &Event) -> Option<String> {
    let own = event.message.clone()?;
    let note = event
        .data
        .note()
        .filter(|_| event.source != Source::Callback);
    Some(note.map_or(own, |note| layout.language.note(&note)))
}

/// Messages sent to the bridge and messages sent to OpenHEXA that the filter shows, sorted by time. The text at the top
/// of the page, `failure`, is not repeated.
pub fn lines<'a>(
    layout: &Layout,
    events: impl Iterator<Item = &'a Event>,
    messages: &[RunMessage],
    filter: &MessageFilter,
    failure: Option<&ErrorText>,
) -> Vec<LogLine> {
    let reported = events.filter_map(|event| reported(layout, event));
    let logged = messages.iter().map(|message| logged(layout, message));
    let all = reported.chain(logged);
    let mut all: Vec<LogLine> = all
        .filter(|line| filter.shows(line.severity, &line.text))
        .collect();
    all.sort_by_key(|line| line.at);
    once(all.into_iter().map(|line| folded(line, failure)).collect())
}

fn reported(layout: &Layout, event: &Event) -> Option<LogLine> {
    let is_error = [
        EventKind::ReportedError,
        EventKind::RunFailed,
        EventKind::LaunchRefused,
    ];
    let severity = if is_error.contains(&event.kind) {
        Level::Error
    } else {
        Level::Info
    };
    Some(LogLine {
        at: Some(event.at),
        level: match event.source {
            Source::Callback if severity == Level::Error => layout.say(Level::Error.key()),
            Source::Callback => layout.say("level-progress"),
            other @ (Source::User | Source::OpenHexa | Source::Bridge) => source(layout, other),
        },
        kind: severity.kind(),
        text: message(layout, event)?,
        whole: None,
        is_failure: false,
        severity,
        is_note: event.source != Source::Callback,
    })
}

/// A level of a later OpenHEXA counts as INFO.
fn logged(layout: &Layout, message: &RunMessage) -> LogLine {
    let known = Level::parse(&message.priority);
    let severity = known.unwrap_or(Level::Info);
    LogLine {
        at: message.at,
        level: known.map_or_else(|| message.priority.clone(), |known| layout.say(known.key())),
        kind: severity.kind(),
        text: message.text.clone(),
        whole: None,
        is_failure: false,
        severity,
        is_note: false,
    }
}

/// Whether the top of the page shows all that matters of the line: the failure's text, or an error that contains its line.
fn repeats_failure(line: &LogLine, failure: &ErrorText) -> bool {
    let is_error = line.severity >= Level::Error;
    failure.equals(&line.text) || (is_error && failure.is_in(&line.text))
}

fn folded(line: LogLine, failure: Option<&ErrorText>) -> LogLine {
    if failure.is_some_and(|failure| repeats_failure(&line, failure)) {
        return LogLine {
            is_failure: true,
            ..line
        };
    }
    if !is_traceback(&line.text) {
        return line;
    }
    let shown = ErrorText::new(Some(error_line(&line.text)), &line.text);
    LogLine {
        text: shown.line,
        whole: shown.whole,
        ..line
    }
}

/// Keeps only one of the lines that repeat the text at the top of the page: the pipeline's own, if there is one.
fn once(mut all: Vec<LogLine>) -> Vec<LogLine> {
    let is_own = |line: &LogLine| line.is_failure && !line.is_note;
    let kept = all.iter().position(is_own);
    let kept = kept.or_else(|| all.iter().position(|line| line.is_failure));
    let mut place = 0;
    all.retain(|line| {
        let is_kept = !line.is_failure || Some(place) == kept;
        place += 1;
        is_kept
    });
    all
}
