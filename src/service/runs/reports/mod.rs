//! Reports of running pipelines (callbacks). Pipelines do not retry them, so a report depends on the database only, and works while
//! OpenHEXA is unavailable.

mod group;
mod queue;
mod throttle;
mod update;

use std::sync::Arc;

use futures_util::future::join_all;
use uuid::Uuid;

pub use throttle::ReportLimits;
pub(super) use update::conflict;

use super::task_writer::TaskWriter;
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::message::say;
use crate::domain::observation::Report;
use crate::domain::principal::Reporter;
use crate::domain::task::Task;
use crate::service::{Error, Jobs};
use group::Item;
use queue::Queue;
use throttle::{PendingProgress, Throttle};
use update::{unknown_task, update_of};

/// A report as it was received.
#[derive(Clone, Debug)]
pub struct Callback {
    /// None: the path contains no valid pipeline id.
    pub pipeline: Option<PipelineId>,
    /// None: the body contains no task id.
    pub task: Option<TaskId>,
    pub report: Report,
}

#[derive(Clone)]
pub struct Reports {
    writer: TaskWriter,
    queue: Arc<Queue>,
    throttle: Arc<Throttle>,
    jobs: Jobs,
}

impl Reports {
    pub fn new(writer: TaskWriter, jobs: Jobs) -> Self {
        Self {
            writer,
            queue: Arc::default(),
            throttle: Arc::default(),
            jobs,
        }
    }

    pub async fn report(&self, who: Reporter, callback: Callback) -> Result<Task, Error> {
        let task = callback.task.or(who.own_task());
        let task = task.ok_or_else(|| Error::field("task_id", say("field-required")))?;
        let pipeline = callback.pipeline.ok_or_else(unknown_task)?;
        if who.own_task().is_some_and(|own| own != task) {
            return Err(unknown_task());
        }
        self.enqueue(Item {
            who,
            task,
            pipeline,
            update: update_of(callback.report),
            at: self.writer.now(),
            is_flush: false,
        })
        .await
    }

    /// Writes merged progress. What fails is tried again at the next flush.
    pub async fn flush(&self) -> Result<(), Error> {
        let pending = self.throttle.pending();
        let flushes = pending
            .into_iter()
            .map(|(task, pending)| self.flush_one(task, pending));
        join_all(flushes).await.into_iter().collect()
    }

    async fn flush_one(&self, task: TaskId, pending: PendingProgress) -> Result<(), Error> {
        let flushed = self.enqueue(Item {
            who: Reporter::Account(pending.account),
            task,
            pipeline: PipelineId(Uuid::nil()),
            update: pending.update(),
            at: pending.at,
            is_flush: true,
        });
        match flushed.await {
            Err(error @ (Error::Busy | Error::Internal(_))) => Err(error),
            // The task does not exist any more.
            Err(_) => {
                self.throttle.forget(task);
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}
