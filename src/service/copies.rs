//! Where the bridge stands beside Iaso, each task has a copy among Iaso's own, which Iaso writes over: its kill button,
//! its worker, a row saved whole by somebody who had read it before. What is found there is a wish at most, to stop,
//! and never a state: the wish goes the way of every cancel, and the copy is written again as the task is.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::observe::heeded;
use super::{Bridge, Error, causes};
use crate::domain::event::{Event, EventKind, Source};
use crate::domain::ids::TaskId;
use crate::store;

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
        let refreshed = store.write(move |db| store::refresh_connections(db, &vault));
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
            .read(move |db| Ok::<_, Error>(store::moved(db, now, EventKind::MirrorMoved)?))
            .await?;
        for id in moved {
            self.store()
                .write(move |db| {
                    if let Some(task) = store::lock(db, id)? {
                        let event = Event::new(now, Source::Bridge, EventKind::MirrorMoved);
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
        self.task_changed.notify();
        Ok(())
    }
}
