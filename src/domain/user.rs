//! A user of Iaso, and what that makes of them here.

use super::ids::AccountId;
use super::principal::{Actor, Person, Principal, Role};

/// Iaso's permission to use pipelines, without its application's name.
pub const PERMISSION: &str = "iaso_pipeline_management";

/// As Iaso knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub person: Person,
    /// None: the user has no profile, so belongs to no account.
    pub account: Option<AccountId>,
    /// Whether they have [`PERMISSION`]; not known of a user without a profile, when Iaso is asked.
    pub permitted: bool,
    pub is_superuser: bool,
    /// Whether Iaso's admin lets them change its OpenHEXA configuration. A profile tells this of superusers only.
    pub configures: bool,
}

/// What they showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// The cookie of somebody who sits at a browser.
    Session,
    /// A token that Iaso issued. Such tokens last ten years and lie in old runs' configs.
    Token,
}

impl User {
    /// None: nothing here is theirs to see.
    pub fn role(&self, door: Door) -> Option<Role> {
        match door {
            Door::Session if self.configures => Some(Role::Administrator),
            Door::Session | Door::Token => {
                (self.permitted || self.is_superuser).then_some(Role::Operator)
            }
        }
    }

    pub fn principal(self, account: AccountId, role: Role) -> Principal {
        Principal {
            account,
            role,
            actor: Actor::User(self.person.username.clone()),
            person: Some(self.person),
            key: None,
        }
    }
}
