//! Users: the owner of the token, and what `me` returns.

use async_graphql::{Context, Object, Result, SimpleObject};
use uuid::Uuid;

use super::scalars::{Stamp, Uid};
use super::{caller, not_nullable};
use crate::faults::Fault;
use crate::state::Identity;

/// The creation date of everything without its own date.
pub const BEGINNING: i64 = 1_767_600_000_000;

/// The only user: the owner of the emulator's token.
pub const USER: Uuid = Uuid::from_u128(0x6d1f_0a52_93c4_4b7e_8a15_27c9_e0b4_d3f1);

#[derive(Clone)]
pub struct User {
    /// None for a run, which is authenticated but not a user.
    id: Option<Uuid>,
}

impl User {
    pub fn owner() -> Self {
        Self::of(USER)
    }

    /// Another user, for the fault `stranger`.
    fn stranger() -> Self {
        Self::of(Uuid::from_u128(77))
    }

    pub fn of(id: Uuid) -> Self {
        Self { id: Some(id) }
    }
}

#[Object]
impl User {
    async fn id(&self) -> Result<Uid> {
        self.id.map(Uid::Id).ok_or_else(|| not_nullable("User.id"))
    }

    async fn email(&self) -> Result<&str> {
        match self.id {
            Some(_) => Ok("bridge@openhexa.test"),
            None => Err(not_nullable("User.email")),
        }
    }

    async fn first_name(&self) -> Option<&str> {
        self.id.map(|_| "Iaso")
    }

    async fn last_name(&self) -> Option<&str> {
        self.id.map(|_| "Bridge")
    }

    async fn display_name(&self) -> Result<&str> {
        match self.id {
            Some(_) => Ok("Iaso Bridge"),
            None => Err(not_nullable("User.displayName")),
        }
    }

    async fn language(&self) -> &str {
        "en"
    }

    async fn date_joined(&self) -> Stamp {
        Stamp::at(BEGINNING)
    }

    async fn last_login(&self) -> Option<Stamp> {
        None
    }

    async fn analytics_enabled(&self) -> bool {
        false
    }
}

#[derive(SimpleObject)]
pub struct MePermissions {
    create_team: bool,
    admin_panel: bool,
    super_user: bool,
}

pub struct Me;

#[Object]
impl Me {
    async fn user(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        let caller = caller(ctx)?;
        Ok(match caller.identity {
            Identity::Anonymous => None,
            Identity::User if caller.has_fault(Fault::Stranger) => Some(User::stranger()),
            Identity::User => Some(User::owner()),
            Identity::Run(_) => Some(User { id: None }),
        })
    }

    async fn permissions(&self) -> MePermissions {
        MePermissions {
            create_team: false,
            admin_panel: false,
            super_user: false,
        }
    }

    async fn has_two_factor_enabled(&self) -> bool {
        false
    }
}
