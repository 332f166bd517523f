//! The latest changes, in their order: all streams of a process read this log.
//!
//! It contains states, not differences: a task that changes again moves to the end. So a stream only has to remember
//! one position, and a slow client costs no memory; it skips states that were replaced meanwhile. If the log is too
//! large, the oldest changes are dropped. A stream that has not read them reads the database instead.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::ids::{AccountId, TaskId};

const MAX_CHANGES: usize = 4_096;

/// The new state of a task, as streams send it.
#[derive(Debug)]
pub struct TaskUpdate {
    pub task: TaskId,
    pub account: AccountId,
    pub revision: i64,
    /// Whether the final status cannot change any more.
    pub confirmed: bool,
    /// A client that has received this change has received all changes with a lower number.
    pub resume_at: i64,
    pub text: String,
}

#[derive(Default)]
pub(super) struct ChangeLog {
    /// By position.
    changes: BTreeMap<u64, Arc<TaskUpdate>>,
    positions: HashMap<TaskId, u64>,
    bytes: usize,
    newest: u64,
    /// The newest position that was dropped or never used.
    dropped: u64,
    /// All changes with a lower number are or were in the log, or are older than the first stream.
    pub settled: i64,
}

/// Changes that the reader wants were dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lagged;

impl ChangeLog {
    /// Starts again; earlier changes are not known.
    pub fn restart(&mut self, settled: i64) {
        self.changes.clear();
        self.positions.clear();
        self.bytes = 0;
        self.newest += 1;
        self.dropped = self.newest;
        self.settled = settled;
    }

    pub fn newest(&self) -> u64 {
        self.newest
    }

    pub fn has_dropped_since(&self, position: u64) -> bool {
        self.dropped > position
    }

    /// Adds a state, unless the log has it or a newer one; drops changes above `max_bytes`.
    pub fn push(&mut self, change: TaskUpdate, max_bytes: usize) {
        if self
            .of(change.task)
            .is_some_and(|known| known.revision >= change.revision)
        {
            return;
        }
        if let Some(position) = self.positions.get(&change.task).copied() {
            self.remove(position);
        }
        self.newest += 1;
        self.bytes += change.text.len();
        self.positions.insert(change.task, self.newest);
        self.changes.insert(self.newest, Arc::new(change));
        while self.changes.len() > MAX_CHANGES || self.bytes > max_bytes {
            let Some(oldest) = self.changes.keys().next().copied() else {
                return;
            };
            self.remove(oldest);
            self.dropped = oldest;
        }
    }

    fn remove(&mut self, position: u64) {
        if let Some(change) = self.changes.remove(&position) {
            self.bytes -= change.text.len();
            self.positions.remove(&change.task);
        }
    }

    /// The newest state of a task.
    pub fn of(&self, task: TaskId) -> Option<&Arc<TaskUpdate>> {
        self.changes.get(self.positions.get(&task)?)
    }

    /// Up to `limit` states after a position, and the position of the last one.
    pub fn after(
        &self,
        position: u64,
        limit: usize,
    ) -> Result<(u64, Vec<Arc<TaskUpdate>>), Lagged> {
        if self.has_dropped_since(position) {
            return Err(Lagged);
        }
        let found = self.changes.range(position + 1..).take(limit);
        let last = found.clone().last().map_or(self.newest, |(last, _)| *last);
        Ok((last, found.map(|(_, change)| change.clone()).collect()))
    }
}
