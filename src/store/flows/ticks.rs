//! Ticks: each firing time of a schedule and each event of a trigger, once, with what became of it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::flow::Problem;
use crate::domain::flow::run::Outcome;
use crate::domain::ids::{AccountId, FlowId, FlowRunId, ScheduleId, TriggerId};
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{flow_trigger, schedule, tick};
use crate::store::types::DbTime;

use super::run_rows::{problems_of, problems_text};

/// The end of the year 9999: SQLite compares times as text, so a longer year would be less than all others.
const FAR: DateTime<Utc> = match DateTime::from_timestamp(253_402_300_799, 0) {
    Some(far) => far,
    None => DateTime::<Utc>::MAX_UTC,
};

/// What a tick belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TickSource {
    Schedule(ScheduleId),
    /// With what identifies the event: the run of the other flow, or the file with its size and time.
    Trigger(TriggerId, String),
}

#[derive(Clone, Debug)]
pub struct NewTick {
    pub account: AccountId,
    pub flow: FlowId,
    pub source: TickSource,
    pub scheduled_for: DateTime<Utc>,
    pub outcome: Outcome,
    pub why: Vec<Problem>,
    pub run: Option<FlowRunId>,
}

/// Fails with [`Error::Duplicate`] if the tick exists.
pub fn add_tick(db: &mut Db<'_>, new: &NewTick) -> Result<(), Error> {
    let (schedule, trigger, event) = match &new.source {
        TickSource::Schedule(id) => (Some(id.0), None, None),
        TickSource::Trigger(id, event) => (None, Some(id.0), Some(event)),
    };
    let row = (
        tick::account_id.eq(new.account.0),
        tick::flow_id.eq(new.flow.0),
        tick::schedule_id.eq(schedule),
        tick::trigger_id.eq(trigger),
        tick::scheduled_for.eq(DbTime(new.scheduled_for)),
        tick::event.eq(event),
        tick::outcome.eq(new.outcome.as_str()),
        tick::why.eq(problems_text(&new.why)),
        tick::flow_run_id.eq(new.run.map(|id| id.0)),
    );
    on!(db, |conn| diesel::insert_into(tick::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

/// Whether an event of a trigger has its tick.
pub fn has_event(db: &mut Db<'_>, trigger: TriggerId, event: &str) -> Result<bool, Error> {
    let found: Option<i64> = on!(db, |conn| tick::table
        .filter(tick::trigger_id.eq(trigger.0))
        .filter(tick::event.eq(event))
        .select(tick::id)
        .first(conn)
        .optional())?;
    Ok(found.is_some())
}

/// The newest tick of a schedule.
pub fn newest_tick(db: &mut Db<'_>, schedule: ScheduleId) -> Result<Option<DateTime<Utc>>, Error> {
    let found: Option<DbTime> = on!(db, |conn| tick::table
        .filter(tick::schedule_id.eq(schedule.0))
        .order(tick::scheduled_for.desc())
        .select(tick::scheduled_for)
        .first(conn)
        .optional())?;
    Ok(found.map(|at| at.0))
}

/// What became of the newest tick of a schedule.
pub fn newest_outcome(db: &mut Db<'_>, schedule: ScheduleId) -> Result<Option<Outcome>, Error> {
    let found: Option<String> = on!(db, |conn| tick::table
        .filter(tick::schedule_id.eq(schedule.0))
        .order(tick::scheduled_for.desc())
        .select(tick::outcome)
        .first(conn)
        .optional())?;
    let outcome = |word: String| Outcome::parse(&word).ok_or(Error::Corrupt("outcome of a tick"));
    found.map(outcome).transpose()
}

/// Records that the run of a tick was refused.
pub fn refuse_tick_of_run(db: &mut Db<'_>, run: FlowRunId, why: &[Problem]) -> Result<(), Error> {
    on!(db, |conn| diesel::update(tick::table)
        .filter(tick::flow_run_id.eq(run.0))
        .set((
            tick::outcome.eq(Outcome::Refused.as_str()),
            tick::why.eq(problems_text(why)),
        ))
        .execute(conn))?;
    Ok(())
}

/// A tick of one schedule.
#[derive(Clone, Debug)]
pub struct ScheduleTick {
    pub at: DateTime<Utc>,
    pub outcome: Outcome,
    pub why: Vec<Problem>,
    pub run: Option<FlowRunId>,
}

/// The newest ticks of a schedule from a time on and before another one, newest first.
pub fn ticks_of_schedule(
    db: &mut Db<'_>,
    schedule: ScheduleId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<ScheduleTick>, Error> {
    type Row = (DbTime, String, Option<String>, Option<i64>);
    let rows: Vec<Row> = on!(db, |conn| tick::table
        .filter(tick::schedule_id.eq(schedule.0))
        .filter(tick::scheduled_for.ge(DbTime(from)))
        .filter(tick::scheduled_for.lt(DbTime(to)))
        .order(tick::scheduled_for.desc())
        .limit(limit)
        .select((
            tick::scheduled_for,
            tick::outcome,
            tick::why,
            tick::flow_run_id,
        ))
        .load(conn))?;
    let one = |(at, outcome, why, run): Row| {
        Ok(ScheduleTick {
            at: at.0,
            outcome: Outcome::parse(&outcome).ok_or(Error::Corrupt("outcome of a tick"))?,
            why: problems_of(why.as_deref())?,
            run: run.map(FlowRunId),
        })
    };
    rows.into_iter().map(one).collect()
}

/// A tick in a list, with the id of its schedule or trigger in the document.
#[derive(Clone, Debug)]
pub struct TickRow {
    pub id: i64,
    pub code: String,
    pub scheduled_for: DateTime<Utc>,
    pub outcome: Outcome,
    pub why: Vec<Problem>,
    pub run: Option<FlowRunId>,
}

/// The position of a tick in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickPosition {
    pub scheduled_for: DateTime<Utc>,
    pub id: i64,
}

/// Ticks of a flow from a time on and before another one, newest first, after a position.
#[derive(Clone, Debug)]
pub struct TickQuery {
    pub flow: FlowId,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub after: Option<TickPosition>,
    pub limit: i64,
}

pub fn ticks_of_flow(db: &mut Db<'_>, query: &TickQuery) -> Result<Vec<TickRow>, Error> {
    type Row = (
        i64,
        Option<String>,
        Option<String>,
        DbTime,
        String,
        Option<String>,
        Option<i64>,
    );
    let from = query.from.unwrap_or(DateTime::UNIX_EPOCH);
    let to = query.to.unwrap_or(FAR);
    let after = query.after.unwrap_or(TickPosition {
        scheduled_for: to,
        id: 0,
    });
    let at = DbTime(after.scheduled_for);
    let rows: Vec<Row> = on!(db, |conn| tick::table
        .left_join(schedule::table.on(schedule::id.nullable().eq(tick::schedule_id)))
        .left_join(flow_trigger::table.on(flow_trigger::id.nullable().eq(tick::trigger_id)))
        .filter(tick::flow_id.eq(query.flow.0))
        .filter(tick::scheduled_for.ge(DbTime(from)))
        .filter(tick::scheduled_for.lt(DbTime(to)))
        .filter(
            tick::scheduled_for
                .lt(at)
                .or(tick::scheduled_for.eq(at).and(tick::id.lt(after.id)))
        )
        .order((tick::scheduled_for.desc(), tick::id.desc()))
        .limit(query.limit)
        .select((
            tick::id,
            schedule::code.nullable(),
            flow_trigger::code.nullable(),
            tick::scheduled_for,
            tick::outcome,
            tick::why,
            tick::flow_run_id,
        ))
        .load(conn))?;
    let one = |(id, schedule, trigger, at, outcome, why, run): Row| {
        Ok(TickRow {
            id,
            code: schedule.or(trigger).unwrap_or_default(),
            scheduled_for: at.0,
            outcome: Outcome::parse(&outcome).ok_or(Error::Corrupt("outcome of a tick"))?,
            why: problems_of(why.as_deref())?,
            run: run.map(FlowRunId),
        })
    };
    rows.into_iter().map(one).collect()
}
