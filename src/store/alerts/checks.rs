//! Checks that are due at a time: a run that may take longer than usual, or a tick that should have ended.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::ids::{FlowRunId, ScheduleId, TaskId};
use crate::store::Error;
use crate::store::alert_schema::alert_check;
use crate::store::connection::{Db, on};
use crate::store::types::DbTime;

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckKind {
    /// Whether the run of a flow is still active.
    FlowRun(FlowRunId),
    /// Whether the run of a task is still active.
    Task(TaskId),
    /// Whether the tick of a schedule has ended.
    Tick(ScheduleId, DateTime<Utc>),
}

#[derive(Clone, Copy, Debug)]
pub struct AlertCheck {
    pub id: i64,
    pub due_at: DateTime<Utc>,
    pub kind: CheckKind,
}

/// Does nothing if there is a check for it already.
pub fn add_check(db: &mut Db<'_>, kind: CheckKind, due_at: DateTime<Utc>) -> Result<(), Error> {
    let (run, task, tick) = match kind {
        CheckKind::FlowRun(id) => (Some(id.0), None, None),
        CheckKind::Task(id) => (None, Some(id.0), None),
        CheckKind::Tick(schedule, at) => (None, None, Some((schedule, at))),
    };
    let row = (
        alert_check::due_at.eq(DbTime(due_at)),
        alert_check::flow_run_id.eq(run),
        alert_check::task_id.eq(task),
        alert_check::schedule_id.eq(tick.map(|(schedule, _)| schedule.0)),
        alert_check::scheduled_for.eq(tick.map(|(_, at)| DbTime(at))),
    );
    on!(db, |conn| diesel::insert_into(alert_check::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(conn))?;
    Ok(())
}

/// The longest overdue first.
pub fn due_checks(
    db: &mut Db<'_>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<AlertCheck>, Error> {
    type Row = (
        i64,
        DbTime,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        Option<DbTime>,
    );
    let rows: Vec<Row> = on!(db, |conn| alert_check::table
        .filter(alert_check::due_at.le(DbTime(now)))
        .order((alert_check::due_at, alert_check::id))
        .limit(limit)
        .select(alert_check::all_columns)
        .load(conn))?;
    let one = |(id, due_at, run, task, schedule, at): Row| {
        let run = run.map(|id| CheckKind::FlowRun(FlowRunId(id)));
        let task = task.map(|id| CheckKind::Task(TaskId(id)));
        let tick = schedule.zip(at);
        let tick = tick.map(|(id, at)| CheckKind::Tick(ScheduleId(id), at.0));
        let kind = run.or(task).or(tick).ok_or(Error::Corrupt("alert check"))?;
        let due_at = due_at.0;
        Ok(AlertCheck { id, due_at, kind })
    };
    rows.into_iter().map(one).collect()
}

/// Deletes a check that is done in this transaction. False: another replica has done it.
pub fn take_check(db: &mut Db<'_>, id: i64) -> Result<bool, Error> {
    let deleted = on!(db, |conn| diesel::delete(alert_check::table.find(id))
        .execute(conn))?;
    Ok(deleted == 1)
}

/// Makes a check due later.
pub fn postpone_check(db: &mut Db<'_>, id: i64, at: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::update(alert_check::table.find(id))
        .set(alert_check::due_at.eq(DbTime(at)))
        .execute(conn))?;
    Ok(())
}
