//! Alerts as sentences.

use chrono::TimeDelta;

use crate::domain::alert::{Alert, AlertCause, AlertSubject};
use crate::domain::flow::Problem;
use crate::domain::message::{Message, say};
use crate::domain::task::Task;
use crate::language::Language;

/// What is wrong, such as that a step has failed.
pub fn alert_title(alert: &Alert, language: Language) -> String {
    let part = alert.key.part.as_str();
    let sentence = match (alert.key.cause, part) {
        (AlertCause::Failed, "") => say("alert-failed"),
        (AlertCause::Failed, _) => say("alert-failed-step"),
        (AlertCause::Duration, _) => figures(say("alert-duration"), alert, duration),
        (AlertCause::Records | AlertCause::Errors, _) if alert.facts.figure.is_none() => {
            say("alert-no-figure")
        }
        (AlertCause::Records, _) => figures(say("alert-records"), alert, |number| {
            whole(number.floor(), language)
        }),
        (AlertCause::Errors, _) => figures(say("alert-errors"), alert, |share| {
            decimal(share * 100.0, language)
        }),
        (AlertCause::Late, _) => say("alert-late"),
        (AlertCause::Missed, _) => say("alert-missed"),
    };
    let sentence = sentence.with("name", &alert.name).with("part", part);
    language.translate(&sentence)
}

pub fn resolved_title(alert: &Alert, language: Language) -> String {
    let key = match alert.key.cause {
        AlertCause::Failed => "alert-resolved-failed",
        AlertCause::Duration => "alert-resolved-duration",
        AlertCause::Records | AlertCause::Errors => "alert-resolved-figures",
        AlertCause::Late => "alert-resolved-late",
        AlertCause::Missed => "alert-resolved-missed",
    };
    let sentence = say(key).with("name", &alert.name);
    language.translate(&sentence.with("part", &alert.key.part))
}

fn figures(sentence: Message, alert: &Alert, write: impl Fn(f64) -> String) -> Message {
    let text = |number: Option<f64>| number.map(&write).unwrap_or_default();
    sentence
        .with("figure", text(alert.facts.figure))
        .with("limit", text(alert.facts.limit))
}

/// Whole seconds, such as `2m 5s`.
fn duration(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "a century at most")]
    let whole = TimeDelta::try_seconds(seconds as i64).unwrap_or_default();
    humantime::format_duration(whole.to_std().unwrap_or_default()).to_string()
}

fn whole(number: f64, language: Language) -> String {
    let digits = format!("{number:.0}");
    let separator = match language {
        Language::English => ",",
        Language::French => "\u{202f}",
    };
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) && !text.ends_with('-') {
            text.push_str(separator);
        }
        text.push(digit);
    }
    text
}

/// With up to two decimals.
fn decimal(number: f64, language: Language) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    match language {
        Language::English => text.to_owned(),
        Language::French => text.replace('.', ","),
    }
}

/// The line of a task's message that says why it failed.
pub fn error_of(task: &Task, language: Language) -> Option<String> {
    let message = task.shown_message()?;
    let line = message.error_line();
    Some(line.unwrap_or_else(|| message.text(|note| language.note(note))))
}

/// The same in both languages, as it is stored.
pub fn why_of(task: &Task) -> Option<Problem> {
    Some(Problem {
        field: None,
        en: error_of(task, Language::English)?,
        fr: error_of(task, Language::French)?,
    })
}

/// The page that shows the cause, below the dashboard.
pub fn cause_path(alert: &Alert) -> String {
    let facts = &alert.facts;
    match (alert.key.subject, facts.flow_run, facts.task) {
        (AlertSubject::Flow(_), Some(run), _) => format!("/flow-runs/{run}/"),
        (AlertSubject::Flow(_), None, _) => format!("/flows/{}/", alert.name),
        (AlertSubject::Pipeline(_), _, Some(task)) => format!("/tasks/{task}/"),
        (AlertSubject::Pipeline(id), _, None) => format!("/pipelines/{id}/"),
    }
}
