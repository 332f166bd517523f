//! Reads changes of tasks from the database, once per process for all its streams.
//!
//! A change made by this process wakes the reader at once; changes of other replicas are found at the next poll, every
//! `stream.poll`. The reader reads all changes from the lowest number that was not settled at the previous poll (see
//! `store/changes.rs`), leaves out those that it has published, and adds the rest to the log. While no stream is open,
//! nothing is read.

use std::collections::HashSet;
use std::time::Duration;

use super::log::TaskUpdate;
use super::slots::StreamSlot;
use super::{Live, TaskJson};
use crate::domain::principal::Principal;
use crate::service::Error;
use crate::service::tasks::{TaskView, with_run_urls};
use crate::store::{self, ChangedTask, Db};

/// How many tasks one query reads.
const BATCH: usize = 100;
/// How long further changes are collected after a change, because each publication wakes every stream.
const COLLECT_FOR: Duration = Duration::from_millis(50);

/// How far the database was read.
pub(super) struct Reader {
    horizon: i64,
    /// Published changes whose numbers are not settled: the next poll reads them again.
    published: HashSet<ChangedTask>,
}

impl Live {
    /// A slot for a stream. The first one starts the reader, from now on.
    pub(super) async fn open_slot(&self, who: &Principal) -> Result<StreamSlot, Error> {
        let slot = self.slots.acquire(who.caller())?;
        let mut reader = self.reader.lock().await;
        if reader.is_none() {
            let horizon = self.read_horizon().await?;
            self.log().restart(horizon);
            *reader = Some(Reader {
                horizon,
                published: HashSet::new(),
            });
        }
        Ok(slot)
    }

    /// Reads new changes and publishes them to all streams. Returns how many there were.
    pub async fn publish_changes(&self) -> Result<usize, Error> {
        let mut reader = self.reader.lock().await;
        if self.open_streams() == 0 {
            *reader = None;
        }
        let Some(current) = reader.as_mut() else {
            return Ok(0);
        };
        let (horizon, heads) = self.read_heads(current.horizon).await?;
        let is_new = |head: &&ChangedTask| !current.published.contains(head);
        let new: Vec<ChangedTask> = heads.iter().filter(is_new).copied().collect();
        let marks = marks(&new, horizon);
        for (heads, marks) in new.chunks(BATCH).zip(marks.chunks(BATCH)) {
            self.publish(heads, marks).await?;
        }
        self.log().horizon = horizon;
        *current = Reader {
            horizon,
            published: unsettled(heads, horizon),
        };
        drop(reader);
        if !new.is_empty() {
            tokio::time::sleep(COLLECT_FOR).await;
        }
        Ok(new.len())
    }

    async fn read_horizon(&self) -> Result<i64, Error> {
        let read = |db: &mut Db<'_>| Ok::<_, Error>(store::settled_position(db)?);
        let horizon = self.store.read(read).await?;
        if !horizon.is_behind {
            return Ok(horizon.number);
        }
        self.advance_counter().await?;
        Ok(self.store.read(read).await?.number)
    }

    async fn advance_counter(&self) -> Result<(), Error> {
        let advance = |db: &mut Db<'_>| Ok::<_, Error>(store::advance_change_counter(db)?);
        self.store.write(advance).await
    }

    async fn read_heads(&self, from: i64) -> Result<(i64, Vec<ChangedTask>), Error> {
        let read = move |db: &mut Db<'_>| {
            // The horizon is read first, so that the changes below it are visible to the second query.
            let horizon = store::settled_position(db)?;
            let heads = store::changed_tasks(db, from.min(horizon.number))?;
            Ok::<_, Error>((horizon, heads))
        };
        let (mut horizon, mut heads) = self.store.read(read).await?;
        if horizon.is_behind {
            self.advance_counter().await?;
            (horizon, heads) = self.store.read(read).await?;
        }
        Ok((horizon.number, heads))
    }

    async fn publish(&self, heads: &[ChangedTask], marks: &[i64]) -> Result<(), Error> {
        let (heads, marks) = (heads.to_vec(), marks.to_vec());
        let task_json = self.task_json;
        let read = self.store.read(move |db| {
            let found = store::with_tasks(db, &heads)?;
            let mark =
                |head: &ChangedTask| heads.iter().position(|own| own == head).map(|at| marks[at]);
            let marks: Vec<_> = found.iter().filter_map(|(head, _)| mark(head)).collect();
            let views = with_run_urls(db, found.into_iter().map(|(_, task)| task).collect())?;
            let pairs = views.iter().zip(marks);
            let changes = pairs.map(|(view, mark)| change(view, mark, task_json));
            Ok::<_, Error>(changes.collect())
        });
        self.add_to_log(read.await?);
        Ok(())
    }

    fn add_to_log(&self, changes: Vec<TaskUpdate>) {
        let newest = {
            let mut log = self.log();
            for change in changes {
                log.push(change, self.max_bytes);
            }
            log.newest()
        };
        self.newest.send_replace(newest);
    }
}

pub(super) fn change(view: &TaskView, mark: i64, task_json: TaskJson) -> TaskUpdate {
    TaskUpdate {
        task: view.task.id,
        account: view.task.account,
        revision: view.task.revision,
        confirmed: view.task.is_confirmed(),
        mark,
        text: task_json(view),
    }
}

fn unsettled(heads: Vec<ChangedTask>, horizon: i64) -> HashSet<ChangedTask> {
    let unsettled = heads.into_iter().filter(|head| head.number >= horizon);
    unsettled.collect()
}

/// Where a client that has received up to each of these changes continues. Changes with the same number belong to one
/// transaction and become visible together. Above the horizon, changes with lower numbers can still appear.
pub(super) fn marks(heads: &[ChangedTask], horizon: i64) -> Vec<i64> {
    let next = |at: usize| heads.get(at + 1).map(|head| head.number);
    let mark = |(at, head): (usize, &ChangedTask)| {
        let is_last = next(at) != Some(head.number);
        horizon.min(head.number + i64::from(is_last))
    };
    heads.iter().enumerate().map(mark).collect()
}
