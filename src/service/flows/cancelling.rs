//! A user cancels a run of a flow. The cancel is stored at once; the run ends when the tasks of its steps have ended.

use chrono::{DateTime, Utc};

use super::Flows;
use crate::domain::flow::run::FlowRun;
use crate::domain::ids::{FlowRunId, TaskId};
use crate::domain::message::say;
use crate::domain::principal::{Actor, Principal};
use crate::service::Error;
use crate::store::Db;
use crate::store::flows;

impl Flows {
    /// A second cancel changes nothing. An error after the end.
    pub async fn cancel(&self, who: &Principal, id: FlowRunId) -> Result<FlowRun, Error> {
        self.reader.run_of(who.account, id).await?;
        let (now, by) = (self.clock.now(), who.actor.clone());
        let run = self
            .store
            .write(move |db| {
                let run = cancel_in(db, id, &by, now)?;
                if run.ended_at.is_some() {
                    let status = run.status;
                    let sentence = say("flow-run-ended").with("status", status.as_str());
                    return Err(Error::Conflict { sentence, status });
                }
                Ok(run)
            })
            .await?;
        self.cancel_tasks(who, vec![id]).await?;
        self.wake.notify_one();
        Ok(run)
    }

    /// Cancels the tasks of cancelled runs before the response, so that no launch request is sent after it. If this is interrupted,
    /// the tasks are cancelled when the runs are advanced.
    pub(super) async fn cancel_tasks(
        &self,
        who: &Principal,
        runs: Vec<FlowRunId>,
    ) -> Result<(), Error> {
        let tasks: Result<Vec<TaskId>, Error> = self
            .store
            .read(move |db| {
                let mut tasks = Vec::new();
                for run in runs {
                    let steps = flows::steps_of_run(db, run)?.into_iter();
                    let active = steps.filter(|step| !step.state.has_ended());
                    tasks.extend(active.filter_map(|step| step.task));
                }
                Ok(tasks)
            })
            .await;
        for task in tasks? {
            match self.runs.stopper.cancel(who, task).await {
                // It has ended meanwhile.
                Ok(()) | Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Stores the cancel, unless the run has ended or was cancelled before.
pub fn cancel_in(
    db: &mut Db<'_>,
    id: FlowRunId,
    by: &Actor,
    now: DateTime<Utc>,
) -> Result<FlowRun, Error> {
    let mut run = flows::lock_flow_run(db, id)?.ok_or_else(Error::no_flow_run)?;
    if run.ended_at.is_some() || run.is_cancelled() {
        return Ok(run);
    }
    run.cancel_asked_at = Some(now);
    run.cancelled_by = Some(by.clone());
    run.waiting = false;
    run.revision += 1;
    flows::save_flow_run(db, &run, Some(now))?;
    Ok(run)
}
