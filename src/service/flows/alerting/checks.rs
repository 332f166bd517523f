//! Checks that are due at a time: runs and tasks that may take longer than usual, ticks that may be late, and alerts that were
//! silent. A check that is done late, or by two replicas at the same time, has the same result.

use chrono::{DateTime, Utc};

use super::ticks::tick_late;
use super::{alerted, slow_limit};
use crate::domain::alert::{AlertCause, AlertFacts, AlertSubject};
use crate::domain::ids::{AlertId, FlowId, FlowRunId, ScheduleId};
use crate::service::alerts::{Alerted, check_task, notify_due, raise, seconds};
use crate::service::flows::FlowRunner;
use crate::service::flows::versions::{Loaded, Versions};
use crate::service::{Error, causes};
use crate::store::alerts::{
    AlertCheck, CheckKind, add_check, alert_subject, alerts_to_notify, due_checks, take_check,
};
use crate::store::flows;
use crate::store::{self, Db};

/// How many checks are read at a time.
const READ: i64 = 100;
/// How many one cycle does.
const CYCLE_LIMIT: usize = 1_000;

impl FlowRunner {
    /// Does all checks that are due. Returns how many there were.
    pub async fn check_alerts(&self) -> Result<usize, Error> {
        let mut done = 0;
        while !self.stop.is_cancelled() && done < CYCLE_LIMIT {
            let now = self.clock.now();
            let due: Result<Vec<AlertCheck>, Error> = self
                .store
                .read(move |db| Ok(due_checks(db, now, READ)?))
                .await;
            let due = due?;
            if due.is_empty() {
                break;
            }
            for check in &due {
                self.check_or_postpone(*check).await;
            }
            done += due.len();
        }
        self.notify_silent().await.map(|notified| done + notified)
    }

    /// A check that fails is done later, and does not keep the others from being done.
    async fn check_or_postpone(&self, due: AlertCheck) {
        let (versions, now) = (self.versions.clone(), self.clock.now());
        let checked = self
            .store
            .write(move |db| check(db, &versions, due, now))
            .await;
        let Err(error) = checked else { return };
        tracing::warn!(
            check = due.id,
            error = causes(&error),
            "cannot check a run for alerts; it is tried again"
        );
        let later = now + self.runs.rules().polls.usual;
        let postponed: Result<(), Error> = self
            .store
            .write(move |db| Ok(store::alerts::postpone_check(db, due.id, later)?))
            .await;
        if let Err(error) = postponed {
            tracing::warn!(
                check = due.id,
                error = causes(&error),
                "cannot postpone the check of a run"
            );
        }
    }

    /// Notifies of alerts that were muted, or had opened again, and are still open.
    async fn notify_silent(&self) -> Result<usize, Error> {
        let now = self.clock.now();
        let due: Result<Vec<AlertId>, Error> = self
            .store
            .read(move |db| Ok(alerts_to_notify(db, now, READ)?))
            .await;
        let due = due?;
        for id in &due {
            let (id, versions) = (*id, self.versions.clone());
            let notified = self
                .store
                .write(move |db| notify(db, &versions, id, now))
                .await;
            if let Err(error) = notified {
                tracing::warn!(
                    alert = id.0,
                    error = causes(&error),
                    "cannot notify of an alert; it is tried again"
                );
            }
        }
        Ok(due.len())
    }
}

fn check(
    db: &mut Db<'_>,
    versions: &Versions,
    due: AlertCheck,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if !take_check(db, due.id)? {
        return Ok(());
    }
    match due.kind {
        CheckKind::FlowRun(id) => check_run(db, versions, id, now),
        CheckKind::Task(id) => check_task(db, id, now),
        CheckKind::Tick(schedule, tick) => check_tick(db, versions, schedule, tick, now),
    }
}

fn check_run(
    db: &mut Db<'_>,
    versions: &Versions,
    id: FlowRunId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let run = flows::lock_flow_run(db, id)?;
    let Some(run) = run.filter(|run| run.ended_at.is_none()) else {
        return Ok(());
    };
    let start = &run.start;
    let loaded = versions.load(db, start.account, start.flow, start.version)?;
    let Some(limit) = slow_limit(db, &loaded, start.flow, now)? else {
        return Ok(());
    };
    // It counts from its first step. A run that waits for others is checked again.
    let since = run.started_at.unwrap_or(now);
    if now < since + limit {
        return Ok(add_check(db, CheckKind::FlowRun(id), since + limit)?);
    }
    let facts = AlertFacts {
        figure: Some(seconds(now - since)),
        limit: Some(seconds(limit)),
        flow_run: Some(id),
        scheduled_for: start.scheduled_for,
        ..AlertFacts::default()
    };
    raise(db, &alerted(&loaded), AlertCause::Duration, "", facts, now)
}

fn check_tick(
    db: &mut Db<'_>,
    versions: &Versions,
    schedule: ScheduleId,
    tick: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some((flow, code)) = flows::flow_of_schedule(db, schedule)? else {
        return Ok(());
    };
    let Some(loaded) = current(db, versions, flow)? else {
        return Ok(());
    };
    let Some(schedule_now) = loaded.schedule(&code) else {
        return Ok(());
    };
    let newest = flows::newest_run_of_tick(db, schedule, tick)?;
    let run = match newest {
        Some(id) => flows::lock_flow_run(db, id)?,
        None => None,
    };
    // If it has failed, the alert about the failure says so.
    if run.as_ref().is_some_and(|run| run.ended_at.is_some()) {
        return Ok(());
    }
    let facts = AlertFacts {
        flow_run: run.map(|run| run.id),
        scheduled_for: Some(tick),
        ..AlertFacts::default()
    };
    tick_late(db, &loaded, schedule_now, facts, now)
}

/// The current version of a flow, which is locked so that it is not deleted meanwhile. None: it was deleted.
fn current(
    db: &mut Db<'_>,
    versions: &Versions,
    flow: FlowId,
) -> Result<Option<std::sync::Arc<Loaded>>, Error> {
    let found = flows::lock_flow(db, flow)?;
    let Some(found) = found.filter(|flow| flow.deleted_at.is_none()) else {
        return Ok(None);
    };
    let loaded = versions.load(db, found.account, found.id, found.version)?;
    Ok(Some(loaded))
}

fn notify(
    db: &mut Db<'_>,
    versions: &Versions,
    id: AlertId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some((key, name)) = alert_subject(db, id)? else {
        return Ok(());
    };
    let about = match key.subject {
        AlertSubject::Flow(flow) => match current(db, versions, flow)? {
            Some(loaded) => alerted(&loaded),
            None => return Ok(()),
        },
        AlertSubject::Pipeline(id) => Alerted::pipeline(key.account, id, name),
    };
    notify_due(db, &about, id, now)
}
