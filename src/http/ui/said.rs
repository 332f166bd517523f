//! What the bridge wrote down about a task, in the reader's words. It is kept in English, as the API tells it; what a
//! pipeline or OpenHEXA wrote stays as it is.

use super::events::{status_word, within};
use super::known::known_as;
use super::shell::Shell;
use crate::domain::sentence::say;

/// Whole texts.
const TEXTS: [(&str, &str); 38] = [
    (
        "The log of this task is full: later progress messages are shown, but not added to the log",
        "note-log-full",
    ),
    (
        "cancelled before anything was sent to OpenHEXA",
        "note-cancelled-unsent",
    ),
    (
        "OpenHEXA: the run failed after the pipeline had reported success",
        "monitoring-why-taken-back",
    ),
    (
        "OpenHEXA never confirmed the launch",
        "monitoring-why-never-confirmed",
    ),
    (
        "several runs could be this launch's; none is taken",
        "note-several",
    ),
    (
        "OpenHEXA could not be reached: the launch was never sent",
        "monitoring-why-not-sent",
    ),
    ("the pipeline is gone", "note-pipeline-gone"),
    (
        "the run failed, and its log could not be read",
        "note-log-unread",
    ),
    ("OpenHEXA no longer knows the run", "monitoring-why-gone"),
    (
        "OpenHEXA no longer knows the run, and its time was over: how it ended is not known",
        "monitoring-why-time-over",
    ),
    (
        "the pipeline was deleted in OpenHEXA, and its run with it: how the run ended is not known",
        "note-deleted",
    ),
    (
        "OpenHEXA never confirmed the launch, and the pipeline was deleted there since",
        "note-deleted-unconfirmed",
    ),
    (
        "OpenHEXA no longer shows the run nor its pipeline, and the run's time was over: the pipeline was deleted, its workspace archived, or access to it withdrawn",
        "note-hidden",
    ),
    (
        "OpenHEXA does not let the bridge's token stop this run; it is watched until it ends by itself",
        "note-stop-denied",
    ),
    (
        "asked in Iaso; by whom it does not say",
        "note-asked-in-iaso",
    ),
    (
        "a parameter has a value of the wrong type",
        "refused-config",
    ),
    ("pipeline not found", "pipeline-not-found"),
    ("pipeline version not found", "refused-version"),
    ("the workspace has reached its run limit", "refused-limit"),
    (
        "the token is not allowed to launch this pipeline",
        "refused-denied",
    ),
    ("the token is refused", "upstream-token-refused"),
    ("OpenHEXA rejected the request", "note-request-refused"),
    (
        "the parameters are too large for OpenHEXA",
        "refused-too-large",
    ),
    (
        "the OpenHEXA address is not a valid http(s) URL",
        "note-address",
    ),
    (
        "too many requests to OpenHEXA at the same time",
        "note-busy",
    ),
    ("cannot connect to OpenHEXA", "upstream-unreachable"),
    ("OpenHEXA did not respond in time", "upstream-timed-out"),
    ("the connection to OpenHEXA was interrupted", "note-broken"),
    (
        "OpenHEXA redirects to another address: check the OpenHEXA address",
        "upstream-strange",
    ),
    (
        "the response from OpenHEXA is too large",
        "note-answer-large",
    ),
    (
        "the response from OpenHEXA cannot be read",
        "note-answer-unreadable",
    ),
    (
        "OpenHEXA cannot read the definition of this version",
        "note-definition",
    ),
    ("OpenHEXA refuses the token", "upstream-token-refused"),
    ("OpenHEXA denied access", "note-access-denied"),
    (
        "the token has no access to the workspace, or the workspace does not exist",
        "upstream-no-workspace",
    ),
    ("OpenHEXA returned an error (no code)", "upstream-failed"),
    ("reported progress", "note-reported-progress"),
    ("cancel asked", "event-cancel-asked"),
];

/// Beginnings, with the sentence that takes the rest. None: the rest is a text of its own.
const BEGINNINGS: [(&str, Option<&str>); 9] = [
    ("OpenHEXA refused the launch: ", None),
    ("OpenHEXA refused (", Some("note-refused-word")),
    (
        "the pipeline changed before the launch could be sent: see ",
        Some("note-changed"),
    ),
    (
        "OpenHEXA returned HTTP status ",
        Some("note-answered-status"),
    ),
    (
        "OpenHEXA returned a response that is not JSON (HTTP status ",
        Some("note-not-json"),
    ),
    ("OpenHEXA returned an error (", Some("note-error-code")),
    (
        "OpenHEXA's TLS certificate is not trusted: ",
        Some("note-untrusted"),
    ),
    ("OpenHEXA cannot read the choices: ", Some("note-choices")),
    (
        "OpenHEXA accepts no more requests for now",
        Some("note-throttled"),
    ),
];

/// What only stands beside an event: too short to be told from a stranger's words elsewhere.
const BESIDE: [(&str, &str); 2] = [
    ("relaunch of task ", "note-relaunch"),
    ("reported ", "note-reported"),
];

/// Why something is as it is; none where it is not the bridge's.
fn note(shell: &Shell, text: &str) -> Option<String> {
    if let Some((_, key)) = TEXTS.iter().find(|(own, _)| *own == text) {
        return Some(shell.say(key));
    }
    let (rest, key) = BEGINNINGS
        .iter()
        .find_map(|(own, key)| Some((text.strip_prefix(own)?, key)))?;
    match key {
        Some(key) => Some(shell.with(key, "value", rest.strip_suffix(')').unwrap_or(rest))),
        None => note(shell, rest),
    }
}

/// What stands beside an event, in the reader's words; none where it is not the bridge's.
pub fn in_words(shell: &Shell, text: &str) -> Option<String> {
    if let Some(own) = note(shell, text) {
        return Some(own);
    }
    if let Some((own, count)) = more_refused(text) {
        let more = shell.with("note-more-refused", "count", count);
        let own = in_words(shell, own).unwrap_or_else(|| own.to_owned());
        return Some(format!("{own}, {more}"));
    }
    if let Some(name) = text.strip_prefix("by ") {
        return Some(shell.with("note-by", "name", known_as(shell, name)));
    }
    let beside = BESIDE
        .iter()
        .find_map(|(own, key)| Some((text.strip_prefix(own)?, key)));
    match beside {
        Some((rest, key)) => Some(shell.with(key, "value", within(&status_word(shell, rest)))),
        None => progress(shell, text),
    }
}

/// `reported progress, 18 more refused`.
fn more_refused(text: &str) -> Option<(&str, u32)> {
    let (own, more) = text.rsplit_once(", ")?;
    Some((own, more.strip_suffix(" more refused")?.parse().ok()?))
}

/// A reason in the reader's words, as it is where it is not the bridge's.
pub fn worded(shell: &Shell, text: &str) -> String {
    note(shell, text).unwrap_or_else(|| text.to_owned())
}

/// `progress_value 25, end_value 100, with a result`, each of them or not.
fn progress(shell: &Shell, text: &str) -> Option<String> {
    let (mut done, mut of, mut result, mut merged) = (None, None, None, None);
    for part in text.split(", ") {
        let number = |name: &str| part.strip_prefix(name)?.parse::<i32>().ok();
        if let Some(own) = number("progress_value ") {
            done = Some(own);
        } else if let Some(own) = number("end_value ") {
            of = Some(own);
        } else if part == "with a result" {
            result = Some(shell.say("note-with-result"));
        } else if let Some(count) = part.strip_suffix(" reports merged") {
            merged = Some(shell.with("note-merged", "count", count.parse::<u32>().ok()?));
        } else {
            return None;
        }
    }
    let counted = match (done, of) {
        (Some(done), Some(100)) => Some(format!("{done} %")),
        (Some(done), Some(of)) => {
            Some(shell.word(&say("note-progress").with("done", done).with("of", of)))
        }
        (Some(done), None) => Some(done.to_string()),
        (None, Some(of)) => Some(shell.with("note-progress-of", "of", of)),
        (None, None) => None,
    };
    let parts: Vec<String> = [counted, result, merged].into_iter().flatten().collect();
    Some(parts.join(", "))
}
