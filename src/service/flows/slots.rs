//! Runs that wait for others of their flow: the next ones of a schedule, and those of backfills. Free slots are counted from the
//! stored runs, so an interrupted cycle loses none.

use chrono::{DateTime, Utc};

use super::FlowRunner;
use super::alerting::backfill_ended;
use super::new_runs::NewRun;
use super::versions::Versions;
use crate::domain::flow::run::{Cause, ScheduleRef, Start};
use crate::domain::flow::schedule::{Slot, next_slot};
use crate::domain::ids::{FlowId, FlowRunId};
use crate::service::{Error, causes};
use crate::store::flows::{self, ActiveRun, Backfill, Flow};
use crate::store::{self, Db};

/// How many started runs are read to find the last one of a backfill.
const COUNTED: i64 = 10;
/// How many flows with backfills one cycle continues.
const FLOWS: i64 = 200;

impl FlowRunner {
    /// Starts all waiting runs of a flow that can start.
    pub(super) async fn fill_slots(&self, flow: FlowId) -> Result<(), Error> {
        let (versions, now) = (self.versions.clone(), self.clock.now());
        let started: usize = self
            .store
            .write(move |db| fill(db, &versions, flow, now))
            .await?;
        if started > 0 {
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Continues all backfills that have not ended.
    pub async fn run_backfills(&self) -> Result<usize, Error> {
        let open: Result<Vec<FlowId>, Error> = self
            .store
            .read(|db| Ok(flows::flows_with_backfills(db, FLOWS)?))
            .await;
        let flows = open?;
        for flow in &flows {
            if let Err(error) = self.fill_slots(*flow).await {
                let error = causes(&error);
                tracing::warn!(
                    flow = flow.0,
                    error,
                    "cannot continue the backfills of a flow; it is tried again"
                );
            }
        }
        Ok(flows.len())
    }
}

fn fill(
    db: &mut Db<'_>,
    versions: &Versions,
    flow: FlowId,
    now: DateTime<Utc>,
) -> Result<usize, Error> {
    let Some(found) = flows::lock_flow(db, flow)? else {
        return Ok(0);
    };
    let mut started = 0;
    // Each turn starts a run, and a flow has few that can start.
    while let Some(next) = next(db, versions, &found, now)? {
        match next {
            Next::Live(run) => start_waiting(db, run, now)?,
            Next::Backfill(backfill, tick) => {
                let loaded = versions.load(db, found.account, flow, backfill.new.version)?;
                start_backfill(db, &loaded, &backfill, tick, now)?;
            }
        }
        started += 1;
    }
    Ok(started)
}

enum Next {
    Live(FlowRunId),
    Backfill(Box<Backfill>, DateTime<Utc>),
}

fn next(
    db: &mut Db<'_>,
    versions: &Versions,
    found: &Flow,
    now: DateTime<Utc>,
) -> Result<Option<Next>, Error> {
    let flow = found.id;
    let active = flows::active_runs(db, flow)?;
    let live = active.iter().find(|run| can_start(run, &active));
    let any_waits = active.iter().any(|run| run.waiting);
    let backfill = next_backfill(db, versions, found, &active, now)?;
    let since = match (any_waits, &backfill) {
        (true, Some(_)) => flows::live_runs_since_backfill(db, flow, COUNTED)?,
        (false, _) | (true, None) => 0,
    };
    let slot = next_slot(any_waits, backfill.is_some(), since);
    Ok(match (slot, live, backfill) {
        (Some(Slot::Live), Some(live), _) => Some(Next::Live(live.id)),
        (Some(Slot::Backfill), _, Some((backfill, tick))) => {
            Some(Next::Backfill(Box::new(backfill), tick))
        }
        (Some(Slot::Live | Slot::Backfill) | None, _, _) => None,
    })
}

/// The oldest waiting run of a schedule starts when no other run of the schedule is active.
fn can_start(run: &ActiveRun, active: &[ActiveRun]) -> bool {
    let same = |other: &&ActiveRun| {
        other.cause == Cause::Schedule && other.schedule == run.schedule && other.id != run.id
    };
    let earlier = |other: &ActiveRun| !other.waiting || other.id < run.id;
    run.waiting && !active.iter().filter(same).any(earlier)
}

fn start_waiting(db: &mut Db<'_>, id: FlowRunId, now: DateTime<Utc>) -> Result<(), Error> {
    let Some(mut run) = flows::lock_flow_run(db, id)? else {
        return Ok(());
    };
    run.waiting = false;
    run.revision += 1;
    Ok(flows::save_flow_run(db, &run, Some(now))?)
}

/// A backfill with a free slot and its next tick. Backfills that have nothing more to do are ended.
fn next_backfill(
    db: &mut Db<'_>,
    versions: &Versions,
    found: &Flow,
    active: &[ActiveRun],
    now: DateTime<Utc>,
) -> Result<Option<(Backfill, DateTime<Utc>)>, Error> {
    for id in flows::open_backfills_of_flow(db, found.id)? {
        let Some(backfill) = flows::lock_backfill(db, id)? else {
            continue;
        };
        let own = active.iter().filter(|run| run.backfill == Some(id)).count();
        let tick = match backfill.cancel_asked_at {
            Some(_) => None,
            None => flows::next_backfill_tick(db, id)?,
        };
        match tick {
            Some(tick) if own < usize::try_from(backfill.new.parallel).unwrap_or(1) => {
                return Ok(Some((backfill, tick)));
            }
            None if own == 0 => end(db, versions, &backfill, now)?,
            Some(_) | None => {}
        }
    }
    Ok(None)
}

fn end(
    db: &mut Db<'_>,
    versions: &Versions,
    backfill: &Backfill,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let new = &backfill.new;
    flows::end_backfill(db, backfill.id, now)?;
    let counts = flows::backfill_counts(db, backfill.id)?;
    let loaded = versions.load(db, new.account, new.flow, new.version)?;
    backfill_ended(db, backfill, &loaded, counts, now)
}

fn start_backfill(
    db: &mut Db<'_>,
    loaded: &super::Loaded,
    backfill: &Backfill,
    tick: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let new = &backfill.new;
    let schedule = loaded.schedule(&backfill.schedule_code);
    let start = Start {
        launcher: new.created_by.clone(),
        schedule: Some(ScheduleRef {
            id: new.schedule,
            code: backfill.schedule_code.clone(),
        }),
        scheduled_for: Some(tick),
        interval: schedule.and_then(|schedule| schedule.firings().interval(tick)),
        backfill: Some(backfill.id),
        ..loaded.start(Cause::Backfill)
    };
    let run = NewRun {
        loaded,
        start,
        waiting: false,
        pinned: None,
        now,
    };
    let run = run.insert(db)?;
    if flows::claim_backfill_tick(db, backfill.id, tick, run)? {
        return Ok(());
    }
    Err(store::Error::Corrupt("tick of a backfill").into())
}
