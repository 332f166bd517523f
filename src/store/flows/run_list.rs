//! Lists of runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::run_rows::{RunRow, StartColumns, StateColumns, run_of};
use super::runs::{columns, with_names};
use crate::domain::flow::run::{Cause, FlowRun};
use crate::domain::ids::{AccountId, FlowId, FlowRunId, ScheduleId};
use crate::domain::status::Status;
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{flow, flow_run, schedule};
use crate::store::types::DbTime;

/// The position of a run in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowRunPosition {
    pub created_at: DateTime<Utc>,
    pub run: FlowRunId,
}

/// Which runs of an account to list, newest first.
#[derive(Clone, Debug)]
pub struct FlowRunFilter {
    pub account: AccountId,
    /// The slug of the flow, also of deleted flows.
    pub flow: Option<String>,
    pub statuses: Vec<Status>,
    pub causes: Vec<Cause>,
    /// Created at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Created before this time.
    pub to: Option<DateTime<Utc>>,
    pub after: Option<FlowRunPosition>,
    pub limit: i64,
}

pub fn flow_runs(db: &mut Db<'_>, filter: &FlowRunFilter) -> Result<Vec<FlowRun>, Error> {
    let rows: Vec<RunRow> = on!(db, |conn| {
        let mut query = with_names!()
            .filter(flow_run::account_id.eq(filter.account.0))
            .into_boxed();
        if let Some(slug) = &filter.flow {
            query = query.filter(flow::slug.eq(slug));
        }
        if !filter.statuses.is_empty() {
            let words: Vec<&str> = filter.statuses.iter().map(|one| one.as_str()).collect();
            query = query.filter(flow_run::status.eq_any(words));
        }
        if !filter.causes.is_empty() {
            let words: Vec<&str> = filter.causes.iter().map(|one| one.as_str()).collect();
            query = query.filter(flow_run::cause.eq_any(words));
        }
        if let Some(from) = filter.from {
            query = query.filter(flow_run::created_at.ge(DbTime(from)));
        }
        if let Some(to) = filter.to {
            query = query.filter(flow_run::created_at.lt(DbTime(to)));
        }
        if let Some(after) = filter.after {
            let at = DbTime(after.created_at);
            query = query.filter(
                flow_run::created_at.lt(at).or(flow_run::created_at
                    .eq(at)
                    .and(flow_run::id.lt(after.run.0))),
            );
        }
        query
            .order((flow_run::created_at.desc(), flow_run::id.desc()))
            .limit(filter.limit)
            .select(columns!())
            .load(conn)
    })?;
    rows.into_iter().map(run_of).collect()
}

/// A run, its status, and the time for which it was scheduled.
pub type LastRun = (FlowRunId, Status, Option<DateTime<Utc>>);

/// The newest runs of a flow, newest first.
pub fn last_runs_of_flow(db: &mut Db<'_>, flow: FlowId, limit: i64) -> Result<Vec<LastRun>, Error> {
    type Row = (i64, String, Option<DbTime>);
    let rows: Vec<Row> = on!(db, |conn| flow_run::table
        .filter(flow_run::flow_id.eq(flow.0))
        .order((flow_run::created_at.desc(), flow_run::id.desc()))
        .limit(limit)
        .select((flow_run::id, flow_run::status, flow_run::scheduled_for))
        .load(conn))?;
    let one = |(id, status, at): Row| {
        let status = Status::parse(&status).ok_or(Error::Corrupt("status of a flow run"))?;
        Ok((FlowRunId(id), status, at.map(|at| at.0)))
    };
    rows.into_iter().map(one).collect()
}

/// A run of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunOfTick {
    pub scheduled_for: DateTime<Utc>,
    pub run: FlowRunId,
    pub status: Status,
}

/// The runs of the ticks of a schedule, for ticks from a time on and before another one. Of the runs of one tick, the newest comes last.
pub fn runs_of_ticks(
    db: &mut Db<'_>,
    schedule: ScheduleId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<RunOfTick>, Error> {
    type Row = (Option<DbTime>, i64, String);
    let rows: Vec<Row> = on!(db, |conn| flow_run::table
        .filter(flow_run::schedule_id.eq(schedule.0))
        .filter(flow_run::scheduled_for.ge(DbTime(from)))
        .filter(flow_run::scheduled_for.lt(DbTime(to)))
        .order((flow_run::scheduled_for, flow_run::id))
        .select((flow_run::scheduled_for, flow_run::id, flow_run::status))
        .load(conn))?;
    let one = |(at, run, status): Row| {
        let at = at.ok_or(Error::Corrupt("time of a flow run"))?;
        Ok(RunOfTick {
            scheduled_for: at.0,
            run: FlowRunId(run),
            status: Status::parse(&status).ok_or(Error::Corrupt("status of a flow run"))?,
        })
    };
    rows.into_iter().map(one).collect()
}

/// The newest run of a tick, also of a backfill or replay.
pub fn newest_run_of_tick(
    db: &mut Db<'_>,
    schedule: ScheduleId,
    tick: DateTime<Utc>,
) -> Result<Option<FlowRunId>, Error> {
    let id: Option<i64> = on!(db, |conn| flow_run::table
        .filter(flow_run::schedule_id.eq(schedule.0))
        .filter(flow_run::scheduled_for.eq(DbTime(tick)))
        .order(flow_run::id.desc())
        .select(flow_run::id)
        .first(conn)
        .optional())?;
    Ok(id.map(FlowRunId))
}
