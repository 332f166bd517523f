//! Where the bridge stands beside Iaso, each task has a copy among Iaso's own, which Iaso writes over: its kill button,
//! its worker, a row saved whole by somebody who had read it before. What is found there is a wish at most, to stop,
//! and never a state: the wish goes the way of every cancel, and the copy is written again as the task is.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::observe::{Fact, take};
use super::stop::WISHED;
use super::{Bridge, Error, Rules, causes};
use crate::domain::ids::TaskId;
use crate::domain::observation::Observation;
use crate::domain::task::Task;
use crate::store::{self, Db, Event, Source};

/// The event of a task whose row in Iaso was moved to another account.
const MOVED: &str = "its row in Iaso was moved to another account and is not updated any more";

/// When this process last looked through the copies.
#[derive(Default)]
pub struct Rounds(Mutex<Option<DateTime<Utc>>>);

impl Rounds {
    fn is_due(&self, every: TimeDelta, now: DateTime<Utc>) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| now - last >= every);
        if due {
            *last = Some(now);
        }
        due
    }
}

impl Bridge {
    /// Once per usual look, whatever else the pass does. A copy that cannot be mended is found again next time.
    pub(super) async fn mend_copies(&self) {
        let now = self.now();
        if !self.store().is_attached() || !self.rounds.is_due(self.rules().looks.usual, now) {
            return;
        }
        if let Err(error) = self.mend_strayed(now).await {
            let error = causes(&error);
            tracing::warn!(
                error,
                "cannot compare tasks with their rows in Iaso; it is retried"
            );
        }
        if let Err(error) = self.tell_moved(now).await {
            let error = causes(&error);
            tracing::warn!(
                error,
                "cannot check which rows in Iaso belong to another account; it is retried"
            );
        }
        let (store, vault) = (self.store(), self.store().vault.clone());
        let refreshed = store.read(move |db| store::refresh_connections(db, &vault));
        if let Err(error) = refreshed.await {
            let error = causes(&error);
            tracing::warn!(
                error,
                "cannot update the OpenHEXA tokens of running tasks; it is retried"
            );
        }
    }

    async fn mend_strayed(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let strayed = self
            .store()
            .read(move |db| Ok::<_, Error>(store::strayed(db, now)?))
            .await?;
        for id in strayed {
            if let Err(error) = self.mend(id).await {
                let error = causes(&error);
                tracing::warn!(
                    task = id.0,
                    error,
                    "cannot correct the task's row in Iaso; it is retried"
                );
            }
        }
        Ok(())
    }

    /// Copies that were moved to another account: each gets one event, and ends there without anything of the task.
    async fn tell_moved(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let moved = self
            .store()
            .read(move |db| Ok::<_, Error>(store::moved(db, now, MOVED)?))
            .await?;
        for id in moved {
            self.store()
                .write(move |db| {
                    if let Some(task) = store::lock(db, id)? {
                        let event = Event::new(now, Source::Bridge, MOVED);
                        store::add_event(db, task.account, id, &event)?;
                        store::disown(db, id, now)?;
                    }
                    Ok::<_, Error>(())
                })
                .await?;
            tracing::warn!(
                task = id.0,
                "the task's row in Iaso was moved to another account; it is no longer updated"
            );
        }
        Ok(())
    }

    /// Looked at once more under the task's lock: a move or another replica may have mended it.
    async fn mend(&self, id: TaskId) -> Result<(), Error> {
        let (bridge, now) = (self.clone(), self.now());
        self.store()
            .write(move |db| {
                let Some(task) = store::lock(db, id)? else {
                    return Ok(());
                };
                if !store::has_strayed(db, id)? {
                    return Ok(());
                }
                let after = heeded(db, bridge.rules(), task.clone(), now)?;
                if after == task {
                    store::save_copy(db, &task)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        self.changes.happened();
        Ok(())
    }
}

/// The task as its owner's transaction finds it, with a wish to stop that was made in Iaso since the last look.
pub(super) fn heeded(
    db: &mut Db<'_>,
    rules: &Rules,
    task: Task,
    now: DateTime<Utc>,
) -> Result<Task, Error> {
    let wished = task.verdict().is_none() && !store::stop_wishes(db, &[task.id])?.is_empty();
    if !wished {
        return Ok(task);
    }
    // It cannot conflict: the task has not ended.
    let after = take(db, rules, task.clone(), &wish(), now)?.unwrap_or(task);
    audit(&after);
    Ok(after)
}

/// The line of a deed that came by no request: Iaso does not say who pressed its button. Should the transaction fail, the
/// next one to find the wish writes another.
pub(super) fn audit(task: &Task) {
    let (task, account) = (task.id.0, task.account.0);
    tracing::info!(target: "audit", action = "cancel", outcome = "done", who = "Iaso", account, object = %task, task, "audit");
}

pub(super) fn wish() -> Fact {
    let fact = Fact::new(Source::User, WISHED, Observation::CancelAsked);
    fact.detail("asked in Iaso; by whom it does not say")
}
