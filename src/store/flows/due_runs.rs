//! Runs of flows that are due, and their leases: while a replica has the lease of a run, no other one works on it.
//!
//! A lease only avoids double work. What must happen once is protected by locks and unique keys.

use chrono::{DateTime, Utc};
use diesel::dsl::case_when;
use diesel::prelude::*;

use crate::domain::ids::FlowRunId;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::flow_run;
use crate::store::types::DbTime;
use crate::store::{Error, LeaseRequest};

macro_rules! due {
    ($now:expr, $limit:expr) => {
        flow_run::table
            .filter(flow_run::next_at.le(DbTime($now)))
            .filter(
                flow_run::lease_until
                    .is_null()
                    .or(flow_run::lease_until.le(DbTime($now))),
            )
            .order((flow_run::next_at, flow_run::id))
            .limit($limit)
            .select(flow_run::id)
    };
}

/// Whether a run is due, without taking a lease.
pub fn has_due_flow_run(db: &mut Db<'_>, now: DateTime<Utc>) -> Result<bool, Error> {
    let found: Option<i64> = on!(db, |conn| due!(now, 1).first(conn).optional())?;
    Ok(found.is_some())
}

/// Takes the leases of due runs, the longest overdue first.
pub fn lease_due_flow_runs(db: &mut Db<'_>, lease: &LeaseRequest) -> Result<Vec<FlowRunId>, Error> {
    let limit = i64::try_from(lease.limit).unwrap_or(i64::MAX);
    let ids: Vec<i64> = match db {
        Db::Sqlite(conn, ..) => due!(lease.now, limit).load(&mut **conn)?,
        Db::Pg(conn, ..) => due!(lease.now, limit)
            .for_no_key_update()
            .skip_locked()
            .load(&mut **conn)?,
    };
    if !ids.is_empty() {
        on!(db, |conn| diesel::update(flow_run::table)
            .filter(flow_run::id.eq_any(&ids))
            .set((
                flow_run::lease_until.eq(DbTime(lease.until)),
                flow_run::lease_owner.eq(&lease.owner),
            ))
            .execute(conn))?;
    }
    Ok(ids.into_iter().map(FlowRunId).collect())
}

/// Ends a lease. A wake-up that came meanwhile is kept.
pub fn release_flow_run(db: &mut Db<'_>, id: FlowRunId, owner: &str) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow_run::table.find(id.0))
        .filter(flow_run::lease_owner.eq(owner))
        .set((
            flow_run::lease_until.eq(None::<DbTime>),
            flow_run::lease_owner.eq(None::<String>),
        ))
        .execute(conn))?;
    Ok(())
}

/// Makes a run due at this time, unless it is due earlier or has ended.
///
/// The row is written in any case. Without a write there would be no lock, and a transaction that is advancing the run could set a
/// later time afterwards, although it has not seen what wakes the run.
pub fn wake_flow_run(db: &mut Db<'_>, id: FlowRunId, at: DateTime<Utc>) -> Result<(), Error> {
    let earlier = flow_run::next_at
        .is_not_null()
        .and(flow_run::next_at.le(DbTime(at)));
    let next_at =
        case_when(earlier.assume_not_null(), flow_run::next_at).otherwise(Some(DbTime(at)));
    on!(db, |conn| diesel::update(flow_run::table.find(id.0))
        .filter(flow_run::ended_at.is_null())
        .set(flow_run::next_at.eq(next_at))
        .execute(conn))?;
    Ok(())
}

/// Makes a run due at this time, also if it was due earlier.
pub fn postpone_flow_run(db: &mut Db<'_>, id: FlowRunId, at: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow_run::table.find(id.0))
        .filter(flow_run::ended_at.is_null())
        .set(flow_run::next_at.eq(DbTime(at)))
        .execute(conn))?;
    Ok(())
}
