//! Reads changes of tasks from the database, once per process for all its streams.
//!
//! A change made by this process wakes the reader at once; changes of other replicas are found at the next poll, every
//! `stream.poll`. The reader reads all changes from the lowest number that was not settled at the previous poll (see
//! `store/changes.rs`), leaves out those that it has published, and adds the rest to the log. While no stream is open,
//! nothing is read.

use std::collections::HashSet;
use std::time::Duration;

use super::log::Change;
use super::slots::StreamSlot;
use super::{Live, TaskJson};
use crate::domain::principal::Principal;
use crate::service::Error;
use crate::service::tasks::{TaskView, with_run_urls};
use crate::store::{self, Head};

/// How many tasks one query reads.
const BATCH: usize = 100;
/// How long further changes are collected after a change, because each publication wakes every stream.
const COLLECT_FOR: Duration = Duration::from_millis(50);

/// How far the database was read.
pub(super) struct Reader {
    horizon: i64,
    /// Published changes whose numbers are not settled: the next poll reads them again.
    published: HashSet<Head>,
}

impl Live {
    /// A slot for a stream. The first one starts the reader, from now on.
    pub(super) async fn open_slot(&self, who: &Principal) -> Result<StreamSlot, Error> {
        let slot = self.slots.acquire(who.caller())?;
        let mut reader = self.reader.lock().await;
        if reader.is_none() {
            let read = self.store.read(store::horizon);
            let horizon = read.await.map_err(Error::from)?;
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
        let is_new = |head: &&Head| !current.published.contains(head);
        let new: Vec<Head> = heads.iter().filter(is_new).copied().collect();
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

    async fn read_heads(&self, from: i64) -> Result<(i64, Vec<Head>), Error> {
        let read = self.store.read(move |db| {
            // The horizon is read first, so that the changes below it are visible to the second query.
            let horizon = store::horizon(db)?;
            Ok::<_, Error>((horizon, store::heads(db, from.min(horizon))?))
        });
        read.await
    }

    async fn publish(&self, heads: &[Head], marks: &[i64]) -> Result<(), Error> {
        let (heads, marks) = (heads.to_vec(), marks.to_vec());
        let task_json = self.task_json;
        let read = self.store.read(move |db| {
            let found = store::with_tasks(db, &heads)?;
            let mark = |head: &Head| heads.iter().position(|own| own == head).map(|at| marks[at]);
            let marks: Vec<_> = found.iter().filter_map(|(head, _)| mark(head)).collect();
            let views = with_run_urls(db, found.into_iter().map(|(_, task)| task).collect())?;
            let pairs = views.iter().zip(marks);
            let changes = pairs.map(|(view, mark)| change(view, mark, task_json));
            Ok::<_, Error>(changes.collect())
        });
        self.add_to_log(read.await?);
        Ok(())
    }

    fn add_to_log(&self, changes: Vec<Change>) {
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

pub(super) fn change(view: &TaskView, mark: i64, task_json: TaskJson) -> Change {
    Change {
        task: view.task.id,
        account: view.task.account,
        revision: view.task.revision,
        confirmed: view.task.confirmed(),
        mark,
        text: task_json(view),
    }
}

fn unsettled(heads: Vec<Head>, horizon: i64) -> HashSet<Head> {
    let unsettled = heads.into_iter().filter(|head| head.changed >= horizon);
    unsettled.collect()
}

/// Where a client that has received up to each of these changes continues. Changes with the same number belong to one
/// transaction and become visible together. Above the horizon, changes with lower numbers can still appear.
pub(super) fn marks(heads: &[Head], horizon: i64) -> Vec<i64> {
    let next = |at: usize| heads.get(at + 1).map(|head| head.changed);
    let mark = |(at, head): (usize, &Head)| {
        let is_last = next(at) != Some(head.changed);
        horizon.min(head.changed + i64::from(is_last))
    };
    heads.iter().enumerate().map(mark).collect()
}
