//! A user of Iaso, and their role in the bridge.

use super::ids::AccountId;
use super::principal::{Actor, Person, Principal, Role};

/// Iaso's permission to use pipelines, without its application's name.
pub const PERMISSION: &str = "iaso_pipeline_management";

/// A user as Iaso describes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub person: Person,
    /// None: the user has no profile, so belongs to no account.
    pub account: Option<AccountId>,
    /// Whether they have [`PERMISSION`]. Iaso's response does not say this of a user without a profile.
    pub permitted: bool,
    pub is_superuser: bool,
    /// Whether the user may change the OpenHEXA configuration in Iaso's admin. A profile says this of superusers only.
    pub configures: bool,
}

/// The kind of a credential of Iaso.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CredentialKind {
    /// The cookie of a browser.
    Session,
    /// A token that Iaso issued. It is valid for ten years, and configs of old runs contain some.
    Token,
}

impl User {
    /// None: the user may not use the bridge.
    pub fn role(&self, kind: CredentialKind) -> Option<Role> {
        match kind {
            CredentialKind::Session if self.configures => Some(Role::Administrator),
            CredentialKind::Session | CredentialKind::Token => {
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
