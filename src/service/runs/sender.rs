//! Sends a launch to OpenHEXA, once.
//!
//! The task is marked as launching first. Then the outcome is one of four: the id of the run, a refusal, nothing was sent, or
//! unknown. Unknown is no failure: the reconciler searches for the run.

use std::sync::Arc;

use super::apply::{Update, apply, lock_task};
use super::fingerprint::Fingerprints;
use super::stop::Stopper;
use super::task_writer::TaskWriter;
use crate::domain::connection::Connection;
use crate::domain::event::{Event, EventData, EventKind, Source};
use crate::domain::ids::{TaskId, UserId};
use crate::domain::note::Note;
use crate::domain::observation::Observation;
use crate::domain::run::Launch;
use crate::domain::task::{State, Task};
use crate::openhexa::{self, LaunchError, OpenHexa};
use crate::service::tasks::Tasks;
use crate::service::{Error, causes};
use crate::store;

/// One launch request for a task.
pub struct Attempt {
    pub task: TaskId,
    /// The owner of the task's lease.
    pub owner: String,
    pub connection: Connection,
    pub launch: Launch,
}

/// Whether the launch request can be sent.
enum Reserved {
    Yes,
    /// With the current task.
    No(Box<Task>),
}

#[derive(Clone)]
pub struct LaunchSender {
    pub(super) openhexa: Arc<dyn OpenHexa>,
    pub(super) tasks: Arc<Tasks>,
    pub(super) writer: TaskWriter,
    pub(super) stopper: Stopper,
    pub(super) fingerprints: Fingerprints,
}

impl LaunchSender {
    /// Sends the launch and ends the caller's lease of the task.
    pub async fn send_and_release(&self, attempt: &Attempt) -> Result<Task, Error> {
        let outcome = self.send(attempt).await;
        if let Ok(task) = &outcome
            && task.wants_stop()
        {
            self.stopper
                .stop_launched(attempt.task, &attempt.connection, &attempt.owner)
                .await;
        }
        if let Err(error) = self.writer.release(attempt.task, &attempt.owner).await {
            let task = attempt.task.0;
            let error = causes(&error);
            tracing::warn!(
                task,
                error,
                "cannot release the lease of the launch; it expires by itself"
            );
        }
        outcome
    }

    /// The response to the user who launched. Only a refusal is an error: after any other failure the reconciler continues
    /// with the task, and a user who sees an error would launch again.
    pub async fn response(
        &self,
        committed: Task,
        outcome: Result<Task, Error>,
    ) -> Result<Task, Error> {
        match outcome {
            Ok(_) | Err(Error::Refused { .. }) => outcome,
            Err(error) => {
                let cause = causes(&error);
                let task = committed.id.0;
                tracing::warn!(
                    task,
                    error = cause,
                    "the launch is saved but not finished; the reconciler retries it"
                );
                if matches!(error, Error::Busy) {
                    return Ok(committed);
                }
                Ok(self.tasks.latest(committed).await)
            }
        }
    }

    /// The caller has the task's lease, and ends it.
    pub async fn send(&self, attempt: &Attempt) -> Result<Task, Error> {
        // The OpenHEXA user is needed before the launch, because a search for a lost run compares it.
        let launched_as = match self.user_of(&attempt.connection).await {
            Ok(user) => user,
            Err(error) => return self.not_sent(attempt.task, &error).await,
        };
        if let Reserved::No(task) = self.reserve(attempt, launched_as).await? {
            return Ok(*task);
        }
        let answer = self
            .openhexa
            .run(&attempt.connection.target, &attempt.launch)
            .await;
        match answer {
            Ok(launched) => {
                let known = Observation::RunKnown { run: launched.run };
                let update = Update::new(Source::OpenHexa, EventKind::RunCreated, known);
                let data = EventData::default().run(launched.run);
                self.writer.apply(attempt.task, update.data(data)).await
            }
            Err(error) => self.without_run(attempt.task, error).await,
        }
    }

    /// The task stays as it is, to be launched later. Another replica can have its lease by now, so nothing but an event is
    /// written.
    async fn not_sent(&self, task: TaskId, why: &openhexa::Error) -> Result<Task, Error> {
        let (rules, now) = (self.writer.rules.clone(), self.writer.now());
        let why = EventData::default().because(&why.into());
        self.writer
            .store
            .write(move |db| {
                let known = lock_task(db, &rules, task, now)?;
                let event = Event::new(now, Source::Bridge, EventKind::LaunchNotSent).data(why);
                store::add_event(db, known.account, task, &event)?;
                Ok(known)
            })
            .await
    }

    async fn without_run(&self, task: TaskId, error: LaunchError) -> Result<Task, Error> {
        match error {
            LaunchError::Refused(why) => {
                let note = Note::from(&why);
                let data = EventData::default().because(&note);
                let refused = Observation::LaunchRefused { why: note };
                let update =
                    Update::new(Source::OpenHexa, EventKind::LaunchRefused, refused).data(data);
                let task = self.writer.apply(task, update).await?;
                Err(Error::Refused {
                    why,
                    task: Box::new(task),
                })
            }
            LaunchError::NotSent(why) => {
                let postponed = Observation::LaunchPostponed;
                let update = Update::new(Source::Bridge, EventKind::LaunchNotSent, postponed);
                let data = EventData::default().because(&Note::from(&why));
                self.writer.apply(task, update.data(data)).await
            }
            LaunchError::UnknownOutcome(why) => {
                let unsure = Observation::LaunchUnsure;
                let update = Update::new(Source::Bridge, EventKind::LaunchUnsure, unsure);
                let data = EventData::default().because(&Note::from(&why));
                self.writer
                    .apply(task, update.data(data).always_recorded())
                    .await
            }
        }
    }

    /// Marks the task as launching. Not if it was cancelled, if another launch has to end first, or if the lease expired and
    /// another replica launches it.
    async fn reserve(&self, attempt: &Attempt, launched_as: UserId) -> Result<Reserved, Error> {
        let (rules, now) = (self.writer.rules.clone(), self.writer.now());
        let prefix = self.fingerprints.prefix();
        let (task, owner) = (attempt.task, attempt.owner.clone());
        let reserved = self
            .writer
            .store
            .write(move |db| {
                let before = lock_task(db, &rules, task, now)?;
                let has_lease = store::renew_lease(db, task, &owner, now + rules.lease)?;
                let alone = before.run.names_task
                    || !store::must_wait_for_other_launch(db, before.pipeline.id, task, &prefix)?;
                if !(has_lease && alone && before.may_be_launched()) {
                    return Ok(Reserved::No(Box::new(before)));
                }
                let launched_as = Some(launched_as);
                let reserved = Observation::LaunchReserved { launched_as };
                let update = Update::new(Source::Bridge, EventKind::LaunchRequested, reserved)
                    .always_recorded();
                let after = apply(db, &rules, before.clone(), &update, now)?;
                Ok(match after {
                    Ok(task) if task.state == State::Launching => Reserved::Yes,
                    Ok(task) => Reserved::No(Box::new(task)),
                    Err(_) => Reserved::No(Box::new(before)),
                })
            })
            .await;
        self.writer.changed.notify();
        reserved
    }

    /// The OpenHEXA user of the connection. It is requested once and stored until the token changes.
    async fn user_of(&self, connection: &Connection) -> Result<UserId, openhexa::Error> {
        if let Some(user) = connection.user {
            return Ok(user);
        }
        let user = self.openhexa.me(&connection.target).await?;
        let (cipher, asked) = (self.writer.store.cipher.clone(), connection.clone());
        let kept: Result<(), Error> = self
            .writer
            .store
            .write(move |db| Ok(store::put_connection_user(db, &cipher, &asked, user)?))
            .await;
        if let Err(error) = kept {
            let error = causes(&error);
            let host = &connection.instance;
            tracing::warn!(
                host,
                error,
                "cannot store the OpenHEXA user of the connection; the next launch requests it again"
            );
        }
        Ok(user)
    }
}
