//! Backfills and their ticks. A tick of a backfill has one run at most.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::flow::schedule::{BackfillMode, BackfillRange};
use crate::domain::ids::{AccountId, BackfillId, FlowId, FlowRunId, ScheduleId};
use crate::domain::principal::Principal;
use crate::domain::status::Status;
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{backfill, backfill_tick, flow_run, schedule};
use crate::store::types::DbTime;

#[derive(Clone, Debug)]
pub struct NewBackfill {
    pub account: AccountId,
    pub flow: FlowId,
    pub schedule: ScheduleId,
    /// The version of the flow that its runs have.
    pub version: i64,
    pub range: BackfillRange,
    pub mode: BackfillMode,
    /// How many of its runs are active at a time.
    pub parallel: u32,
    pub created_at: DateTime<Utc>,
    pub created_by: Principal,
}

#[derive(Clone, Debug)]
pub struct Backfill {
    pub id: BackfillId,
    /// The id of the schedule in the document.
    pub schedule_code: String,
    pub new: NewBackfill,
    pub cancel_asked_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = backfill)]
struct BackfillColumns {
    id: i64,
    account_id: i64,
    flow_id: i64,
    schedule_id: i64,
    version: i64,
    range_from: DbTime,
    range_to: DbTime,
    mode: String,
    parallel: i32,
    created_at: DbTime,
    created_by: String,
    cancel_asked_at: Option<DbTime>,
    ended_at: Option<DbTime>,
}

fn backfill_of((row, code): (BackfillColumns, String)) -> Result<Backfill, Error> {
    let account = AccountId(row.account_id);
    let by = Principal::read(account, &row.created_by);
    let corrupt = || Error::Corrupt("backfill");
    Ok(Backfill {
        id: BackfillId(row.id),
        schedule_code: code,
        new: NewBackfill {
            account,
            flow: FlowId(row.flow_id),
            schedule: ScheduleId(row.schedule_id),
            version: row.version,
            range: BackfillRange {
                from: row.range_from.0,
                to: row.range_to.0,
            },
            mode: BackfillMode::parse(&row.mode).ok_or_else(corrupt)?,
            parallel: u32::try_from(row.parallel).map_err(|_| corrupt())?,
            created_at: row.created_at.0,
            created_by: by.ok_or_else(corrupt)?,
        },
        cancel_asked_at: row.cancel_asked_at.map(|at| at.0),
        ended_at: row.ended_at.map(|at| at.0),
    })
}

/// With all ticks that it runs.
pub fn insert_backfill(
    db: &mut Db<'_>,
    new: &NewBackfill,
    ticks: &[DateTime<Utc>],
) -> Result<BackfillId, Error> {
    let row = (
        backfill::account_id.eq(new.account.0),
        backfill::flow_id.eq(new.flow.0),
        backfill::schedule_id.eq(new.schedule.0),
        backfill::version.eq(new.version),
        backfill::range_from.eq(DbTime(new.range.from)),
        backfill::range_to.eq(DbTime(new.range.to)),
        backfill::mode.eq(new.mode.as_str()),
        backfill::parallel.eq(i32::try_from(new.parallel).unwrap_or(1)),
        backfill::created_at.eq(DbTime(new.created_at)),
        backfill::created_by.eq(new.created_by.stored()),
    );
    let id: i64 = on!(db, |conn| diesel::insert_into(backfill::table)
        .values(row)
        .returning(backfill::id)
        .get_result(conn))?;
    for tick in ticks {
        let row = (
            backfill_tick::backfill_id.eq(id),
            backfill_tick::scheduled_for.eq(DbTime(*tick)),
        );
        on!(db, |conn| diesel::insert_into(backfill_tick::table)
            .values(row)
            .execute(conn))?;
    }
    Ok(BackfillId(id))
}

pub fn backfill(
    db: &mut Db<'_>,
    account: AccountId,
    id: BackfillId,
) -> Result<Option<Backfill>, Error> {
    let row: Option<(BackfillColumns, String)> = on!(db, |conn| backfill::table
        .inner_join(schedule::table.on(schedule::id.eq(backfill::schedule_id)))
        .filter(backfill::id.eq(id.0))
        .filter(backfill::account_id.eq(account.0))
        .select((BackfillColumns::as_select(), schedule::code))
        .first(conn)
        .optional())?;
    row.map(backfill_of).transpose()
}

/// The newest backfills of a flow.
pub fn backfills_of_flow(
    db: &mut Db<'_>,
    flow: FlowId,
    limit: i64,
) -> Result<Vec<Backfill>, Error> {
    let rows: Vec<(BackfillColumns, String)> = on!(db, |conn| backfill::table
        .inner_join(schedule::table.on(schedule::id.eq(backfill::schedule_id)))
        .filter(backfill::flow_id.eq(flow.0))
        .order(backfill::id.desc())
        .limit(limit)
        .select((BackfillColumns::as_select(), schedule::code))
        .load(conn))?;
    rows.into_iter().map(backfill_of).collect()
}

/// Flows with backfills that have not ended.
pub fn flows_with_backfills(db: &mut Db<'_>, limit: i64) -> Result<Vec<FlowId>, Error> {
    let ids: Vec<i64> = on!(db, |conn| backfill::table
        .filter(backfill::ended_at.is_null())
        .order(backfill::flow_id)
        .limit(limit)
        .select(backfill::flow_id)
        .distinct()
        .load(conn))?;
    Ok(ids.into_iter().map(FlowId).collect())
}

/// Locks and reads a backfill. The caller has locked its flow.
pub fn lock_backfill(db: &mut Db<'_>, id: BackfillId) -> Result<Option<Backfill>, Error> {
    if let Db::Pg(conn, ..) = db {
        backfill::table
            .find(id.0)
            .select(backfill::id)
            .for_no_key_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    let row: Option<(BackfillColumns, String)> = on!(db, |conn| backfill::table
        .inner_join(schedule::table.on(schedule::id.eq(backfill::schedule_id)))
        .filter(backfill::id.eq(id.0))
        .select((BackfillColumns::as_select(), schedule::code))
        .first(conn)
        .optional())?;
    row.map(backfill_of).transpose()
}

/// The backfills of a flow that have not ended, oldest first.
pub fn open_backfills_of_flow(db: &mut Db<'_>, flow: FlowId) -> Result<Vec<BackfillId>, Error> {
    let ids: Vec<i64> = on!(db, |conn| backfill::table
        .filter(backfill::flow_id.eq(flow.0))
        .filter(backfill::ended_at.is_null())
        .order(backfill::id)
        .select(backfill::id)
        .load(conn))?;
    Ok(ids.into_iter().map(BackfillId).collect())
}

/// Its oldest tick without a run.
pub fn next_backfill_tick(db: &mut Db<'_>, id: BackfillId) -> Result<Option<DateTime<Utc>>, Error> {
    let found: Option<DbTime> = on!(db, |conn| backfill_tick::table
        .filter(backfill_tick::backfill_id.eq(id.0))
        .filter(backfill_tick::flow_run_id.is_null())
        .order(backfill_tick::scheduled_for)
        .select(backfill_tick::scheduled_for)
        .first(conn)
        .optional())?;
    Ok(found.map(|at| at.0))
}

/// The ticks of a schedule that wait for their run in an active backfill.
pub fn waiting_backfill_ticks(
    db: &mut Db<'_>,
    schedule: ScheduleId,
    range: BackfillRange,
) -> Result<Vec<DateTime<Utc>>, Error> {
    let found: Vec<DbTime> = on!(db, |conn| backfill_tick::table
        .inner_join(backfill::table.on(backfill::id.eq(backfill_tick::backfill_id)))
        .filter(backfill::schedule_id.eq(schedule.0))
        .filter(backfill::cancel_asked_at.is_null())
        .filter(backfill::ended_at.is_null())
        .filter(backfill_tick::flow_run_id.is_null())
        .filter(backfill_tick::scheduled_for.ge(DbTime(range.from)))
        .filter(backfill_tick::scheduled_for.lt(DbTime(range.to)))
        .select(backfill_tick::scheduled_for)
        .load(conn))?;
    Ok(found.into_iter().map(|at| at.0).collect())
}

/// Gives a tick its run. False if it has one.
pub fn claim_backfill_tick(
    db: &mut Db<'_>,
    id: BackfillId,
    tick: DateTime<Utc>,
    run: FlowRunId,
) -> Result<bool, Error> {
    let changed = on!(db, |conn| diesel::update(
        backfill_tick::table.find((id.0, DbTime(tick)))
    )
    .filter(backfill_tick::flow_run_id.is_null())
    .set(backfill_tick::flow_run_id.eq(run.0))
    .execute(conn))?;
    Ok(changed == 1)
}

pub fn end_backfill(db: &mut Db<'_>, id: BackfillId, at: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::update(backfill::table.find(id.0))
        .filter(backfill::ended_at.is_null())
        .set(backfill::ended_at.eq(DbTime(at)))
        .execute(conn))?;
    Ok(())
}

/// From now on it starts no run.
pub fn set_backfill_cancelled(
    db: &mut Db<'_>,
    id: BackfillId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    on!(db, |conn| diesel::update(backfill::table.find(id.0))
        .filter(backfill::cancel_asked_at.is_null())
        .filter(backfill::ended_at.is_null())
        .set(backfill::cancel_asked_at.eq(DbTime(at)))
        .execute(conn))?;
    Ok(())
}

/// The same for all backfills of a flow that is deleted.
pub fn cancel_backfills_of_flow(
    db: &mut Db<'_>,
    flow: FlowId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    on!(db, |conn| diesel::update(backfill::table)
        .filter(backfill::flow_id.eq(flow.0))
        .filter(backfill::cancel_asked_at.is_null())
        .filter(backfill::ended_at.is_null())
        .set(backfill::cancel_asked_at.eq(DbTime(at)))
        .execute(conn))?;
    Ok(())
}

/// A tick of a backfill with its run, if it has one.
pub type TickOfBackfill = (DateTime<Utc>, Option<(FlowRunId, Status)>);

/// Oldest first.
pub fn ticks_of_backfill(db: &mut Db<'_>, id: BackfillId) -> Result<Vec<TickOfBackfill>, Error> {
    type Row = (DbTime, Option<i64>, Option<String>);
    let rows: Vec<Row> = on!(db, |conn| backfill_tick::table
        .left_join(flow_run::table.on(flow_run::id.nullable().eq(backfill_tick::flow_run_id)))
        .filter(backfill_tick::backfill_id.eq(id.0))
        .order(backfill_tick::scheduled_for)
        .select((
            backfill_tick::scheduled_for,
            flow_run::id.nullable(),
            flow_run::status.nullable(),
        ))
        .load(conn))?;
    let one = |(at, run, status): Row| {
        let status =
            status.map(|word| Status::parse(&word).ok_or(Error::Corrupt("status of a flow run")));
        Ok((at.0, run.map(FlowRunId).zip(status.transpose()?)))
    };
    rows.into_iter().map(one).collect()
}

/// How many ticks of a backfill are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BackfillCounts {
    pub total: usize,
    pub success: usize,
    /// ERROR or CANCELLED.
    pub error: usize,
    /// QUEUED or RUNNING.
    pub running: usize,
    /// Without a run.
    pub waiting: usize,
}

pub fn backfill_counts(db: &mut Db<'_>, id: BackfillId) -> Result<BackfillCounts, Error> {
    let statuses: Vec<Option<String>> = on!(db, |conn| backfill_tick::table
        .left_join(flow_run::table.on(flow_run::id.nullable().eq(backfill_tick::flow_run_id)))
        .filter(backfill_tick::backfill_id.eq(id.0))
        .select(flow_run::status.nullable())
        .load(conn))?;
    let mut counts = BackfillCounts {
        total: statuses.len(),
        ..BackfillCounts::default()
    };
    for status in statuses {
        let Some(word) = status else {
            counts.waiting += 1;
            continue;
        };
        match Status::parse(&word).ok_or(Error::Corrupt("status of a flow run"))? {
            Status::Success => counts.success += 1,
            Status::Error | Status::Cancelled => counts.error += 1,
            Status::Queued | Status::Running => counts.running += 1,
        }
    }
    Ok(counts)
}
