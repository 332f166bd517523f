//! Health checks: whether the database can be written to, and how far behind polling is in all accounts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::{run, task};
use super::types::DbTime;

const PROBE: &str = "INSERT INTO probe (id, writes) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET writes = probe.writes + 1";

/// The state of polling in all accounts, for metrics.
#[derive(Clone, Debug)]
pub struct PollingState {
    /// Active tasks by state.
    pub live: Vec<(String, i64)>,
    /// When the oldest task without a known run was launched.
    pub oldest_unsent: Option<DateTime<Utc>>,
    /// The earliest poll that is due; in the past if polling is late.
    pub next_poll: Option<DateTime<Utc>>,
}

/// Writes one row, because a database that answers queries can still be read-only or have a full disk.
pub fn probe_write(db: &mut Db<'_>) -> Result<(), Error> {
    on!(db, |conn| diesel::sql_query(PROBE).execute(conn))?;
    Ok(())
}

pub fn polling_state(db: &mut Db<'_>) -> Result<PollingState, Error> {
    let live: Vec<(String, i64)> = on!(db, |conn| run::table
        .inner_join(task::table)
        .filter(run::next_poll_at.is_not_null())
        .group_by(task::state)
        .select((task::state, diesel::dsl::count_star()))
        .load(conn))?;
    let next: Option<Option<DbTime>> = on!(db, |conn| run::table
        .filter(run::next_poll_at.is_not_null())
        .order(run::next_poll_at)
        .select(run::next_poll_at)
        .first(conn)
        .optional())?;
    let oldest: Option<DbTime> = on!(db, |conn| run::table
        .inner_join(task::table)
        .filter(run::next_poll_at.is_not_null())
        .filter(run::run_id.is_null())
        .order(task::created_at)
        .select(task::created_at)
        .first(conn)
        .optional())?;
    Ok(PollingState {
        live,
        oldest_unsent: oldest.map(|at| at.0),
        next_poll: next.flatten().map(|at| at.0),
    })
}
