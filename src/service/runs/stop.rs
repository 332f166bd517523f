//! Sends the stop request of a run, and repeats it while the run continues: OpenHEXA can lose a stop that it accepted. Only a
//! poll ends the task.
//!
//! The request is recorded before it is sent, under the task's lease. So only one replica sends it, and a bridge that stops in
//! between repeats it only when it is due.

use std::sync::Arc;

use tokio::sync::Notify;

use super::apply::{Update, apply, lock_task, with_note};
use super::task_writer::TaskWriter;
use crate::domain::connection::Connection;
use crate::domain::event::{Event, EventKind, Source};
use crate::domain::ids::{RunId, TaskId};
use crate::domain::note::NoteCode;
use crate::domain::observation::Observation;
use crate::domain::run::Stop;
use crate::domain::task::Task;
use crate::openhexa::OpenHexa;
use crate::service::tasks::is_last_denied;
use crate::service::{Error, causes};
use crate::store;

/// The name of the request in the log.
const OPERATION: &str = "StopPipeline";

#[derive(Clone)]
pub struct Stopper {
    pub(super) openhexa: Arc<dyn OpenHexa>,
    pub(super) writer: TaskWriter,
    /// Starts the next polling cycle.
    pub(super) wake: Arc<Notify>,
}

impl Stopper {
    /// The caller has the task's lease, and ends it.
    pub async fn stop_if_due(
        &self,
        id: TaskId,
        connection: &Connection,
        owner: &str,
    ) -> Result<(), Error> {
        let task = self
            .writer
            .store
            .read(move |db| store::unscoped_task_without_result(db, id)?.ok_or_else(Error::no_task))
            .await?;
        if !self.writer.rules.stop_is_due(&task, self.writer.now()) {
            return Ok(());
        }
        let Some(run) = self.reserve_stop(id, owner).await? else {
            return Ok(());
        };
        match self.openhexa.stop(&connection.target, run).await {
            Ok(response) => self.after_response(&task, connection, &response).await,
            Err(error) => {
                let unanswered = Update::new(
                    Source::Bridge,
                    EventKind::StopNotAnswered,
                    Observation::StopNotAnswered,
                );
                self.writer.apply(id, unanswered).await?;
                Err(error.into())
            }
        }
    }

    /// For a launch that was cancelled while OpenHEXA created its run. After a failure the reconciler repeats it.
    pub async fn stop_launched(&self, task: TaskId, connection: &Connection, owner: &str) {
        if let Err(error) = self.stop_if_due(task, connection, owner).await {
            let (error, host) = (causes(&error), &connection.instance);
            let operation = OPERATION;
            tracing::warn!(
                task = task.0,
                host,
                operation,
                error,
                "the stop request failed; it is retried"
            );
        }
    }

    /// The run to stop. None: the lease expired, or the request was sent meanwhile.
    async fn reserve_stop(&self, id: TaskId, owner: &str) -> Result<Option<RunId>, Error> {
        let (rules, now) = (self.writer.rules.clone(), self.writer.now());
        let owner = owner.to_owned();
        self.writer
            .store
            .write(move |db| {
                let before = lock_task(db, &rules, id, now)?;
                let has_lease = store::renew_lease(db, id, &owner, now + rules.lease)?;
                if !has_lease || !rules.stop_is_due(&before, now) {
                    return Ok(None);
                }
                let kind = if before.run.stops > 0 {
                    EventKind::StopRepeated
                } else {
                    EventKind::StopRequested
                };
                let mut update = Update::new(Source::Bridge, kind, Observation::StopRequested);
                update.always_recorded = !store::has_event(db, id, kind)?;
                let run = before.run.id;
                Ok(apply(db, &rules, before, &update, now)?.ok().and(run))
            })
            .await
    }

    /// The next poll shows whether the run ended. A response that will not change by itself is recorded.
    async fn after_response(
        &self,
        task: &Task,
        connection: &Connection,
        response: &Stop,
    ) -> Result<(), Error> {
        match response {
            Stop::Accepted | Stop::AlreadyCompleted | Stop::AlreadyStopped | Stop::NotFound => {
                Ok(())
            }
            Stop::Denied => {
                if self.record_denied(task).await? {
                    let error = "the user of the token may not stop runs in this workspace";
                    warn_not_accepted(task, connection, error);
                }
                Ok(())
            }
            Stop::Other(code) => {
                let error = format!("unknown error code {code:?}");
                warn_not_accepted(task, connection, &error);
                self.writer
                    .record_once(task, EventKind::StopNotAccepted)
                    .await
                    .map(|_| ())
            }
        }
    }

    /// Once for each cancel. Whether it was recorded now.
    async fn record_denied(&self, task: &Task) -> Result<bool, Error> {
        let event = Event::new(self.writer.now(), Source::OpenHexa, EventKind::StopDenied);
        let event = with_note(event, &NoteCode::StopDenied.into());
        let (id, account) = (task.id, task.account);
        self.writer
            .store
            .write(move |db| {
                if is_last_denied(db, id)? {
                    return Ok(false);
                }
                store::add_event(db, account, id, &event)?;
                Ok::<_, Error>(true)
            })
            .await
    }
}

fn warn_not_accepted(task: &Task, connection: &Connection, error: &str) {
    let (task, host, operation) = (task.id.0, &connection.instance, OPERATION);
    tracing::warn!(
        task,
        host,
        operation,
        error,
        "OpenHEXA did not accept the stop request"
    );
}
