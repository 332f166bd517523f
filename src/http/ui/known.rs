//! Who it was, in the reader's words, where no person is known: a key, or whoever sits at this machine.

use super::shell::Shell;
use crate::domain::sentence::say;

/// Of a name as the history keeps it.
pub fn known_as(shell: &Shell, name: &str) -> String {
    let sentence = match name {
        "local user" => say("known-here"),
        "command line" => say("known-command-line"),
        "the viewer key of the settings" => say("known-viewer"),
        "the operator key of the settings" => say("known-operator"),
        "the admin key of the settings" => say("known-administrator"),
        _ => match key(name) {
            Some((number, own)) => say("known-key").with("number", number).with("name", own),
            None => return name.to_owned(),
        },
    };
    shell.word(&sentence)
}

/// `key 3 (op)`
fn key(name: &str) -> Option<(&str, &str)> {
    let (number, own) = name.strip_prefix("key ")?.split_once(" (")?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((number, own.strip_suffix(')')?))
}
