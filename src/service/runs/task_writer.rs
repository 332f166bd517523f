//! Writes tasks: applies updates, records events, and leases tasks to this process.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Rules;
use super::apply::{Update, apply, lock_task};
use crate::clock::Clock;
use crate::domain::event::{Event, EventKind, Source};
use crate::domain::ids::TaskId;
use crate::domain::note::NoteCode;
use crate::domain::observation::Observation;
use crate::domain::run::{Absence, Visible};
use crate::domain::task::Task;
use crate::service::{Error, TaskChanged};
use crate::store::{self, LeaseRequest, Store};

#[derive(Clone)]
pub struct TaskWriter {
    pub(super) store: Store,
    clock: Clock,
    pub(super) rules: Arc<Rules>,
    pub(in crate::service) changed: TaskChanged,
}

impl TaskWriter {
    pub fn new(store: &Store, clock: &Clock, rules: Arc<Rules>, changed: &TaskChanged) -> Self {
        Self {
            store: store.clone(),
            clock: clock.clone(),
            rules,
            changed: changed.clone(),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Applies an update that cannot be refused. Only reports can.
    pub async fn apply(&self, task: TaskId, update: Update) -> Result<Task, Error> {
        let (rules, now) = (self.rules.clone(), self.now());
        let after = self
            .store
            .write(move |db| {
                let before = lock_task(db, &rules, task, now)?;
                let after = apply(db, &rules, before.clone(), &update, now)?;
                Ok::<_, Error>(after.unwrap_or(before))
            })
            .await;
        self.changed.notify();
        after
    }

    /// Applies an observation from a response of OpenHEXA.
    pub async fn observe(
        &self,
        task: &Task,
        kind: EventKind,
        observation: Observation,
    ) -> Result<Task, Error> {
        let update = Update::new(Source::OpenHexa, kind, observation);
        self.apply(task.id, update).await
    }

    /// Adds an event, unless the task has one of this kind. Whether it was added.
    pub async fn record_once(&self, task: &Task, kind: EventKind) -> Result<bool, Error> {
        let (id, account, now) = (task.id, task.account, self.now());
        self.store
            .write(move |db| {
                let is_new = !store::has_event(db, id, kind)?;
                if is_new {
                    let event = Event::new(now, Source::Bridge, kind);
                    store::add_event(db, account, id, &event)?;
                }
                Ok(is_new)
            })
            .await
    }

    pub async fn record_overdue(&self, task: &Task) -> Result<(), Error> {
        if self.rules.is_overdue(task, self.now()) {
            self.record_once(task, EventKind::Overdue).await?;
        }
        Ok(())
    }

    /// The run does not exist any more. Ignored if the task has changed since `task` was read.
    pub async fn run_gone(&self, task: &Task, kind: EventKind, why: NoteCode) -> Result<(), Error> {
        let gone = Observation::RunGone {
            why: why.into(),
            premise: task.premise(),
        };
        self.observe(task, kind, gone).await.map(drop)
    }

    /// The outcome of the launch stays unknown, so the task ends.
    pub async fn never_confirmed(&self, task: &Task, why: NoteCode) -> Result<(), Error> {
        self.run_gone(task, EventKind::LaunchNeverConfirmed, why)
            .await
    }

    /// A response shows neither the run nor its pipeline. A missing permission looks the same, so this counts only after the
    /// deadline, and only if the response is to the user who launched the run or shows the workspace.
    pub async fn run_hidden(&self, task: &Task, absence: Absence) -> Result<(), Error> {
        if !self.rules.is_overdue(task, self.now()) {
            return Ok(());
        }
        // OpenHEXA grants access per workspace, so a visible workspace counts for any user.
        let counts =
            absence.visible == Visible::Workspace || absence.is_for_user(task.run.launched_as);
        if !counts {
            return self.poll_failed(task).await;
        }
        let within = self.rules.polls.hidden_within();
        let hidden = Observation::RunHidden { within };
        let after = self.observe(task, EventKind::RunHidden, hidden).await?;
        let since = after.run.hidden_since;
        if since.is_none_or(|since| self.now() - since < self.rules.hidden_for) {
            return Ok(());
        }
        self.run_gone(&after, EventKind::RunGone, NoteCode::RunHidden)
            .await
    }

    /// A poll that proves nothing ends a series of polls that showed neither run nor pipeline.
    pub async fn poll_failed(&self, task: &Task) -> Result<(), Error> {
        if task.run.hidden_since.is_none() {
            return Ok(());
        }
        self.observe(task, EventKind::PollFailed, Observation::PollFailed)
            .await
            .map(drop)
    }

    /// A lease for up to `limit` tasks, for a new owner.
    pub fn lease(&self, limit: usize) -> LeaseRequest {
        let now = self.now();
        LeaseRequest {
            now,
            until: now + self.rules.lease,
            owner: Uuid::now_v7().to_string(),
            limit,
        }
    }

    /// Ends the lease of a task and plans its next poll.
    pub async fn release(&self, id: TaskId, owner: &str) -> Result<(), Error> {
        let (rules, now, owner) = (self.rules.clone(), self.now(), owner.to_owned());
        self.store
            .write(move |db| {
                let task = store::lock_task_without_result(db, id)?.ok_or_else(Error::no_task)?;
                let next = rules.next_poll(&task, now);
                Ok(store::release_leases(db, &owner, now, &[(id, next)])?)
            })
            .await
    }

    /// Ends the leases of many tasks, each with the time of its next poll. The times come from the tasks as they were at the
    /// start of the lease, so a poll that a report has planned since then is kept if it is earlier.
    pub async fn release_all(
        &self,
        lease: &LeaseRequest,
        planned: Vec<(TaskId, Option<DateTime<Utc>>)>,
    ) -> Result<(), Error> {
        if planned.is_empty() {
            return Ok(());
        }
        let (since, owner) = (lease.now, lease.owner.clone());
        self.store
            .write(move |db| Ok(store::release_leases(db, &owner, since, &planned)?))
            .await
    }
}
