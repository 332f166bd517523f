//! What happened to a task, in the reader's words: its history, and the messages of its run.

use chrono::{DateTime, Utc};

use super::badge::Badge;
use super::said::{in_words, worded};
use super::shell::Shell;
use crate::domain::task::Status;
use crate::service::details::RunMessage;
use crate::service::tasks::Event;

/// What the history says, and the sentence for it.
const WORDS: [(&str, &str); 36] = [
    ("log full", "event-log-full"),
    ("launch accepted", "event-launch-accepted"),
    ("asking OpenHEXA for a run", "event-launch-asked"),
    ("launch not sent", "event-launch-not-sent"),
    ("launch unsure", "event-launch-unsure"),
    ("launch refused", "event-launch-refused"),
    ("launch given up", "event-launch-given-up"),
    ("launch never confirmed", "event-launch-never-confirmed"),
    ("run created", "event-run-created"),
    ("run found", "event-run-found"),
    ("run not found yet", "event-run-not-found-yet"),
    ("run not found", "event-run-not-found"),
    ("run gone", "event-run-gone"),
    ("neither run nor pipeline found", "event-hidden"),
    ("look failed", "event-look-failed"),
    ("overdue", "event-overdue"),
    ("run queued", "event-run-queued"),
    ("run running", "event-run-running"),
    ("run terminating", "event-run-terminating"),
    ("run success", "event-run-success"),
    ("run failed", "event-run-failed"),
    ("run stopped", "event-run-stopped"),
    ("run skipped", "event-run-skipped"),
    ("reported progress", "event-reported-progress"),
    ("report refused", "event-report-refused"),
    ("cancel asked", "event-cancel-asked"),
    ("stop asked", "event-stop-asked"),
    ("stop asked, still running", "event-stop-asked-again"),
    ("stop not answered", "event-stop-not-answered"),
    ("stop denied", "event-stop-denied"),
    ("stop not accepted", "event-stop-not-accepted"),
    ("no run was made; asking again", "event-asks-again"),
    (
        "the run failed; its log could not be read yet",
        "event-log-not-yet",
    ),
    (
        "several runs could be this launch's; none is taken",
        "note-several",
    ),
    (
        "waiting for another launch of this pipeline to be settled",
        "event-waits",
    ),
    (
        "its row in Iaso was moved to another account and is not updated any more",
        "event-copy-moved",
    ),
];

pub struct Happened {
    pub at: DateTime<Utc>,
    pub source: String,
    pub what: String,
    /// Between the two: none where the detail stands for itself.
    pub mark: &'static str,
    pub detail: Option<Detail>,
}

/// In the reader's words, or as somebody else wrote it.
pub struct Detail {
    pub text: String,
    pub is_ours: bool,
}

pub struct Line {
    pub at: Option<DateTime<Utc>>,
    /// DEBUG, INFO, WARNING, ERROR, CRITICAL, or what else it is.
    pub level: String,
    /// For the style.
    pub kind: &'static str,
    pub text: String,
}

pub fn happened(shell: &Shell, event: &Event) -> Happened {
    Happened {
        at: event.at,
        source: source(shell, event.source),
        what: what(shell, &event.what),
        mark: if event.source == "callback" { "," } else { "" },
        detail: event.detail.as_deref().map(|text| detail(shell, text)),
    }
}

fn detail(shell: &Shell, text: &str) -> Detail {
    let ours = in_words(shell, text);
    Detail {
        is_ours: ours.is_some(),
        text: ours.unwrap_or_else(|| text.to_owned()),
    }
}

fn source(shell: &Shell, word: &str) -> String {
    match word {
        "user" => shell.say("source-user"),
        "callback" => shell.say("source-callback"),
        "openhexa" => shell.say("source-openhexa"),
        _ => shell.say("source-bridge"),
    }
}

fn what(shell: &Shell, word: &str) -> String {
    let known = WORDS.iter().find(|(own, _)| *own == word);
    match (known, word.strip_prefix("reported ")) {
        (Some((_, key)), _) => shell.say(key),
        (None, Some(status)) => {
            let status = within(&status_word(shell, status));
            shell.with("event-reported", "value", status)
        }
        (None, None) => word.to_owned(),
    }
}

/// A status as it is written within a sentence.
pub fn within(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

/// As a badge has it.
pub fn status_word(shell: &Shell, word: &str) -> String {
    match Status::parse(word) {
        Some(status) => Badge::of_task(shell, status).word,
        None => word.to_owned(),
    }
}

/// What the pipeline told the bridge and what it told OpenHEXA, as one row in time.
pub fn lines(shell: &Shell, events: &[Event], messages: &[RunMessage]) -> Vec<Line> {
    let told = events.iter().filter_map(|event| {
        Some(Line {
            at: Some(event.at),
            level: match event.source {
                "callback" => shell.say("level-progress"),
                other => source(shell, other),
            },
            kind: "told",
            text: match event.source {
                // The pipeline's own words stay its own.
                "callback" => event.message.clone()?,
                _ => worded(shell, event.message.as_deref()?),
            },
        })
    });
    let logged = messages.iter().map(|message| Line {
        at: message.at,
        kind: kind(&message.priority),
        level: level(shell, &message.priority),
        text: message.text.clone(),
    });
    let mut all: Vec<Line> = told.chain(logged).collect();
    all.sort_by_key(|line| line.at);
    all
}

/// OpenHEXA's levels in the reader's language.
fn level(shell: &Shell, priority: &str) -> String {
    let key = match priority {
        "DEBUG" => "level-debug",
        "INFO" => "level-info",
        "WARNING" => "level-warning",
        "ERROR" => "level-error",
        "CRITICAL" => "level-critical",
        other => return other.to_owned(),
    };
    shell.say(key)
}

fn kind(priority: &str) -> &'static str {
    match priority {
        "ERROR" | "CRITICAL" => "bad",
        "WARNING" => "warn",
        "DEBUG" => "quiet",
        _ => "told",
    }
}
