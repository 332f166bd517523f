//! A filter for tasks by who launched them: a user of Iaso, an API key, or the local user.

use super::ids::KeyId;
use super::principal::{Actor, Role};

/// Who launched a task. As text, as in an address: `7` is a user, `key-3` an API key, `settings-key-operator` a key of the
/// settings, `local-user` the local user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaunchedBy {
    /// A user of Iaso, by id.
    Person(i64),
    Key(KeyId),
    SettingsKey(Role),
    LocalUser,
}

const KEY: &str = "key-";
const SETTINGS_KEY: &str = "settings-key-";
const LOCAL_USER: &str = "local-user";

impl LaunchedBy {
    pub fn parse(text: &str) -> Option<Self> {
        if text == LOCAL_USER {
            return Some(Self::LocalUser);
        }
        if let Some(id) = text.strip_prefix(KEY) {
            return Some(Self::Key(KeyId(id.parse().ok()?)));
        }
        match text.strip_prefix(SETTINGS_KEY) {
            Some(role) => Some(Self::SettingsKey(Role::parse(role)?)),
            None => Some(Self::Person(text.parse().ok()?)),
        }
    }

    pub fn text(self) -> String {
        match self {
            Self::Person(id) => id.to_string(),
            Self::Key(id) => format!("{KEY}{}", id.0),
            Self::SettingsKey(role) => format!("{SETTINGS_KEY}{}", role.as_str()),
            Self::LocalUser => LOCAL_USER.to_owned(),
        }
    }

    /// None for actors that do not launch tasks.
    pub fn of_actor(actor: &Actor) -> Option<Self> {
        match actor {
            Actor::Key { id, .. } => Some(Self::Key(*id)),
            Actor::SettingsKey(role) => Some(Self::SettingsKey(*role)),
            Actor::LocalUser => Some(Self::LocalUser),
            Actor::User(_) | Actor::CommandLine | Actor::Iaso | Actor::Flow(_) => None,
        }
    }
}
