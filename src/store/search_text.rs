//! The column `search` of a task: the text that a search in the task list reads.
//!
//! It is in lower case, because SQLite ignores the case of ASCII letters only. The bridge's own notes are in it in all
//! languages, so that users find a task by the message that they see.

use crate::domain::note::Note;
use crate::domain::principal::Actor;
use crate::domain::task::{Task, TaskMessage};
use crate::language::Language;

/// Characters of a message that can be found.
const MESSAGE: usize = 1000;

pub fn search_text(task: &Task) -> String {
    let launcher = task.launcher.as_ref();
    let actor = task.launched_with.as_ref();
    [
        task.name.clone(),
        task.pipeline.code.clone(),
        launcher.map_or_else(String::new, |person| person.username.clone()),
        launcher.map_or_else(String::new, |person| person.full_name.clone()),
        actor.map_or_else(String::new, actor_name),
        message(task),
    ]
    .join("\n")
    .to_lowercase()
}

fn actor_name(actor: &Actor) -> String {
    match actor {
        Actor::User(name) | Actor::Key { name, .. } => name.clone(),
        Actor::SettingsKey(_)
        | Actor::LocalUser
        | Actor::CommandLine
        | Actor::Iaso
        | Actor::Flow(_) => String::new(),
    }
}

/// The start of the message that is shown.
fn message(task: &Task) -> String {
    let text = match task.shown_message() {
        Some(TaskMessage::Reported(text)) => text,
        Some(TaskMessage::Note(note)) => in_all_languages(&note),
        None => return String::new(),
    };
    text.chars().take(MESSAGE).collect()
}

fn in_all_languages(note: &Note) -> String {
    let texts = [Language::English, Language::French].map(|language| language.note(note));
    texts.join("\n")
}
