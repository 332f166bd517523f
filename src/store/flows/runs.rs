//! Runs of flows: inserted, read, locked and saved.

use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::run_rows::{RunRow, StartColumns, StateColumns, run_of};
use crate::domain::flow::run::{Cause, FlowRun};
use crate::domain::ids::{AccountId, BackfillId, FlowId, FlowRunId, ScheduleId};
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{flow, flow_run, schedule};
use crate::store::types::DbTime;

/// `next_at` is when its first step can start.
pub fn insert_flow_run(
    db: &mut Db<'_>,
    new: &FlowRun,
    next_at: DateTime<Utc>,
) -> Result<FlowRunId, Error> {
    let row = (
        StartColumns::from(new),
        StateColumns::from(new),
        flow_run::next_at.eq(DbTime(next_at)),
    );
    Ok(FlowRunId(on!(db, |conn| diesel::insert_into(
        flow_run::table
    )
    .values(row)
    .returning(flow_run::id)
    .get_result(conn))?))
}

/// Runs with their flows and schedules.
macro_rules! with_names {
    () => {
        flow_run::table
            .inner_join(flow::table)
            .left_join(schedule::table.on(schedule::id.nullable().eq(flow_run::schedule_id)))
    };
}
macro_rules! columns {
    () => {
        (
            flow_run::id,
            flow::slug,
            schedule::code.nullable(),
            StartColumns::as_select(),
            StateColumns::as_select(),
        )
    };
}
pub(super) use {columns, with_names};

/// A run of any account, for the bridge's own work.
pub fn flow_run(db: &mut Db<'_>, id: FlowRunId) -> Result<Option<FlowRun>, Error> {
    let row: Option<RunRow> = on!(db, |conn| with_names!()
        .filter(flow_run::id.eq(id.0))
        .select(columns!())
        .first(conn)
        .optional())?;
    row.map(run_of).transpose()
}

pub fn flow_run_of_account(
    db: &mut Db<'_>,
    account: AccountId,
    id: FlowRunId,
) -> Result<Option<FlowRun>, Error> {
    let found = flow_run(db, id)?;
    Ok(found.filter(|run| run.start.account == account))
}

/// Locks and reads a run: no other transaction advances it until this one ends.
pub fn lock_flow_run(db: &mut Db<'_>, id: FlowRunId) -> Result<Option<FlowRun>, Error> {
    if let Db::Pg(conn, ..) = db {
        flow_run::table
            .find(id.0)
            .select(flow_run::id)
            .for_no_key_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    flow_run(db, id)
}

/// Saves a run that this transaction has locked. `next_at` is when it is due again; None once it has ended.
pub fn save_flow_run(
    db: &mut Db<'_>,
    run: &FlowRun,
    next_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow_run::table.find(run.id.0))
        .set((
            StateColumns::from(run),
            flow_run::next_at.eq(next_at.map(DbTime)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Saves a run that this transaction has locked; it is due when it was due before.
pub fn save_flow_run_state(db: &mut Db<'_>, run: &FlowRun) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow_run::table.find(run.id.0))
        .set(StateColumns::from(run))
        .execute(conn))?;
    Ok(())
}

/// Counts a change of a step of a run that this transaction has locked.
pub fn add_revision(db: &mut Db<'_>, id: FlowRunId) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow_run::table.find(id.0))
        .set(flow_run::revision.eq(flow_run::revision + 1))
        .execute(conn))?;
    Ok(())
}

/// A run of a flow that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveRun {
    pub id: FlowRunId,
    pub cause: Cause,
    pub schedule: Option<ScheduleId>,
    pub backfill: Option<BackfillId>,
    pub waiting: bool,
}

pub fn count_active_runs(db: &mut Db<'_>, flow: FlowId) -> Result<usize, Error> {
    let count: i64 = on!(db, |conn| flow_run::table
        .filter(flow_run::flow_id.eq(flow.0))
        .filter(flow_run::ended_at.is_null())
        .count()
        .get_result(conn))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// The runs of a flow that have not ended, oldest first.
pub fn active_runs(db: &mut Db<'_>, flow: FlowId) -> Result<Vec<ActiveRun>, Error> {
    type Row = (i64, String, Option<i64>, Option<i64>, bool);
    let rows: Vec<Row> = on!(db, |conn| flow_run::table
        .filter(flow_run::flow_id.eq(flow.0))
        .filter(flow_run::ended_at.is_null())
        .order(flow_run::id)
        .select((
            flow_run::id,
            flow_run::cause,
            flow_run::schedule_id,
            flow_run::backfill_id,
            flow_run::waiting,
        ))
        .load(conn))?;
    let one = |(id, cause, schedule, backfill, waiting): Row| {
        Ok(ActiveRun {
            id: FlowRunId(id),
            cause: Cause::parse(&cause).ok_or(Error::Corrupt("cause of a flow run"))?,
            schedule: schedule.map(ScheduleId),
            backfill: backfill.map(BackfillId),
            waiting,
        })
    };
    rows.into_iter().map(one).collect()
}

/// How many scheduled runs of the flow have started after the newest run of a backfill; at most `limit` are counted.
pub fn live_runs_since_backfill(db: &mut Db<'_>, flow: FlowId, limit: i64) -> Result<usize, Error> {
    let causes: Vec<String> = on!(db, |conn| flow_run::table
        .filter(flow_run::flow_id.eq(flow.0))
        .filter(flow_run::waiting.eq(false))
        .order(sql::<Bool>(
            "coalesce(flow_run.started_at, flow_run.created_at) DESC, flow_run.id DESC"
        ))
        .limit(limit)
        .select(flow_run::cause)
        .load(conn))?;
    let live = causes.iter();
    Ok(live
        .take_while(|cause| *cause != Cause::Backfill.as_str())
        .filter(|cause| *cause == Cause::Schedule.as_str())
        .count())
}
