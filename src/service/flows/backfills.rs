//! Backfills: the ticks of a schedule in a period of the past, run again or for the first time.

use chrono::{DateTime, Utc};

use super::cancelling::cancel_in;
use super::versions::{Loaded, Versions};
use super::{Flows, MOST_BACKFILLS};
use crate::domain::flow::document::Schedule;
use crate::domain::flow::schedule::{BackfillMode, BackfillRange, BackfillTick, preview};
use crate::domain::ids::{AccountId, BackfillId};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::domain::status::Status;
use crate::service::Error;
use crate::store::Db;
use crate::store::flows::{
    self, Backfill, BackfillCounts, Flow, NewBackfill, ScheduleRow, runs_of_ticks,
};

/// How many backfills of a flow are listed.
const LISTED: i64 = 100;

/// A backfill as a caller requests it.
#[derive(Clone, Debug)]
pub struct BackfillRequest {
    pub slug: String,
    /// None: the only schedule of the flow.
    pub schedule: Option<String>,
    pub range: BackfillRange,
    pub mode: BackfillMode,
    pub parallel: u32,
}

/// A backfill with its progress.
#[derive(Clone, Debug)]
pub struct BackfillView {
    pub flow: String,
    pub backfill: Backfill,
    pub counts: BackfillCounts,
}

impl Flows {
    /// The ticks that a backfill would run.
    pub async fn preview_backfill(
        &self,
        who: &Principal,
        request: BackfillRequest,
    ) -> Result<Vec<BackfillTick>, Error> {
        let (versions, now, slug) = (
            self.versions.clone(),
            self.clock.now(),
            request.slug.clone(),
        );
        let ticks =
            move |db: &mut Db<'_>, flow: Flow| Ok(chosen(db, &versions, &flow, &request, now)?.1);
        self.reader.read_of(who.account, &slug, ticks).await
    }

    pub async fn start_backfill(
        &self,
        who: &Principal,
        request: BackfillRequest,
    ) -> Result<BackfillView, Error> {
        let flow = self.reader.flow(who.account, &request.slug).await?;
        let flow_id = flow.id;
        let (versions, now, by) = (self.versions.clone(), self.clock.now(), who.clone());
        let id = self
            .store
            .write(move |db| {
                // With this lock, no schedule fires and no other backfill starts meanwhile.
                let flow = flows::lock_flow(db, flow.id)?.filter(|flow| flow.deleted_at.is_none());
                let flow = flow.ok_or_else(Error::no_flow)?;
                if flows::open_backfills_of_flow(db, flow.id)?.len() >= MOST_BACKFILLS {
                    let sentence = say("flow-too-many-backfills").with("most", MOST_BACKFILLS);
                    return Err(Error::OtherRequest(sentence));
                }
                let (schedule, ticks) = chosen(db, &versions, &flow, &request, now)?;
                let new = NewBackfill {
                    account: flow.account,
                    flow: flow.id,
                    schedule: schedule.id,
                    version: flow.version,
                    range: request.range,
                    mode: request.mode,
                    parallel: request.parallel,
                    created_at: now,
                    created_by: by.clone(),
                };
                let times: Vec<DateTime<Utc>> =
                    ticks.iter().map(|tick| tick.scheduled_for).collect();
                Ok::<_, Error>(flows::insert_backfill(db, &new, &times)?)
            })
            .await?;
        self.runner.fill_slots(flow_id).await?;
        self.backfill(who.account, id).await
    }

    pub async fn backfill(
        &self,
        account: AccountId,
        id: BackfillId,
    ) -> Result<BackfillView, Error> {
        self.store
            .read(move |db| {
                let found = flows::backfill(db, account, id)?.ok_or_else(Error::no_backfill)?;
                view(db, found)
            })
            .await
    }

    /// The newest backfills of a flow.
    pub async fn backfills(
        &self,
        account: AccountId,
        slug: &str,
    ) -> Result<Vec<BackfillView>, Error> {
        let listed = |db: &mut Db<'_>, flow: Flow| {
            let found = flows::backfills_of_flow(db, flow.id, LISTED)?;
            found.into_iter().map(|one| view(db, one)).collect()
        };
        self.reader.read_history_of(account, slug, listed).await
    }

    /// It starts no further run, and its active runs are cancelled. An error after its end.
    pub async fn cancel_backfill(
        &self,
        who: &Principal,
        id: BackfillId,
    ) -> Result<BackfillView, Error> {
        let found = self.backfill(who.account, id).await?;
        if found.backfill.ended_at.is_some() {
            return Err(Error::OtherRequest(say("flow-backfill-ended")));
        }
        let (now, by, flow) = (self.clock.now(), who.actor.clone(), found.backfill.new.flow);
        let cancelled = self
            .store
            .write(move |db| {
                flows::lock_flow(db, flow)?;
                flows::set_backfill_cancelled(db, id, now)?;
                let active = flows::active_runs(db, flow)?.into_iter();
                let own: Vec<_> = active.filter(|run| run.backfill == Some(id)).collect();
                for run in &own {
                    cancel_in(db, run.id, &by, now)?;
                }
                Ok::<_, Error>(own.into_iter().map(|run| run.id).collect())
            })
            .await?;
        self.cancel_tasks(who, cancelled).await?;
        self.runner.fill_slots(flow).await?;
        self.wake.notify_one();
        self.backfill(who.account, id).await
    }
}

pub(super) fn view(db: &mut Db<'_>, backfill: Backfill) -> Result<BackfillView, Error> {
    let flow = flows::flow_by_id(db, backfill.new.flow)?.ok_or_else(Error::no_flow)?;
    Ok(BackfillView {
        flow: flow.slug,
        counts: flows::backfill_counts(db, backfill.id)?,
        backfill,
    })
}

/// The schedule, and its ticks that are to run: not those that another backfill runs, and not those that the schedule itself has
/// not fired yet.
fn chosen(
    db: &mut Db<'_>,
    versions: &Versions,
    flow: &Flow,
    request: &BackfillRequest,
    now: DateTime<Utc>,
) -> Result<(ScheduleRow, Vec<BackfillTick>), Error> {
    let loaded = versions.load(db, flow.account, flow.id, flow.version)?;
    let (row, schedule) = schedule_of(db, &loaded, flow, request.schedule.as_deref())?;
    let range = request.range;
    let fault = |fault: crate::domain::flow::schedule::BackfillFault| {
        Error::field(fault.field(), fault.message())
    };
    range.check(request.parallel, now).map_err(fault)?;
    // The schedule itself fires the ticks from its cursor on.
    let range = BackfillRange {
        to: row.next_at.map_or(range.to, |cursor| range.to.min(cursor)),
        ..range
    };
    let runs = runs_of_ticks(db, row.id, range.from, range.to)?.into_iter();
    let runs = runs.map(|run| (run.scheduled_for, run.status));
    // A tick that waits in another backfill will run there.
    let waiting = flows::waiting_backfill_ticks(db, row.id, range)?.into_iter();
    let waiting = waiting.map(|tick| (tick, Status::Queued));
    let last_runs = runs.chain(waiting).collect();
    let ticks = preview(&schedule.firings(), range, request.mode, &last_runs).map_err(fault)?;
    Ok((row, ticks))
}

fn schedule_of<'a>(
    db: &mut Db<'_>,
    loaded: &'a Loaded,
    flow: &Flow,
    code: Option<&str>,
) -> Result<(ScheduleRow, &'a Schedule), Error> {
    let declared = &loaded.flow.schedules;
    let wrong = |key| Error::field("schedule", say(key));
    let schedule = match code {
        Some(code) => loaded
            .schedule(code)
            .ok_or_else(|| wrong("flow-schedule-not-found"))?,
        None if declared.len() > 1 => return Err(wrong("flow-backfill-which-schedule")),
        None => declared
            .first()
            .ok_or_else(|| wrong("flow-backfill-no-schedule"))?,
    };
    let rows = flows::schedules_of_flow(db, flow.id)?;
    let row = rows.into_iter().find(|row| row.code == schedule.id.value);
    Ok((
        row.ok_or_else(|| wrong("flow-schedule-not-found"))?,
        schedule,
    ))
}
