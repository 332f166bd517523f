//! A run that shall not go on is asked to stop, and asked again while it runs: OpenHEXA can lose a stop that it
//! accepted. Only a look ends the task.
//!
//! That OpenHEXA is about to be asked is written down first, under the task's lease: of two replicas one asks, and a
//! bridge that dies in between asks again only when it is time to.

use super::attempt::Attempt;
use super::observe::{Fact, noted, own, take};
use super::{Bridge, Error, causes};
use crate::domain::connection::Connection;
use crate::domain::event::{Event, EventKind, Source};
use crate::domain::ids::{RunId, TaskId};
use crate::domain::note::NoteCode;
use crate::domain::observation::Observation;
use crate::domain::run::Stop;
use crate::domain::task::Task;
use crate::store::{self, Db};

impl Bridge {
    /// The caller holds the task's lease, and gives it back.
    pub(super) async fn stop_if_due(
        &self,
        id: TaskId,
        connection: &Connection,
        owner: &str,
    ) -> Result<(), Error> {
        let task = self
            .store()
            .read(move |db| store::any_brief(db, id)?.ok_or_else(Error::no_task))
            .await?;
        if !self.rules().stop_is_due(&task, self.now()) {
            return Ok(());
        }
        let Some(run) = self.reserve_stop(id, owner).await? else {
            return Ok(());
        };
        match self.openhexa().stop(&connection.target, run).await {
            Ok(said) => self.after_stop(&task, &said).await,
            Err(error) => {
                let unheard = Fact::new(
                    Source::Bridge,
                    EventKind::StopNotAnswered,
                    Observation::StopUnanswered,
                );
                self.observe(id, unheard).await?;
                Err(error.into())
            }
        }
    }

    /// A launch that was cancelled while OpenHEXA made its run. What fails here is the reconciler's to repeat.
    pub(super) async fn stop_launched(&self, attempt: &Attempt) {
        let (task, connection) = (attempt.task, &attempt.connection);
        if let Err(error) = self.stop_if_due(task, connection, &attempt.owner).await {
            let (error, host) = (causes(&error), &connection.instance);
            tracing::warn!(
                task = task.0,
                host,
                error,
                "the stop request failed; it is retried"
            );
        }
    }

    /// Which run is to be stopped; none when the lease ran out, or somebody else has asked meanwhile.
    async fn reserve_stop(&self, id: TaskId, owner: &str) -> Result<Option<RunId>, Error> {
        let (bridge, now, owner) = (self.clone(), self.now(), owner.to_owned());
        self.store()
            .write(move |db| {
                let before = own(db, bridge.rules(), id, now)?;
                let held = store::renew(db, id, &owner, now + bridge.rules().lease)?;
                if !held || !bridge.rules().stop_is_due(&before, now) {
                    return Ok(None);
                }
                let again = before.run.stops > 0;
                let what = if again {
                    EventKind::StopRepeated
                } else {
                    EventKind::StopRequested
                };
                let mut fact = Fact::new(Source::Bridge, what, Observation::StopAsked);
                fact.always_told = !store::has_event(db, id, what)?;
                let run = before.run.id;
                Ok(take(db, bridge.rules(), before, &fact, now)?.ok().and(run))
            })
            .await
    }

    /// Every answer leaves the end to the next look; one that will not change by itself is told.
    async fn after_stop(&self, task: &Task, said: &Stop) -> Result<(), Error> {
        match said {
            Stop::Accepted | Stop::AlreadyCompleted | Stop::AlreadyStopped | Stop::NotFound => {
                Ok(())
            }
            Stop::Denied => self.say_refused(task).await,
            Stop::Other(word) => {
                tracing::warn!(
                    task = task.id.0,
                    code = word,
                    "OpenHEXA did not accept the stop request"
                );
                self.tell_once(task, EventKind::StopNotAccepted)
                    .await
                    .map(|_| ())
            }
        }
    }

    /// Told once for each time that somebody asks, and said in the task's log.
    async fn say_refused(&self, task: &Task) -> Result<(), Error> {
        let event = Event::new(self.now(), Source::OpenHexa, EventKind::StopDenied);
        let event = noted(event, &NoteCode::StopDenied.into());
        let (id, account) = (task.id, task.account);
        self.store()
            .write(move |db| {
                if is_last_denied(db, id)? {
                    return Ok(());
                }
                Ok::<_, Error>(store::add_event(db, account, id, &event)?)
            })
            .await
    }
}

fn is_last_denied(db: &mut Db<'_>, task: TaskId) -> Result<bool, Error> {
    let of = [EventKind::CancelRequested, EventKind::StopDenied];
    Ok(store::last_told(db, task, &of)? == Some(EventKind::StopDenied))
}
