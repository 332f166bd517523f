//! Schedules. `next_at` is the cursor: every tick before it has a row in `tick`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::versions::pipelines_of;
use crate::domain::ids::{AccountId, FlowId, PipelineId, ScheduleId};
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{flow, flow_version, schedule};
use crate::store::types::DbTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    pub id: ScheduleId,
    pub account: AccountId,
    pub flow: FlowId,
    /// The id in the document.
    pub code: String,
    pub paused: bool,
    /// Whether the current version of the flow has it.
    pub active: bool,
    /// None: it does not fire.
    pub next_at: Option<DateTime<Utc>>,
}

impl ScheduleRow {
    /// It starts nothing any more: the flow was deleted, or its current version does not have it.
    #[must_use]
    pub fn stopped(self) -> Self {
        Self {
            active: false,
            next_at: None,
            ..self
        }
    }
}

type Row = (i64, i64, i64, String, bool, bool, Option<DbTime>);

fn schedule_of(row: Row) -> ScheduleRow {
    let (id, account, flow, code, paused, active, next_at) = row;
    ScheduleRow {
        id: ScheduleId(id),
        account: AccountId(account),
        flow: FlowId(flow),
        code,
        paused,
        active,
        next_at: next_at.map(|at| at.0),
    }
}

pub fn insert_schedule(db: &mut Db<'_>, new: &ScheduleRow) -> Result<ScheduleId, Error> {
    let row = (
        schedule::account_id.eq(new.account.0),
        schedule::flow_id.eq(new.flow.0),
        schedule::code.eq(&new.code),
        schedule::paused.eq(new.paused),
        schedule::active.eq(new.active),
        schedule::next_at.eq(new.next_at.map(DbTime)),
    );
    Ok(ScheduleId(on!(db, |conn| diesel::insert_into(
        schedule::table
    )
    .values(row)
    .returning(schedule::id)
    .get_result(conn))?))
}

pub fn save_schedule(db: &mut Db<'_>, row: &ScheduleRow) -> Result<(), Error> {
    on!(db, |conn| diesel::update(schedule::table.find(row.id.0))
        .set((
            schedule::paused.eq(row.paused),
            schedule::active.eq(row.active),
            schedule::next_at.eq(row.next_at.map(DbTime)),
        ))
        .execute(conn))?;
    Ok(())
}

/// All schedules that a version of the flow ever had, in the order in which they were added.
pub fn schedules_of_flow(db: &mut Db<'_>, flow: FlowId) -> Result<Vec<ScheduleRow>, Error> {
    let rows: Vec<Row> = on!(db, |conn| schedule::table
        .filter(schedule::flow_id.eq(flow.0))
        .order(schedule::id)
        .load(conn))?;
    Ok(rows.into_iter().map(schedule_of).collect())
}

/// A planned run of a flow, and the pipelines that the flow runs.
#[derive(Clone, Debug)]
pub struct PlannedRun {
    pub slug: String,
    pub next_at: DateTime<Utc>,
    pub pipelines: Vec<PipelineId>,
}

/// The next firing times of the schedules of an account, the soonest first.
pub fn planned_runs(
    db: &mut Db<'_>,
    account: AccountId,
    limit: i64,
) -> Result<Vec<PlannedRun>, Error> {
    let rows: Vec<(String, Option<DbTime>, String)> = on!(db, |conn| schedule::table
        .inner_join(flow::table.on(flow::id.eq(schedule::flow_id)))
        .inner_join(
            flow_version::table.on(flow_version::flow_id
                .eq(flow::id)
                .and(flow_version::number.eq(flow::version)))
        )
        .filter(schedule::account_id.eq(account.0))
        .filter(schedule::next_at.is_not_null())
        .filter(flow::deleted_at.is_null())
        .order((schedule::next_at, schedule::id))
        .limit(limit)
        .select((flow::slug, schedule::next_at, flow_version::pipelines))
        .load(conn))?;
    let rows = rows.into_iter();
    rows.filter_map(|(slug, at, pipelines)| Some((slug, at?, pipelines)))
        .map(|(slug, at, pipelines)| {
            Ok(PlannedRun {
                slug,
                next_at: at.0,
                pipelines: pipelines_of(&pipelines)?.into_values().collect(),
            })
        })
        .collect()
}

/// Schedules that are due, the longest overdue first, without locking them. `after` is the last one of the page before.
pub fn due_schedules(
    db: &mut Db<'_>,
    now: DateTime<Utc>,
    after: Option<(DateTime<Utc>, ScheduleId)>,
    limit: i64,
) -> Result<Vec<ScheduleRow>, Error> {
    let (at, id) = after.unwrap_or((DateTime::UNIX_EPOCH, ScheduleId(0)));
    let at = DbTime(at);
    let rows: Vec<Row> = on!(db, |conn| schedule::table
        .filter(schedule::next_at.le(DbTime(now)))
        .filter(
            schedule::next_at
                .gt(at)
                .or(schedule::next_at.eq(at).and(schedule::id.gt(id.0)))
        )
        .order((schedule::next_at, schedule::id))
        .limit(limit)
        .load(conn))?;
    Ok(rows.into_iter().map(schedule_of).collect())
}

/// Locks a schedule, and reads it if it is still due. The caller has locked its flow.
pub fn lock_due_schedule(
    db: &mut Db<'_>,
    id: ScheduleId,
    now: DateTime<Utc>,
) -> Result<Option<ScheduleRow>, Error> {
    macro_rules! due {
        () => {
            schedule::table
                .find(id.0)
                .filter(schedule::next_at.le(DbTime(now)))
        };
    }
    let row: Option<Row> = match db {
        Db::Sqlite(conn, ..) => due!().first(&mut **conn).optional()?,
        Db::Pg(conn, ..) => due!().for_update().first(&mut **conn).optional()?,
    };
    Ok(row.map(schedule_of))
}

/// The flow of a schedule, and the id of the schedule in its documents.
pub fn flow_of_schedule(
    db: &mut Db<'_>,
    id: ScheduleId,
) -> Result<Option<(FlowId, String)>, Error> {
    let row: Option<(i64, String)> = on!(db, |conn| schedule::table
        .find(id.0)
        .select((schedule::flow_id, schedule::code))
        .get_result(conn)
        .optional())?;
    Ok(row.map(|(flow, code)| (FlowId(flow), code)))
}
