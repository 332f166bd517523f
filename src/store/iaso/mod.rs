//! Beside a running Iaso, in Iaso's own PostgreSQL: the only place that knows Iaso's tables.
//!
//! Our own rows stay the truth. `mirror.rs` keeps a copy of each task where Iaso's pages look for it, in the transaction
//! of ours; `strayed.rs` finds the copies that Iaso has written over; `configuration.rs` reads which OpenHEXA an account
//! has, `users.rs` who asks; `check.rs` says at the start what is missing for all that. No foreign key of ours points at Iaso's tables, and
//! none of them is altered. They are named with their schema: the connection's own search path knows only ours.

mod check;
mod configuration;
mod mirror;
mod need;
mod prepared;
mod strayed;
mod task_ids;
mod users;

use chrono::TimeDelta;
use fernet::Fernet;
use secrecy::{ExposeSecret, SecretString};

use super::error::OpenError;
use crate::domain::ids::AccountId;

pub(super) use check::check;
pub use check::knows_account;
pub(super) use configuration::configuration;
pub use configuration::refresh_connections;
pub(super) use mirror::{LogsToo, insert, mirror, mirror_moved};
pub use strayed::{disown, has_strayed, killed, moved, strayed};
pub(super) use task_ids::leave_out;
pub use users::{Found, user};

/// What Iaso's own launches are named, and its pages filter by.
const NAME: &str = "launch_openhexa_pipeline";
/// Whether a row with the id of a task is the one that was made with it, whatever it is called by now: after a restored
/// backup an id may be given again.
const IS_OURS: &str = "copy.created_at = task.created_at";

/// How to stand beside an Iaso.
pub struct Options {
    /// Iaso's `ENCRYPTED_TEXT_FIELD_KEY`: what the tokens of its OpenHEXA instances are encrypted with.
    pub encrypted_text_field_key: SecretString,
    /// The account that Iaso's record `openhexa-config` serves.
    pub config_account: Option<AccountId>,
    /// How long after a task's beginning its copy is watched, should the task have ended.
    pub watched_for: TimeDelta,
    /// Whether users' tokens are verified here, and so their rights read.
    pub reads_users: bool,
}

/// How the bridge stands beside an Iaso; carried by each connection to its database.
pub struct Beside {
    key: Fernet,
    config_account: Option<AccountId>,
    watched_for: TimeDelta,
    reads_users: bool,
}

impl Beside {
    pub(super) fn new(options: &Options) -> Result<Self, OpenError> {
        let key = Fernet::new(options.encrypted_text_field_key.expose_secret());
        Ok(Self {
            key: key.ok_or(OpenError::IasoKey)?,
            config_account: options.config_account,
            watched_for: options.watched_for,
            reads_users: options.reads_users,
        })
    }
}
