//! Asking OpenHEXA for a run: once, within a time limit, and never again blindly.
//!
//! Before the call the task is marked as being launched; after it, one of four things is known: the run's id, that
//! OpenHEXA refused, that nothing was sent, or nothing at all. The last is no failure: the reconciler looks for the run.

use super::observe::{Fact, own, take};
use super::{Bridge, Error, causes};
use crate::domain::connection::Connection;
use crate::domain::event::{Event, EventData, EventKind, Source};
use crate::domain::ids::{TaskId, UserId};
use crate::domain::note::Note;
use crate::domain::observation::Observation;
use crate::domain::run::Launch;
use crate::domain::task::{State, Task};
use crate::openhexa::{self, LaunchError};
use crate::store;

/// A task that is to be launched, with what is to be sent.
pub struct Attempt {
    pub task: TaskId,
    /// Who holds the task's lease for this attempt.
    pub owner: String,
    pub connection: Connection,
    pub launch: Launch,
}

/// Whether the launch is ours to make.
enum Reserved {
    Yes,
    /// With the task as it is.
    No(Box<Task>),
}

impl Bridge {
    /// The caller holds the task's lease, which is given back.
    pub(super) async fn carry_out(&self, attempt: &Attempt) -> Result<Task, Error> {
        let outcome = self.attempt(attempt).await;
        if let Ok(task) = &outcome
            && task.wants_stop()
        {
            self.stop_launched(attempt).await;
        }
        if let Err(error) = self.plan_next(attempt.task, &attempt.owner).await {
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

    /// Once its task is committed, only a refusal of OpenHEXA fails a launch: after any other failure the reconciler goes
    /// on with the task, and a caller who heard of an error would launch it again.
    pub(super) async fn launched(
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

    /// The caller holds the task's lease, and gives it back.
    pub(super) async fn attempt(&self, attempt: &Attempt) -> Result<Task, Error> {
        // As whom a run is made is known before it is asked for: the run is looked for by it, should it be lost.
        let launched_as = match self.user_of(&attempt.connection).await {
            Ok(user) => user,
            Err(error) => return self.not_asked(attempt.task, &error).await,
        };
        if let Reserved::No(task) = self.reserve(attempt, launched_as).await? {
            return Ok(*task);
        }
        let answer = self
            .openhexa()
            .run(&attempt.connection.target, &attempt.launch)
            .await;
        match answer {
            Ok(launched) => {
                let known = Observation::RunKnown { run: launched.run };
                let fact = Fact::new(Source::OpenHexa, EventKind::RunCreated, known);
                let data = EventData::default().run(launched.run);
                self.observe(attempt.task, fact.data(data)).await
            }
            Err(error) => self.without_run(attempt.task, error).await,
        }
    }

    /// The task stays as it is, to be launched later: it may be somebody else's by now, so nothing is learnt of it here.
    async fn not_asked(&self, task: TaskId, why: &openhexa::Error) -> Result<Task, Error> {
        let (bridge, now, why) = (
            self.clone(),
            self.now(),
            EventData::default().because(&why.into()),
        );
        self.store()
            .write(move |db| {
                let known = own(db, bridge.rules(), task, now)?;
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
                let fact =
                    Fact::new(Source::OpenHexa, EventKind::LaunchRefused, refused).data(data);
                let task = self.observe(task, fact).await?;
                Err(Error::Refused {
                    why,
                    task: Box::new(task),
                })
            }
            LaunchError::NotSent(why) => {
                let postponed = Observation::LaunchPostponed;
                let fact = Fact::new(Source::Bridge, EventKind::LaunchNotSent, postponed);
                let data = EventData::default().because(&Note::from(&why));
                self.observe(task, fact.data(data)).await
            }
            LaunchError::Unsure(why) => {
                let unsure = Observation::LaunchUnsure;
                let fact = Fact::new(Source::Bridge, EventKind::LaunchUnsure, unsure);
                let data = EventData::default().because(&Note::from(&why));
                self.observe(task, fact.data(data).always_told()).await
            }
        }
    }

    /// Marks the task as being launched, unless something stands against it: most of all that the lease ran out and
    /// somebody else launches it.
    async fn reserve(&self, attempt: &Attempt, launched_as: UserId) -> Result<Reserved, Error> {
        let (bridge, now) = (self.clone(), self.now());
        let (task, owner) = (attempt.task, attempt.owner.clone());
        let reserved = self
            .store()
            .write(move |db| {
                let before = own(db, bridge.rules(), task, now)?;
                let held = store::renew(db, task, &owner, now + bridge.rules().lease)?;
                let key = bridge.fingerprint_key();
                let alone =
                    before.run.names_task || !store::must_wait(db, before.pipeline.id, task, &key)?;
                if !(held && alone && before.may_be_launched()) {
                    return Ok(Reserved::No(Box::new(before)));
                }
                let launched_as = Some(launched_as);
                let reserved = Observation::LaunchReserved { launched_as };
                let fact =
                    Fact::new(Source::Bridge, EventKind::LaunchRequested, reserved).always_told();
                let taken = take(db, bridge.rules(), before.clone(), &fact, now)?;
                Ok(match taken {
                    Ok(task) if task.state == State::Launching => Reserved::Yes,
                    Ok(task) => Reserved::No(Box::new(task)),
                    Err(_) => Reserved::No(Box::new(before)),
                })
            })
            .await;
        self.task_changed.notify();
        reserved
    }

    /// As whom the connection makes runs; asked once, kept until the token changes.
    async fn user_of(&self, connection: &Connection) -> Result<UserId, openhexa::Error> {
        if let Some(user) = connection.user {
            return Ok(user);
        }
        let user = self.openhexa().me(&connection.target).await?;
        let (vault, asked) = (self.store().vault.clone(), connection.clone());
        let kept: Result<(), Error> = self
            .store()
            .write(move |db| Ok(store::put_connection_user(db, &vault, &asked, user)?))
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
