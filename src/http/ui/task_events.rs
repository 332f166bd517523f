//! The history of a task and the messages of its run, in the user's language.

use chrono::{DateTime, Utc};

use super::layout::Layout;
use crate::domain::event::{Event, EventKind, Source};
use crate::http::event_text;
use crate::language::Language;
use crate::service::tasks::RunMessage;

pub struct EventItem {
    pub at: DateTime<Utc>,
    pub source: String,
    pub what: String,
    /// Punctuation between `what` and `detail`.
    pub mark: &'static str,
    pub detail: Option<String>,
}

pub struct LogLine {
    pub at: Option<DateTime<Utc>>,
    /// DEBUG, INFO, WARNING, ERROR or CRITICAL, translated; another level unchanged.
    pub level: String,
    /// The CSS class.
    pub kind: &'static str,
    pub text: String,
}

pub fn event_item(layout: &Layout, event: &Event) -> EventItem {
    EventItem {
        at: event.at,
        source: source(layout, event.source),
        what: event_text::what(layout.language, event),
        mark: mark(layout.language, event),
        detail: event_text::details(layout.language, event),
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

/// Messages sent to the bridge and messages sent to OpenHEXA, sorted by time.
pub fn lines(layout: &Layout, events: &[Event], messages: &[RunMessage]) -> Vec<LogLine> {
    let reported = events.iter().filter_map(|event| {
        Some(LogLine {
            at: Some(event.at),
            level: match event.source {
                Source::Callback => layout.say("level-progress"),
                other @ (Source::User | Source::OpenHexa | Source::Bridge) => source(layout, other),
            },
            kind: "told",
            text: message(layout, event)?,
        })
    });
    let logged = messages.iter().map(|message| LogLine {
        at: message.at,
        kind: kind(&message.priority),
        level: level(layout, &message.priority),
        text: message.text.clone(),
    });
    let mut all: Vec<LogLine> = reported.chain(logged).collect();
    all.sort_by_key(|line| line.at);
    all
}

/// OpenHEXA's level in the user's language.
fn level(layout: &Layout, priority: &str) -> String {
    let key = match priority {
        "DEBUG" => "level-debug",
        "INFO" => "level-info",
        "WARNING" => "level-warning",
        "ERROR" => "level-error",
        "CRITICAL" => "level-critical",
        other => return other.to_owned(),
    };
    layout.say(key)
}

fn kind(priority: &str) -> &'static str {
    match priority {
        "ERROR" | "CRITICAL" => "bad",
        "WARNING" => "warn",
        "DEBUG" => "quiet",
        _ => "told",
    }
}
