//! Events of a task as text in the user's language, for the API and the pages.

use crate::domain::event::{Event, EventData, EventKind};
use crate::domain::message::say;
use crate::domain::note::{Note, NoteCode};
use crate::domain::principal::{Actor, Role};
use crate::language::Language;

/// What happened, for example "Launch refused: …".
pub fn what(language: Language, event: &Event) -> String {
    match event.data.note() {
        Some(note) if note.code.is_refusal() => language.note(&note),
        Some(_) | None => language.translate(&say(event.kind.key())),
    }
}

/// The details of the event in reading order, joined by commas.
pub fn details(language: Language, event: &Event) -> Option<String> {
    let data = &event.data;
    let own = |name| data.text(name).map(str::to_owned);
    let parts = [
        own("run"),
        own("status"),
        relaunch_of(language, data),
        webhook(language, data),
        ignored(language, data),
        outside_flow(language, data),
        left_out(language, data),
        reason(event).map(|note| language.note(&note)),
        by(language, data),
        // The progress at the time of an error says nothing about it.
        progress(language, data).filter(|_| event.kind != EventKind::ReportedError),
        result(language, data),
        count(language, data, "merged", "detail-merged"),
        report(language, data),
        count(language, data, "more_refused", "detail-more-refused"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub fn actor(language: Language, actor: &Actor) -> String {
    let sentence = match actor {
        Actor::User(name) => return name.clone(),
        Actor::Key { id, name } => say("actor-key").with("number", id.0).with("name", name),
        Actor::SettingsKey(Role::Viewer) => say("actor-settings-viewer"),
        Actor::SettingsKey(Role::Operator) => say("actor-settings-operator"),
        Actor::SettingsKey(Role::Administrator) => say("actor-settings-admin"),
        Actor::LocalUser => say("actor-local-user"),
        Actor::CommandLine => say("actor-command-line"),
        Actor::Iaso => say("actor-iaso"),
        Actor::Flow(slug) => say("actor-flow").with("flow", slug),
    };
    language.translate(&sentence)
}

/// The text for an actor as it is stored.
pub fn stored_actor(language: Language, stored: &str) -> String {
    actor(language, &Actor::read(stored))
}

fn value(language: Language, key: &'static str, value: impl ToString) -> String {
    language.translate(&say(key).with("value", value))
}

/// The reason of an event, unless the event's text or the run's log already contains it.
pub fn reason(event: &Event) -> Option<Note> {
    let note = event.data.note()?;
    let is_repeated = note.code.is_refusal()
        || matches!(
            (event.kind, note.code),
            (_, NoteCode::Text)
                | (EventKind::LaunchNeverConfirmed, NoteCode::NeverConfirmed)
                | (EventKind::LogFull, NoteCode::LogFull)
                | (EventKind::StopDenied, NoteCode::StopDenied)
                | (EventKind::RunGone, NoteCode::RunGone)
        );
    (!is_repeated).then_some(note)
}

fn relaunch_of(language: Language, data: &EventData) -> Option<String> {
    let task = data.number("relaunch_of")?;
    Some(value(language, "detail-relaunch-of", task))
}

fn webhook(language: Language, data: &EventData) -> Option<String> {
    Some(value(language, "detail-webhook", data.text("webhook")?))
}

fn ignored(language: Language, data: &EventData) -> Option<String> {
    let keys = data.texts("ignored").join(", ");
    (!keys.is_empty()).then(|| value(language, "detail-ignored", keys))
}

fn outside_flow(language: Language, data: &EventData) -> Option<String> {
    let (flow, run) = (data.text("flow")?, data.number("flow_run")?);
    let sentence = say("detail-outside-flow").with("flow", flow);
    Some(language.translate(&sentence.with("run", run)))
}

fn left_out(language: Language, data: &EventData) -> Option<String> {
    let codes = data.0.get("left_out")?.as_array()?;
    let codes: Vec<&str> = codes.iter().filter_map(|code| code.as_str()).collect();
    Some(value(language, "detail-left-out", codes.join(", ")))
}

fn by(language: Language, data: &EventData) -> Option<String> {
    let name = actor(language, &data.actor()?);
    Some(value(language, "detail-by", name))
}

fn progress(language: Language, data: &EventData) -> Option<String> {
    match (data.number("progress_value"), data.number("end_value")) {
        (Some(done), Some(100)) => Some(format!("{done}\u{202f}%")),
        (Some(done), Some(of)) => {
            Some(language.translate(&say("detail-progress").with("done", done).with("of", of)))
        }
        (Some(done), None) => Some(done.to_string()),
        (None, Some(of)) => Some(language.translate(&say("detail-progress-of").with("of", of))),
        (None, None) => None,
    }
}

fn result(language: Language, data: &EventData) -> Option<String> {
    data.0
        .contains_key("with_result")
        .then(|| language.translate(&say("detail-with-result")))
}

fn report(language: Language, data: &EventData) -> Option<String> {
    let kind = EventKind::parse(data.text("report")?)?;
    Some(language.translate(&say(kind.key())))
}

fn count(language: Language, data: &EventData, name: &str, key: &'static str) -> Option<String> {
    Some(language.translate(&say(key).with("count", data.number(name)?)))
}
