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
    settled: i64,
    /// Published changes whose numbers are not settled: the next poll reads them again.
    published: HashSet<ChangedTask>,
}

impl Live {
    /// A slot for a stream. The first one starts the reader, from now on.
    pub(super) async fn open_slot(&self, who: &Principal) -> Result<StreamSlot, Error> {
        let slot = self.slots.acquire(who.caller())?;
        let mut reader = self.reader.lock().await;
        if reader.is_none() {
            let settled = self.read_settled().await?;
            self.log().restart(settled);
            *reader = Some(Reader {
                settled,
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
        let (settled, changed) = self.read_changed(current.settled).await?;
        let is_new = |one: &&ChangedTask| !current.published.contains(one);
        let new: Vec<ChangedTask> = changed.iter().filter(is_new).copied().collect();
        let resume_points = resume_points(&new, settled);
        for (changed, resume_points) in new.chunks(BATCH).zip(resume_points.chunks(BATCH)) {
            self.publish(changed, resume_points).await?;
        }
        self.log().settled = settled;
        *current = Reader {
            settled,
            published: unsettled(changed, settled),
        };
        drop(reader);
        if !new.is_empty() {
            tokio::time::sleep(COLLECT_FOR).await;
        }
        Ok(new.len())
    }

    async fn read_settled(&self) -> Result<i64, Error> {
        let read = |db: &mut Db<'_>| Ok::<_, Error>(store::settled_position(db)?);
        let settled = self.store.read(read).await?;
        if !settled.is_behind {
            return Ok(settled.number);
        }
        self.advance_counter().await?;
        Ok(self.store.read(read).await?.number)
    }

    async fn advance_counter(&self) -> Result<(), Error> {
        let advance = |db: &mut Db<'_>| Ok::<_, Error>(store::advance_change_counter(db)?);
        self.store.write(advance).await
    }

    async fn read_changed(&self, from: i64) -> Result<(i64, Vec<ChangedTask>), Error> {
        let read = move |db: &mut Db<'_>| {
            // The settled position is read first, so that the changes below it are visible to the second query.
            let settled = store::settled_position(db)?;
            let changed = store::changed_tasks(db, from.min(settled.number))?;
            Ok::<_, Error>((settled, changed))
        };
        let (mut settled, mut changed) = self.store.read(read).await?;
        if settled.is_behind {
            self.advance_counter().await?;
            (settled, changed) = self.store.read(read).await?;
        }
        Ok((settled.number, changed))
    }

    async fn publish(&self, changed: &[ChangedTask], resume_points: &[i64]) -> Result<(), Error> {
        let (changed, resume_points) = (changed.to_vec(), resume_points.to_vec());
        let task_json = self.task_json;
        let read = self.store.read(move |db| {
            let found = store::with_tasks(db, &changed)?;
            let resume_at = |one: &ChangedTask| {
                changed
                    .iter()
                    .position(|own| own == one)
                    .map(|at| resume_points[at])
            };
            let resume_points: Vec<_> =
                found.iter().filter_map(|(one, _)| resume_at(one)).collect();
            let views = with_run_urls(db, found.into_iter().map(|(_, task)| task).collect())?;
            let pairs = views.iter().zip(resume_points);
            let changes = pairs.map(|(view, resume_at)| change(view, resume_at, task_json));
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

pub(super) fn change(view: &TaskView, resume_at: i64, task_json: TaskJson) -> TaskUpdate {
    TaskUpdate {
        task: view.task.id,
        account: view.task.account,
        revision: view.task.revision,
        confirmed: view.task.is_confirmed(),
        resume_at,
        text: task_json(view),
    }
}

fn unsettled(changed: Vec<ChangedTask>, settled: i64) -> HashSet<ChangedTask> {
    let unsettled = changed.into_iter().filter(|one| one.number >= settled);
    unsettled.collect()
}

/// Where a client that has received up to each of these changes continues. Changes with the same number belong to one
/// transaction and become visible together. Above the settled position, changes with lower numbers can still appear.
pub(super) fn resume_points(changed: &[ChangedTask], settled: i64) -> Vec<i64> {
    let next = |at: usize| changed.get(at + 1).map(|one| one.number);
    let resume_at = |(at, one): (usize, &ChangedTask)| {
        let is_last = next(at) != Some(one.number);
        settled.min(one.number + i64::from(is_last))
    };
    changed.iter().enumerate().map(resume_at).collect()
}
