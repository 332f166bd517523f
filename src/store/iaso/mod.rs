//! Iaso's tables, if the bridge is attached to Iaso's database. Only this folder knows them.
//!
//! The bridge's own rows are authoritative. `mirror.rs` writes a mirror row in `iaso_task` for each task, in the same
//! transaction as the task; `mirror_drift.rs` finds mirror rows that Iaso has changed; `configuration.rs` reads which OpenHEXA
//! an account uses; `users.rs` reads users and their permissions; `check.rs` checks at the start that all required tables,
//! columns and rights exist. No foreign key of the bridge points to Iaso's tables, and none of them is altered. Queries name
//! them with their schema.

mod check;
mod configuration;
mod mirror;
mod mirror_drift;
mod prepared_statement;
mod required_columns;
mod task_ids;
mod users;

use chrono::TimeDelta;
use fernet::Fernet;
use secrecy::{ExposeSecret, SecretString};

use super::error::OpenError;
use crate::domain::ids::AccountId;

pub(super) use check::check;
pub use check::knows_account;
pub use configuration::refresh_connections;
pub(super) use configuration::{configuration, save_configuration};
pub(super) use mirror::{AddEventsAndLogLines, insert, mirror, update_mirrors};
pub use mirror_drift::{
    drifted_mirrors, end_mirror_in_other_account, has_drifted_mirror, kill_requested,
    mirrors_in_other_account,
};
pub(super) use task_ids::skip_task_ids;
pub use users::{UserLookup, iaso_user};

/// The name of pipeline launches in Iaso, by which its pages filter.
const NAME: &str = "launch_openhexa_pipeline";
/// Whether a row with a task's id is the mirror row of this task: after a restore, Iaso can have assigned the id to another
/// row. The name is not compared, because it can be changed.
const IS_MIRROR: &str = "mirror.created_at = task.created_at";

/// How to attach to Iaso's database.
pub struct AttachOptions {
    /// Iaso's `ENCRYPTED_TEXT_FIELD_KEY`: what the tokens of its OpenHEXA instances are encrypted with.
    pub encrypted_text_field_key: SecretString,
    /// The account that Iaso's record `openhexa-config` belongs to.
    pub config_account: Option<AccountId>,
    /// How long after the launch of a task its mirror row is checked, even if the task has ended.
    pub watched_for: TimeDelta,
    /// Whether the bridge verifies users' tokens itself, and so reads their permissions.
    pub reads_users: bool,
}

/// How the bridge is attached to Iaso's database. Each connection to that database has it.
pub struct Attachment {
    key: Fernet,
    config_account: Option<AccountId>,
    watched_for: TimeDelta,
    reads_users: bool,
}

impl Attachment {
    pub(super) fn new(options: &AttachOptions) -> Result<Self, OpenError> {
        let key = Fernet::new(options.encrypted_text_field_key.expose_secret());
        Ok(Self {
            key: key.ok_or(OpenError::InvalidIasoKey)?,
            config_account: options.config_account,
            watched_for: options.watched_for,
            reads_users: options.reads_users,
        })
    }
}
