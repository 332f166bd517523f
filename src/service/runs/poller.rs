//! Polls runs whose id is known: one request for many runs of a connection.
//!
//! Nothing is written for a run that has not changed, and the next polls of all runs of a request are planned in one
//! transaction. So ten thousand active runs cost a few requests and a few writes per polling cycle.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use super::stop::Stopper;
use super::task_writer::TaskWriter;
use super::{CycleReport, Rules};
use crate::domain::connection::Connection;
use crate::domain::ids::{ConnectionId, TaskId};
use crate::domain::observation::{Observation, PolledStatus};
use crate::domain::pipeline::RunStatus;
use crate::domain::run::{PollResult, PolledRun};
use crate::domain::task::Task;
use crate::openhexa::{self, Instances, OpenHexa, Permission, PollResults};
use crate::service::tasks::LogMasking;
use crate::service::{Error, causes};
use crate::store::{self, DueKind, LeaseRequest};

/// The result of polling one run.
type Polled = Result<PollResult, openhexa::Error>;

/// How many ids of tasks one line of the log contains.
const MAX_IDS: usize = 20;

/// Tasks of one connection that are polled together.
struct Group {
    connection: Connection,
    tasks: Vec<Task>,
}

#[derive(Clone)]
pub struct Poller {
    pub(super) openhexa: Arc<dyn OpenHexa>,
    pub(super) writer: TaskWriter,
    pub(super) stopper: Stopper,
    pub(super) masking: Arc<LogMasking>,
    pub(super) instances: Arc<Instances>,
}

impl Poller {
    fn rules(&self) -> &Rules {
        &self.writer.rules
    }

    /// Polls up to `limit` runs that are due.
    pub async fn poll_due(&self, limit: usize) -> Result<CycleReport, Error> {
        let lease = self.writer.lease(limit.min(self.max_at_once()));
        let due = lease.clone();
        let claimed = self
            .writer
            .store
            .write(move |db| Ok::<_, Error>(store::lease_due_tasks(db, DueKind::WithRunId, &due)?))
            .await?;
        let mut report = CycleReport {
            claimed: claimed.len(),
            failed: 0,
        };
        if claimed.is_empty() {
            return Ok(report);
        }
        let groups = self.groups(claimed).await?;
        let polls = groups
            .into_iter()
            .map(|group| self.poll_group(group, &lease));
        for failed in join_all(polls).await {
            report.failed += failed?;
        }
        Ok(report)
    }

    /// As many as can be polled before their leases expire.
    fn max_at_once(&self) -> usize {
        self.rules().runs_per_request * self.rules().concurrent_polls
    }

    async fn groups(&self, claimed: Vec<TaskId>) -> Result<Vec<Group>, Error> {
        let cipher = self.writer.store.cipher.clone();
        self.writer
            .store
            .read(move |db| {
                let mut by_connection: BTreeMap<ConnectionId, Vec<Task>> = BTreeMap::new();
                for task in store::unscoped_tasks_without_result(db, &claimed)? {
                    by_connection.entry(task.connection).or_default().push(task);
                }
                let mut groups = Vec::new();
                for (id, tasks) in by_connection {
                    match store::connection(db, &cipher, id) {
                        Ok(connection) => groups.push(Group { connection, tasks }),
                        // Its tasks wait until their leases expire.
                        Err(error) => {
                            let (error, tasks) = (causes(&error), tasks.len());
                            tracing::error!(
                                connection = id.0,
                                tasks,
                                error,
                                "cannot read the stored connection; its tasks are not polled"
                            );
                        }
                    }
                }
                Ok(groups)
            })
            .await
    }

    /// The number of failed polls.
    async fn poll_group(&self, group: Group, lease: &LeaseRequest) -> Result<usize, Error> {
        let largest = self.rules().runs_per_request;
        let target = &group.connection.target;
        let (max_runs, probe) = match self.instances.permission(target, largest) {
            Permission::Paused { until } => {
                return self.postpone(&group.tasks, lease, until).await;
            }
            Permission::Allowed { max_runs, probe } => (max_runs, probe),
        };
        let Group {
            connection,
            mut tasks,
        } = group;
        tasks.sort_by_key(|task| (task.pipeline.id, task.id));
        let mut requests: VecDeque<Vec<Task>> = tasks.chunks(max_runs).map(<[_]>::to_vec).collect();
        let mut failed = 0;
        if probe && let Some(first) = requests.pop_front() {
            failed += self.poll_some(&connection, first, lease).await?;
        }
        let rest: Vec<_> = requests
            .into_iter()
            .map(|few| self.poll_some(&connection, few, lease))
            .collect();
        let mut rest = stream::iter(rest).buffer_unordered(self.rules().concurrent_polls);
        while let Some(some) = rest.next().await {
            failed += some?;
        }
        Ok(failed)
    }

    /// Polls of the instance pause, so the tasks are released until then.
    async fn postpone(
        &self,
        tasks: &[Task],
        lease: &LeaseRequest,
        until: DateTime<Utc>,
    ) -> Result<usize, Error> {
        let planned = tasks.iter().map(|task| (task.id, Some(until))).collect();
        self.writer.release_all(lease, planned).await?;
        Ok(tasks.len())
    }

    /// One request.
    async fn poll_some(
        &self,
        at: &Connection,
        tasks: Vec<Task>,
        lease: &LeaseRequest,
    ) -> Result<usize, Error> {
        let now = self.writer.now();
        // Another request of the same cycle can have failed just now.
        if let Permission::Paused { until } = self.instances.permission(&at.target, 1) {
            return self.postpone(&tasks, lease, until).await;
        }
        let mut polled = self.request(at, &tasks).await;
        let mut unchanged = Vec::new();
        let mut failed = 0;
        for task in &tasks {
            let result = result_of(task, &mut polled);
            if let (Ok(_), Some(Err(error))) = (&polled, &result) {
                self.warn_of_task(task, at, error);
            }
            if self.is_unchanged(task, result.as_ref(), now) {
                failed += usize::from(matches!(result, Some(Err(_))));
                unchanged.push((task.id, self.rules().next_poll(task, now)));
                continue;
            }
            match self.process(task, at, result, &lease.owner).await {
                Ok(()) => {}
                // Already logged.
                Err(Error::Upstream(_)) if polled.is_err() => failed += 1,
                Err(error) => {
                    self.warn_of_task(task, at, &error);
                    failed += 1;
                }
            }
        }
        self.writer.release_all(lease, unchanged).await?;
        Ok(failed)
    }

    /// Whether there is nothing to write or send. If the task has changed since it was read, the next poll decides.
    fn is_unchanged(&self, task: &Task, result: Option<&Polled>, now: DateTime<Utc>) -> bool {
        let needs_action = task.cancel_asked_at.is_some() || self.rules().is_overdue(task, now);
        !needs_action
            && match result {
                Some(Ok(PollResult::Seen { status, progress })) => {
                    *status != RunStatus::Failed && is_old(task, status, *progress, now)
                }
                Some(Ok(PollResult::Absent(absence))) => {
                    !absence.proves_absence(task.run.launched_as)
                }
                Some(Err(_)) | None => task.run.hidden_since.is_none(),
            }
    }

    /// Applies the result, and sends the stop request if it is due.
    async fn process(
        &self,
        task: &Task,
        at: &Connection,
        result: Option<Polled>,
        owner: &str,
    ) -> Result<(), Error> {
        let applied = self.apply_result(task, at, result).await;
        let stopped = match applied {
            Ok(()) => self.stopper.stop_if_due(task.id, at, owner).await,
            Err(error) => Err(error),
        };
        self.writer.release(task.id, owner).await?;
        stopped
    }

    async fn apply_result(
        &self,
        task: &Task,
        at: &Connection,
        result: Option<Polled>,
    ) -> Result<(), Error> {
        self.writer.record_overdue(task).await?;
        match (result, task.run.id) {
            (Some(Ok(result)), Some(run)) => self.apply_response(task, at, run, result).await,
            (Some(Err(error)), _) => {
                self.writer.poll_failed(task).await?;
                Err(error.into())
            }
            (None, _) | (_, None) => Ok(()),
        }
    }

    async fn request(
        &self,
        at: &Connection,
        tasks: &[Task],
    ) -> Result<PollResults, openhexa::Error> {
        let followed = |task: &Task| {
            let pipeline = task.pipeline.id;
            task.run.id.map(|run| PolledRun { pipeline, run })
        };
        let wanted: Vec<PolledRun> = tasks.iter().filter_map(followed).collect();
        let polled = self.openhexa.poll_runs(&at.target, &wanted).await;
        match &polled {
            Ok(_) => self.instances.poll_succeeded(&at.target),
            Err(error) => {
                let pauses = &self.rules().pauses;
                self.instances.poll_failed(&at.target, error, pauses);
                self.warn_of_request(at, tasks, error);
            }
        }
        polled
    }

    fn warn_of_request(&self, at: &Connection, tasks: &[Task], error: &openhexa::Error) {
        let (host, next_try) = (&at.instance, self.next_try(at, tasks));
        let tasks = ids(tasks);
        tracing::warn!(tasks, host, %error, next_try, "polling runs failed; it is retried");
    }

    fn warn_of_task(&self, task: &Task, at: &Connection, error: &dyn std::error::Error) {
        let next_try = self.next_try(at, std::slice::from_ref(task));
        let (task, pipeline) = (task.id.0, task.pipeline.id);
        let (host, error) = (&at.instance, causes(error));
        tracing::warn!(task, %pipeline, host, error, next_try, "polling the run failed; it is retried");
    }

    /// The time of the next poll of one of the tasks.
    fn next_try(&self, at: &Connection, tasks: &[Task]) -> Option<String> {
        let now = self.writer.now();
        let planned = tasks
            .iter()
            .filter_map(|task| self.rules().next_poll(task, now));
        let next = match self.instances.permission(&at.target, 1) {
            Permission::Paused { until } => planned.min().max(Some(until)),
            Permission::Allowed { .. } => planned.min(),
        };
        next.map(|at| at.to_rfc3339())
    }
}

/// The result of polling this task, or the error of the whole request.
fn result_of(task: &Task, polled: &mut Result<PollResults, openhexa::Error>) -> Option<Polled> {
    match polled {
        Ok(polled) => polled.remove(&task.run.id?),
        Err(error) => Some(Err(error.clone())),
    }
}

/// For the log: all ids, if they are not too many.
fn ids(tasks: &[Task]) -> String {
    let shown: Vec<String> = tasks
        .iter()
        .take(MAX_IDS)
        .map(|task| task.id.0.to_string())
        .collect();
    let shown = shown.join(", ");
    match tasks.len().saturating_sub(MAX_IDS) {
        0 => shown,
        others => format!("{shown} and {others} others"),
    }
}

/// Whether a poll shows nothing new.
fn is_old(task: &Task, status: &RunStatus, progress: i64, now: DateTime<Utc>) -> bool {
    let sighting = PolledStatus {
        status: status.clone(),
        progress,
        why: None,
    };
    task.clone()
        .observe(&Observation::RunSeen(sighting), now)
        .as_ref()
        == Ok(task)
}
