//! A running pipeline reports. Its senders do not retry, so a report waits for nothing but the database (`reports.rs`),
//! and it works while OpenHEXA is down.

use futures_util::future::join_all;

use super::group::Item;
use super::report_fact::{fact_of, unknown_task};
use super::throttle::Held;
use super::{Bridge, Error};
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::observation::Report;
use crate::domain::principal::Reporter;
use crate::domain::sentence::say;
use crate::domain::task::Task;

/// What came in.
#[derive(Clone, Debug)]
pub struct Callback {
    /// None: what stands in the path is no pipeline's id.
    pub pipeline: Option<PipelineId>,
    /// None: the body names no task.
    pub task: Option<TaskId>,
    pub report: Report,
}

impl Bridge {
    pub async fn report(&self, who: Reporter, callback: Callback) -> Result<Task, Error> {
        let task = callback.task.or(who.own_task());
        let task = task.ok_or_else(|| Error::field("task_id", say("field-required")))?;
        let pipeline = callback.pipeline.ok_or_else(unknown_task)?;
        if who.own_task().is_some_and(|own| own != task) {
            return Err(unknown_task());
        }
        self.join_reports(Item {
            who,
            task,
            pipeline,
            fact: fact_of(callback.report),
            at: self.now(),
            is_flush: false,
        })
        .await
    }

    /// Writes the progress that was merged since the last time; what fails is kept for the next time.
    pub async fn flush_reports(&self) -> Result<(), Error> {
        let held = self.throttle.held();
        let flushes = held.into_iter().map(|(task, held)| self.flush(task, held));
        join_all(flushes).await.into_iter().collect()
    }

    async fn flush(&self, task: TaskId, held: Held) -> Result<(), Error> {
        let flushed = self.join_reports(Item {
            who: Reporter::Account(held.account),
            task,
            pipeline: PipelineId(uuid::Uuid::nil()),
            fact: held.fact(),
            at: held.at,
            is_flush: true,
        });
        match flushed.await {
            Err(error @ (Error::Busy | Error::Internal(_))) => Err(error),
            // Only a task that does not exist any more refuses what was accepted.
            Err(_) => {
                self.throttle.forget(task);
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}
