//! What happened to a task, in the reader's words: its history, and the messages of its run.

use chrono::{DateTime, Utc};

use super::shell::Shell;
use crate::domain::event::{Event, Source};
use crate::http::history;
use crate::language::Language;
use crate::service::tasks::RunMessage;

pub struct Happened {
    pub at: DateTime<Utc>,
    pub source: String,
    pub what: String,
    /// Between the two.
    pub mark: &'static str,
    pub detail: Option<String>,
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
        what: history::what(shell.language, event),
        mark: mark(shell.language, event),
        detail: history::details(shell.language, event),
    }
}

/// Between what happened and what belongs to it.
fn mark(language: Language, event: &Event) -> &'static str {
    match (event.source, language) {
        (Source::Callback, _) => ",",
        _ if history::reason(event).is_none() => "",
        (_, Language::English) => ":",
        (_, Language::French) => "\u{a0}:",
    }
}

fn source(shell: &Shell, source: Source) -> String {
    shell.say(match source {
        Source::User => "source-user",
        Source::Callback => "source-callback",
        Source::OpenHexa => "source-openhexa",
        Source::Bridge => "source-bridge",
    })
}

/// A line of the task's log: the pipeline's own words, or in the reader's what the bridge says.
fn message(shell: &Shell, event: &Event) -> Option<String> {
    let own = event.message.clone()?;
    let note = event
        .data
        .note()
        .filter(|_| event.source != Source::Callback);
    Some(note.map_or(own, |note| shell.language.note(&note)))
}

/// What the pipeline told the bridge and what it told OpenHEXA, as one row in time.
pub fn lines(shell: &Shell, events: &[Event], messages: &[RunMessage]) -> Vec<Line> {
    let told = events.iter().filter_map(|event| {
        Some(Line {
            at: Some(event.at),
            level: match event.source {
                Source::Callback => shell.say("level-progress"),
                other @ (Source::User | Source::OpenHexa | Source::Bridge) => source(shell, other),
            },
            kind: "told",
            text: message(shell, event)?,
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
