//! Who is asking, and what they may.

use super::ids::{AccountId, KeyId, LaunchId, PipelineId, TaskId};

/// A role includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Viewer,
    Operator,
    Administrator,
}

impl Role {
    pub fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Administrator => "admin",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        let all = [Self::Viewer, Self::Operator, Self::Administrator];
        all.into_iter().find(|role| role.word() == word)
    }
}

/// A person with a name that Iaso knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    pub username: String,
    pub full_name: String,
}

/// Somebody signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    pub account: AccountId,
    pub role: Role,
    /// As the history tells it: a user's name, or which key it was.
    pub name: String,
    pub person: Option<Person>,
    /// The key of the account's that was shown, if it was one.
    pub key: Option<KeyId>,
}

/// Who asks, as limits tell callers apart: a user by their id, a key by its name.
pub type CallerId = (i64, Option<i64>, String);

impl Principal {
    pub fn caller(&self) -> CallerId {
        let person = self.person.as_ref().map(|person| person.id);
        (self.account.0, person, self.name.clone())
    }
}

/// Somebody who reports on tasks: a person or key of the account, or the running pipeline itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reporter {
    Account(AccountId),
    Pipeline(CallbackClaim),
}

/// What a callback token names: this launch of this task of this pipeline, nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallbackClaim {
    pub account: AccountId,
    pub task: TaskId,
    pub pipeline: PipelineId,
    /// A task's number may be assigned again after a restore; the token of the old launch is then refused.
    pub launch: LaunchId,
}

impl Reporter {
    pub fn account(&self) -> AccountId {
        match self {
            Self::Account(account) => *account,
            Self::Pipeline(claim) => claim.account,
        }
    }

    /// The task that the reporter is the pipeline of.
    pub fn own_task(&self) -> Option<TaskId> {
        match self {
            Self::Account(_) => None,
            Self::Pipeline(claim) => Some(claim.task),
        }
    }
}
