//! What the people on call want to know of the database at a glance.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::{run, task};
use super::types::At;

const PROBE: &str = "INSERT INTO probe (id, writes) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET writes = probe.writes + 1";

#[derive(Clone, Debug)]
pub struct Vitals {
    /// State → how many live tasks are in it.
    pub live: Vec<(String, i64)>,
    /// When the oldest task was accepted of which OpenHEXA has not made a run that we know.
    pub oldest_unsent: Option<DateTime<Utc>>,
    /// The look that is due the soonest, or overdue the longest.
    pub next_poll: Option<DateTime<Utc>>,
}

/// Writes one row: a database that answers may be read-only, or its disk full.
pub fn probe(db: &mut Db<'_>) -> Result<(), Error> {
    on!(db, |conn| diesel::sql_query(PROBE).execute(conn))?;
    Ok(())
}

pub fn vitals(db: &mut Db<'_>) -> Result<Vitals, Error> {
    let live: Vec<(String, i64)> = on!(db, |conn| run::table
        .inner_join(task::table)
        .filter(run::next_poll_at.is_not_null())
        .group_by(task::state)
        .select((task::state, diesel::dsl::count_star()))
        .load(conn))?;
    let next: Option<Option<At>> = on!(db, |conn| run::table
        .filter(run::next_poll_at.is_not_null())
        .order(run::next_poll_at)
        .select(run::next_poll_at)
        .first(conn)
        .optional())?;
    let oldest: Option<At> = on!(db, |conn| run::table
        .inner_join(task::table)
        .filter(run::next_poll_at.is_not_null())
        .filter(run::run_id.is_null())
        .order(task::created_at)
        .select(task::created_at)
        .first(conn)
        .optional())?;
    Ok(Vitals {
        live,
        oldest_unsent: oldest.map(|at| at.0),
        next_poll: next.flatten().map(|at| at.0),
    })
}
