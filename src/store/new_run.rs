//! Inserts the run of a new task.

use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::rows::RunColumns;
use super::runs::LeaseRequest;
use super::schema::run;
use super::types::DbTime;
use crate::domain::task::Task;

/// The run of a new task, before OpenHEXA has created it.
pub struct NewRun<'a> {
    pub task: &'a Task,
    /// The OpenHEXA instance, see `Connection::instance`.
    pub instance: &'a str,
    /// Encrypted.
    pub secrets: String,
    /// Of the config, if it does not contain the id of the task.
    pub fingerprint: Option<String>,
    /// The lease of the process that sends the launch.
    pub lease: LeaseRequest,
}

pub fn insert_run(db: &mut Db<'_>, new: &NewRun<'_>) -> Result<(), Error> {
    let row = RunColumns::from(&new.task.run);
    let own = (
        run::task_id.eq(new.task.id.0),
        run::account_id.eq(new.task.account.0),
        run::connection_id.eq(new.task.connection.0),
        run::instance.eq(new.instance),
        run::secrets.eq(&new.secrets),
        run::fingerprint.eq(&new.fingerprint),
        run::next_poll_at.eq(DbTime(new.lease.now)),
        run::lease_until.eq(DbTime(new.lease.until)),
        run::lease_owner.eq(&new.lease.owner),
    );
    on!(db, |conn| diesel::insert_into(run::table)
        .values((&row, own))
        .execute(conn))?;
    Ok(())
}
