//! The authenticated caller, and what they may do.

use serde_json::{Value, json};

use super::ids::{AccountId, KeyId, LaunchId, PipelineId, TaskId};

/// A role includes the previous ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Viewer,
    Operator,
    Administrator,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Administrator => "admin",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let all = [Self::Viewer, Self::Operator, Self::Administrator];
        all.into_iter().find(|role| role.as_str() == text)
    }
}

/// A user of Iaso, with their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    pub username: String,
    pub full_name: String,
}

/// The author of a change, as the history shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A user of Iaso, by name.
    User(String),
    /// An API key in the database.
    Key { id: KeyId, name: String },
    /// An API key of the settings.
    SettingsKey(Role),
    /// A user without sign-in, on this machine.
    LocalUser,
    /// A command of `openhexa-bridge`.
    CommandLine,
    /// A change in Iaso, which does not record its author.
    Iaso,
    /// A flow, which cancels a step that takes too long.
    Flow(String),
}

impl Actor {
    pub fn json(&self) -> Value {
        match self {
            Self::User(name) => json!({"kind": "user", "name": name}),
            Self::Key { id, name } => json!({"kind": "key", "id": id.0, "name": name}),
            Self::SettingsKey(role) => json!({"kind": "settings_key", "role": role.as_str()}),
            Self::LocalUser => json!({"kind": "local_user"}),
            Self::CommandLine => json!({"kind": "command_line"}),
            Self::Iaso => json!({"kind": "iaso"}),
            Self::Flow(slug) => json!({"kind": "flow", "name": slug}),
        }
    }

    pub fn of(value: &Value) -> Option<Self> {
        let text = |name: &str| value[name].as_str();
        Some(match text("kind")? {
            "user" => Self::User(text("name")?.to_owned()),
            "key" => Self::Key {
                id: KeyId(value["id"].as_i64()?),
                name: text("name")?.to_owned(),
            },
            "settings_key" => Self::SettingsKey(Role::parse(text("role")?)?),
            "local_user" => Self::LocalUser,
            "command_line" => Self::CommandLine,
            "iaso" => Self::Iaso,
            "flow" => Self::Flow(text("name")?.to_owned()),
            _ => return None,
        })
    }

    /// The stored form.
    pub fn stored(&self) -> String {
        self.json().to_string()
    }

    /// From the stored form. Text that is not JSON of an actor is a user's name.
    pub fn read(stored: &str) -> Self {
        let actor = serde_json::from_str(stored).ok();
        let actor = actor.and_then(|value| Self::of(&value));
        actor.unwrap_or_else(|| Self::User(stored.to_owned()))
    }

    /// For logs, in English.
    pub fn name(&self) -> String {
        match self {
            Self::User(name) => name.clone(),
            Self::Key { id, name } => format!("key {} ({name})", id.0),
            Self::SettingsKey(role) => format!("the {} key of the settings", role.as_str()),
            Self::LocalUser => "local user".to_owned(),
            Self::CommandLine => "command line".to_owned(),
            Self::Iaso => "Iaso".to_owned(),
            Self::Flow(slug) => format!("the flow {slug}"),
        }
    }
}

/// The authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub account: AccountId,
    pub role: Role,
    pub actor: Actor,
    pub person: Option<Person>,
    /// The API key of the account with which the caller authenticated, if it was one.
    pub key: Option<KeyId>,
}

/// How limits distinguish callers: a user by their id, a key by its name.
pub type CallerId = (i64, Option<i64>, String);

impl Principal {
    /// The stored form of a caller for whom the bridge starts runs later, without the account.
    pub fn stored(&self) -> String {
        let person = self.person.as_ref().map(|person| {
            json!({"id": person.id, "username": person.username, "full_name": person.full_name})
        });
        json!({
            "role": self.role.as_str(),
            "actor": self.actor.json(),
            "person": person,
            "key": self.key.map(|key| key.0),
        })
        .to_string()
    }

    pub fn read(account: AccountId, stored: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(stored).ok()?;
        let person = &value["person"];
        Some(Self {
            account,
            role: Role::parse(value["role"].as_str()?)?,
            actor: Actor::of(&value["actor"])?,
            person: person.as_object().and_then(|_| person_of(person)),
            key: value["key"].as_i64().map(KeyId),
        })
    }

    pub fn caller(&self) -> CallerId {
        let person = self.person.as_ref().map(|person| person.id);
        (self.account.0, person, self.actor.name())
    }
}

fn person_of(value: &Value) -> Option<Person> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    Some(Person {
        id: value["id"].as_i64()?,
        username: text("username")?,
        full_name: text("full_name")?,
    })
}

/// The sender of a report: a user or key of the account, or the running pipeline itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reporter {
    Account(AccountId),
    Pipeline(CallbackClaim),
}

/// The claim in a callback token: one launch of one task of one pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackClaim {
    pub account: AccountId,
    pub task: TaskId,
    pub pipeline: PipelineId,
    /// A task's id can be assigned again after a restore of the database; the token of the old launch is then refused.
    pub launch: LaunchId,
}

impl Reporter {
    pub fn account(&self) -> AccountId {
        match self {
            Self::Account(account) => *account,
            Self::Pipeline(claim) => claim.account,
        }
    }

    /// The reporter's own task, if it is a pipeline.
    pub fn own_task(&self) -> Option<TaskId> {
        match self {
            Self::Account(_) => None,
            Self::Pipeline(claim) => Some(claim.task),
        }
    }
}
