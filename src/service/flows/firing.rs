//! Fires schedules that are due: each tick gets its row, its run and the schedule its new cursor in one transaction, under the
//! locks of the flow and the schedule.

use chrono::{DateTime, Utc};

use super::FlowRunner;
use super::alerting::{Missed, tick_added, tick_missed};
use super::new_runs::NewRun;
use super::problems::problem;
use super::versions::{Loaded, Versions};
use crate::domain::flow::document::Schedule;
use crate::domain::flow::run::{Cause, Outcome, ScheduleRef, Start};
use crate::domain::flow::schedule::{Due, ON_TIME, OverlapChoice, due, first_after, overlap};
use crate::domain::message::say;
use crate::service::{Error, causes};
use crate::store::Db;
use crate::store::flows::{self, ActiveRun, NewTick, ScheduleRow, TickSource};

/// How many schedules one cycle fires.
const CYCLE_LIMIT: usize = 1_000;
/// How many due schedules are read at a time.
const READ: i64 = 100;

impl FlowRunner {
    /// Fires all schedules that are due, each once. Returns how many there were.
    pub async fn fire_due(&self) -> Result<usize, Error> {
        let (mut fired, mut after) = (0, None);
        let now = self.clock.now();
        while !self.stop.is_cancelled() && fired < CYCLE_LIMIT {
            let due: Result<Vec<ScheduleRow>, Error> = self
                .store
                .read(move |db| Ok(flows::due_schedules(db, now, after, READ)?))
                .await;
            let due = due?;
            let Some(last) = due.last() else { break };
            after = last.next_at.map(|at| (at, last.id));
            for row in &due {
                self.fire_or_log(row).await;
            }
            fired += due.len();
        }
        if fired > 0 {
            self.wake.notify_one();
        }
        Ok(fired)
    }

    /// A schedule that cannot fire keeps its cursor, and does not keep the others from firing.
    async fn fire_or_log(&self, row: &ScheduleRow) {
        let (versions, now, due) = (self.versions.clone(), self.clock.now(), row.clone());
        let fired = self
            .store
            .write(move |db| fire(db, &versions, &due, now))
            .await;
        if let Err(error) = &fired {
            tracing::warn!(
                flow = row.flow.0,
                schedule = row.code,
                error = causes(error),
                "cannot fire a schedule; it is tried again"
            );
        }
    }
}

/// Does nothing if another replica has fired the schedule meanwhile.
fn fire(
    db: &mut Db<'_>,
    versions: &Versions,
    due: &ScheduleRow,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(flow) = flows::lock_flow(db, due.flow)? else {
        return Ok(());
    };
    let Some(mut row) = flows::lock_due_schedule(db, due.id, now)? else {
        return Ok(());
    };
    let loaded = versions.load(db, flow.account, flow.id, flow.version)?;
    let schedule = loaded.schedule(&row.code);
    let fires = flow.deleted_at.is_none() && !flow.paused && row.active && !row.paused;
    row.next_at = match (schedule.filter(|_| fires), row.next_at) {
        (Some(schedule), Some(cursor)) => {
            let firing = Firing {
                loaded: &loaded,
                schedule,
                row: &row,
                now,
            };
            firing.fire(db, cursor)?
        }
        (Some(_) | None, _) => None,
    };
    Ok(flows::save_schedule(db, &row)?)
}

/// Before a schedule is changed so that its cursor is lost: ticks that are due, but have not fired, are recorded as missed, so that
/// each tick has a row and the change starts nothing. The caller has locked the flow, and saves the schedule.
pub fn miss_due_ticks(
    db: &mut Db<'_>,
    loaded: &Loaded,
    row: &ScheduleRow,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(row) = flows::lock_due_schedule(db, row.id, now)? else {
        return Ok(());
    };
    let (Some(schedule), Some(cursor)) = (loaded.schedule(&row.code), row.next_at) else {
        return Ok(());
    };
    let firing = Firing {
        loaded,
        schedule,
        row: &row,
        now,
    };
    let due = due(&schedule.firings(), cursor, now, schedule.catch_up);
    firing.miss(db, &due)?;
    for tick in &due.run {
        firing.add_tick(db, *tick, Outcome::Missed, "flow-tick-stopped")?;
    }
    Ok(())
}

/// The cursor of a schedule that starts anew. It does not go back, even if the clock was set back.
pub fn new_cursor(
    db: &mut Db<'_>,
    row: &ScheduleRow,
    schedule: &Schedule,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let newest = flows::newest_tick(db, row.id)?;
    let after = newest.map_or(now, |newest| newest.max(now));
    Ok(first_after(&schedule.firings(), after))
}

struct Firing<'a> {
    loaded: &'a Loaded,
    schedule: &'a Schedule,
    row: &'a ScheduleRow,
    now: DateTime<Utc>,
}

impl Firing<'_> {
    /// Stores all ticks from the cursor up to now. Returns the new cursor.
    fn fire(&self, db: &mut Db<'_>, cursor: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        let firings = self.schedule.firings();
        let due = due(&firings, cursor, self.now, self.schedule.catch_up);
        self.miss(db, &due)?;
        let missed = due.missed.last().copied().or(due.unrecorded_before);
        let several = due.run.len() > 1;
        for tick in &due.run {
            self.run(db, *tick, several || self.now - *tick > ON_TIME)?;
        }
        if let Some(tick) = missed {
            self.alert(db, tick, "flow-tick-missed")?;
        }
        Ok(due.next_at)
    }

    fn miss(&self, db: &mut Db<'_>, due: &Due) -> Result<(), Error> {
        if let Some(before) = due.unrecorded_before {
            self.add_tick(db, before, Outcome::Missed, "flow-tick-many-missed")?;
        }
        for tick in &due.missed {
            self.add_tick(db, *tick, Outcome::Missed, "flow-tick-missed")?;
        }
        Ok(())
    }

    fn run(&self, db: &mut Db<'_>, tick: DateTime<Utc>, is_caught_up: bool) -> Result<(), Error> {
        let active = flows::active_runs(db, self.row.flow)?;
        let own =
            |run: &&ActiveRun| run.cause == Cause::Schedule && run.schedule == Some(self.row.id);
        let waiting = active.iter().filter(own).filter(|run| run.waiting).count();
        let running = active.iter().filter(own).count() - waiting;
        let waits = match overlap(self.schedule.overlap, running, waiting, is_caught_up) {
            OverlapChoice::Start => false,
            OverlapChoice::Wait => true,
            OverlapChoice::Skip => return self.skip(db, tick),
        };
        let new = NewRun {
            loaded: self.loaded,
            start: self.start(tick),
            waiting: waits,
            pinned: None,
            now: self.now,
        };
        new.insert_with_tick(db, TickSource::Schedule(self.row.id), tick)
    }

    /// Two in a row are an alert: the runs take longer than the time between two ticks.
    fn skip(&self, db: &mut Db<'_>, tick: DateTime<Utc>) -> Result<(), Error> {
        let before = flows::newest_outcome(db, self.row.id)?;
        self.add_tick(db, tick, Outcome::Overlap, "flow-tick-overlap")?;
        if before == Some(Outcome::Overlap) {
            self.alert(db, tick, "flow-tick-overlap")?;
        }
        Ok(())
    }

    fn alert(&self, db: &mut Db<'_>, tick: DateTime<Utc>, why: &'static str) -> Result<(), Error> {
        let missed = Missed {
            part: &self.row.code,
            scheduled_for: tick,
            why: say(why),
        };
        tick_missed(db, self.loaded, &missed, self.now)
    }

    fn start(&self, tick: DateTime<Utc>) -> Start {
        Start {
            schedule: Some(ScheduleRef {
                id: self.row.id,
                code: self.row.code.clone(),
            }),
            scheduled_for: Some(tick),
            interval: self.schedule.firings().interval(tick),
            ..self.loaded.start(Cause::Schedule)
        }
    }

    /// A tick without a run, and why it has none.
    fn add_tick(
        &self,
        db: &mut Db<'_>,
        tick: DateTime<Utc>,
        outcome: Outcome,
        why: &'static str,
    ) -> Result<(), Error> {
        let tick = NewTick {
            account: self.row.account,
            flow: self.row.flow,
            source: TickSource::Schedule(self.row.id),
            scheduled_for: tick,
            outcome,
            why: vec![problem(None, &say(why))],
            run: None,
        };
        flows::add_tick(db, &tick)?;
        tick_added(db, self.row.id, self.schedule, tick.scheduled_for)
    }
}
