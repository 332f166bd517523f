//! Pauses, resumes and deletes flows. After a pause, a schedule continues with its next tick in the future.

use chrono::{DateTime, Utc};

use super::Flows;
use super::cancelling::cancel_in;
use super::firing::{miss_due_ticks, new_cursor};
use super::versions::{Loaded, Versions};
use crate::domain::ids::FlowId;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::service::Error;
use crate::service::alerts::resolve_silently;
use crate::store::flows::{self, Flow, ScheduleRow};
use crate::store::{self, Db};

/// A change of whether a flow, or one of its schedules, fires.
#[derive(Clone)]
struct Pause {
    flow: FlowId,
    /// None: the whole flow.
    schedule: Option<String>,
    paused: bool,
    now: DateTime<Utc>,
}

impl Flows {
    /// Pauses or resumes a flow, or one of its schedules.
    pub async fn set_paused(
        &self,
        who: &Principal,
        slug: &str,
        schedule: Option<String>,
        paused: bool,
    ) -> Result<Flow, Error> {
        let flow = self.reader.flow(who.account, slug).await?;
        let pause = Pause {
            flow: flow.id,
            schedule,
            paused,
            now: self.clock.now(),
        };
        let versions = self.versions.clone();
        let changed = self
            .store
            .write(move |db| pause.apply(db, &versions))
            .await?;
        self.wake.notify_one();
        Ok(changed)
    }

    /// Its history stays. Runs that have not ended are cancelled, and its webhooks and subscriptions are deleted.
    /// `expected` is the version that the caller has read.
    pub async fn delete(
        &self,
        who: &Principal,
        slug: &str,
        expected: Option<i64>,
    ) -> Result<(), Error> {
        let flow = self.reader.flow(who.account, slug).await?;
        let (now, by, versions) = (self.clock.now(), who.actor.clone(), self.versions.clone());
        let cancelled = self
            .store
            .write(move |db| {
                let found = flows::lock_flow(db, flow.id)?;
                let flow = found.filter(|flow| flow.deleted_at.is_none());
                let flow = flow.ok_or_else(Error::no_flow)?;
                if expected.is_some_and(|expected| expected != flow.version) {
                    return Err(Error::Changed);
                }
                let loaded = versions.load(db, flow.account, flow.id, flow.version)?;
                flows::delete_flow(db, flow.id, now, &by)?;
                stop_starts(db, &loaded, flow.id, now)?;
                flows::cancel_backfills_of_flow(db, flow.id, now)?;
                store::delete_hooks_of_flow(db, flow.account, &flow.slug)?;
                store::notifications::delete_subscriptions_of_flow(db, flow.id)?;
                let active = flows::active_runs(db, flow.id)?;
                for run in &active {
                    cancel_in(db, run.id, &by, now)?;
                }
                // After the locks of the runs: one that has just failed has opened its alert.
                resolve_silently(db, flow.id, now)?;
                let cancelled = active.into_iter().map(|run| run.id).collect();
                Ok::<Vec<_>, Error>(cancelled)
            })
            .await?;
        self.cancel_tasks(who, cancelled).await?;
        self.wake.notify_one();
        Ok(())
    }
}

fn stop_starts(
    db: &mut Db<'_>,
    loaded: &Loaded,
    flow: FlowId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    for row in flows::schedules_of_flow(db, flow)? {
        miss_due_ticks(db, loaded, &row, now)?;
        flows::save_schedule(db, &row.stopped())?;
    }
    for row in flows::triggers_of_flow(db, flow)? {
        flows::save_trigger(db, &row.stopped())?;
    }
    Ok(())
}

impl Pause {
    fn apply(&self, db: &mut Db<'_>, versions: &Versions) -> Result<Flow, Error> {
        let flow = flows::lock_flow(db, self.flow)?.filter(|flow| flow.deleted_at.is_none());
        let flow = flow.ok_or_else(Error::no_flow)?;
        let loaded = versions.load(db, flow.account, flow.id, flow.version)?;
        let flow_is_paused = match &self.schedule {
            None => self.paused,
            Some(_) => flow.paused,
        };
        if self.schedule.is_none() {
            flows::set_flow_paused(db, flow.id, self.paused)?;
            self.pause_triggers(db)?;
        }
        self.pause_schedules(db, &loaded, flow_is_paused)?;
        flows::flow_by_id(db, flow.id)?.ok_or_else(Error::no_flow)
    }

    fn pause_schedules(
        &self,
        db: &mut Db<'_>,
        loaded: &Loaded,
        flow_is_paused: bool,
    ) -> Result<(), Error> {
        let mut rows = flows::schedules_of_flow(db, self.flow)?;
        rows.retain(|row| row.active);
        if let Some(code) = &self.schedule {
            rows.retain(|row| row.code == *code);
            if rows.is_empty() {
                return Err(Error::NotFound(say("flow-schedule-not-found")));
            }
        }
        for mut row in rows {
            if self.schedule.is_some() {
                row.paused = self.paused;
            }
            row.next_at = self.next_at(db, &row, loaded, flow_is_paused)?;
            flows::save_schedule(db, &row)?;
        }
        Ok(())
    }

    /// A schedule that fires already keeps its cursor, so that resuming twice changes nothing.
    fn next_at(
        &self,
        db: &mut Db<'_>,
        row: &ScheduleRow,
        loaded: &Loaded,
        flow_is_paused: bool,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        if flow_is_paused || row.paused {
            miss_due_ticks(db, loaded, row, self.now)?;
            return Ok(None);
        }
        match (row.next_at, loaded.schedule(&row.code)) {
            (Some(next), Some(_)) => Ok(Some(next)),
            (None, Some(schedule)) => new_cursor(db, row, schedule, self.now),
            (_, None) => Ok(None),
        }
    }

    /// Files that come while the flow is paused count as seen when it is resumed.
    fn pause_triggers(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let rows = flows::triggers_of_flow(db, self.flow)?;
        for mut row in rows.into_iter().filter(|row| row.active) {
            if row.pattern.is_none() || row.next_at.is_none() == self.paused {
                continue;
            }
            row.next_at = (!self.paused).then_some(self.now);
            row.listed_at = None;
            flows::save_trigger(db, &row)?;
        }
        Ok(())
    }
}
