//! The reconciler: polls runs, retries launches and finds lost runs. So every task ends, also if its pipeline never reports.
//!
//! A cycle leases the tasks that are due, requests the state of their runs from OpenHEXA, applies the response, and
//! plans the next poll. Any number of replicas can run it at the same time. A failed poll is repeated later and never
//! fails a task.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::CycleReport;
use super::mirror_sync::MirrorSync;
use super::poller::Poller;
use super::retry::LaunchRetry;
use super::search::RunSearch;
use super::stop::Stopper;
use super::task_writer::TaskWriter;
use crate::domain::connection::Connection;
use crate::domain::ids::TaskId;
use crate::domain::task::{State, Task};
use crate::service::tasks::Tasks;
use crate::service::{Error, causes};
use crate::store::{self, DueKind};

#[derive(Clone)]
pub struct Reconciler {
    pub(super) tasks: Arc<Tasks>,
    pub(super) writer: TaskWriter,
    pub(super) mirror: Arc<MirrorSync>,
    pub(super) poller: Poller,
    pub(super) search: RunSearch,
    pub(super) retry: LaunchRetry,
    pub(super) stopper: Stopper,
    /// Cancelled when the bridge stops.
    pub(super) stop: CancellationToken,
}

impl Reconciler {
    /// The signal that starts the next cycle before its time.
    pub fn wake_signal(&self) -> Arc<Notify> {
        self.stopper.wake.clone()
    }

    pub(in crate::service) fn wake(&self) {
        self.stopper.wake.notify_one();
    }

    /// Handles all tasks that are due, a few at a time, so that leases are short and requests of users to OpenHEXA find free
    /// slots. Ends early when the bridge stops.
    pub async fn run(&self) -> Result<CycleReport, Error> {
        self.mirror.run().await;
        let mut report = CycleReport::default();
        while !self.stop.is_cancelled() && report.claimed < self.writer.rules.cycle_limit {
            let most = self.writer.rules.cycle_limit - report.claimed;
            let mut some = self.poller.poll_due(most).await?;
            some.add(self.search_some().await?);
            report.add(some);
            if some.claimed == 0 {
                break;
            }
        }
        Ok(counted(report))
    }

    async fn search_some(&self) -> Result<CycleReport, Error> {
        let due = self.writer.lease(self.writer.rules.concurrent_polls);
        let owner = due.owner.clone();
        let claimed = self
            .writer
            .store
            .write(move |db| {
                Ok::<_, Error>(store::lease_due_tasks(db, DueKind::WithoutRunId, &due)?)
            })
            .await?;
        let all = claimed
            .iter()
            .map(|task| self.continue_launch(*task, &owner));
        let outcomes = join_all(all).await;
        Ok(CycleReport {
            claimed: claimed.len(),
            failed: outcomes.iter().filter(|outcome| outcome.is_err()).count(),
        })
    }

    async fn continue_launch(&self, id: TaskId, owner: &str) -> Result<(), Error> {
        let done = match self.tasks.with_connection(id).await {
            Ok((task, connection)) => {
                let host = connection.instance.clone();
                let done = self.continue_once(&task, connection, owner).await;
                done.inspect_err(|error| self.warn(&task, &host, error))
            }
            Err(error) => {
                let (task, cause) = (id.0, causes(&error));
                tracing::warn!(task, error = cause, "cannot read the task; it is retried");
                Err(error)
            }
        };
        self.writer.release(id, owner).await?;
        done
    }

    fn warn(&self, task: &Task, host: &str, error: &Error) {
        let next_try = self.writer.rules.next_poll(task, self.writer.now());
        let next_try = next_try.map(|at| at.to_rfc3339());
        let (task, error) = (task.id.0, causes(error));
        tracing::warn!(
            task,
            host,
            error,
            next_try,
            "polling the task failed; it is retried"
        );
    }

    async fn continue_once(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
    ) -> Result<(), Error> {
        self.writer.record_overdue(task).await?;
        let at = connection.clone();
        match (&task.state, task.run.id) {
            (State::Ended { .. }, _) => return Ok(()),
            (State::Accepted, _) => self.retry.retry(task, connection, owner).await,
            // Its run id became known meanwhile: it is polled with the others.
            (_, Some(_)) => Ok(()),
            (_, None) => self.search.search(task, connection, owner).await,
        }?;
        // The run can be known now, and its stop request can be due.
        self.stopper.stop_if_due(task.id, &at, owner).await
    }
}

fn counted(report: CycleReport) -> CycleReport {
    let count_polls = |outcome, count: usize| {
        metrics::counter!("openhexa_bridge_reconciler_polls_total", "outcome" => outcome)
            .increment(count as u64);
    };
    count_polls("failed", report.failed);
    count_polls("done", report.claimed - report.failed);
    report
}
