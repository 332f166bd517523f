//! Keeps the rows of tasks in Iaso's database up to date, if the bridge is attached to it.
//!
//! Iaso changes these rows: its kill button, its worker, a user who saves an old row. A kill is applied as a cancel. Any other
//! change is overwritten with the task's state.

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::apply::apply_kill;
use super::task_writer::TaskWriter;
use crate::domain::event::{Event, EventKind, Source};
use crate::domain::ids::TaskId;
use crate::service::{Error, causes};
use crate::store;

/// When this process last compared the rows.
#[derive(Default)]
struct SyncTimer(Mutex<Option<DateTime<Utc>>>);

impl SyncTimer {
    fn is_due(&self, every: TimeDelta, now: DateTime<Utc>) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| now - last >= every);
        if due {
            *last = Some(now);
        }
        due
    }
}

pub struct MirrorSync {
    writer: TaskWriter,
    timer: SyncTimer,
}

impl MirrorSync {
    pub fn new(writer: TaskWriter) -> Self {
        Self {
            writer,
            timer: SyncTimer::default(),
        }
    }

    /// Once per `reconcile.usual`. A row that cannot be corrected is found again the next time.
    pub async fn run(&self) {
        let now = self.writer.now();
        if !self.writer.store.is_attached()
            || !self.timer.is_due(self.writer.rules.polls.usual, now)
        {
            return;
        }
        if let Err(error) = self.correct_drifted(now).await {
            let error = causes(&error);
            tracing::warn!(
                error,
                "cannot compare tasks with their rows in Iaso; it is retried"
            );
        }
        if let Err(error) = self.record_moved(now).await {
            let error = causes(&error);
            tracing::warn!(
                error,
                "cannot check which rows in Iaso belong to another account; it is retried"
            );
        }
        let (store, cipher) = (&self.writer.store, self.writer.store.cipher.clone());
        let refreshed = store.write(move |db| store::refresh_connections(db, &cipher));
        if let Err(error) = refreshed.await {
            let error = causes(&error);
            tracing::warn!(
                error,
                "cannot update the OpenHEXA tokens of running tasks; it is retried"
            );
        }
    }

    async fn correct_drifted(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let drifted = self
            .writer
            .store
            .read(move |db| Ok::<_, Error>(store::drifted_mirrors(db, now)?))
            .await?;
        for id in drifted {
            if let Err(error) = self.correct(id).await {
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

    /// Rows that were moved to another account. Each gets one event and is not updated any more.
    async fn record_moved(&self, now: DateTime<Utc>) -> Result<(), Error> {
        let moved = self
            .writer
            .store
            .read(move |db| {
                Ok::<_, Error>(store::mirrors_in_other_account(
                    db,
                    now,
                    EventKind::MirrorMoved,
                )?)
            })
            .await?;
        for id in moved {
            self.writer
                .store
                .write(move |db| {
                    if let Some(task) = store::lock_task(db, id)? {
                        let event = Event::new(now, Source::Bridge, EventKind::MirrorMoved);
                        store::add_event(db, task.account, id, &event)?;
                        store::end_mirror_in_other_account(db, id, now)?;
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

    /// Checked again under the task's lock, because another change or replica can have corrected it.
    async fn correct(&self, id: TaskId) -> Result<(), Error> {
        let (rules, now) = (self.writer.rules.clone(), self.writer.now());
        self.writer
            .store
            .write(move |db| {
                let Some(task) = store::lock_task(db, id)? else {
                    return Ok(());
                };
                if !store::has_drifted_mirror(db, id)? {
                    return Ok(());
                }
                let after = apply_kill(db, &rules, task.clone(), now)?;
                if after == task {
                    store::rewrite_mirror(db, &task)?;
                }
                Ok::<_, Error>(())
            })
            .await?;
        self.writer.changed.notify();
        Ok(())
    }
}
