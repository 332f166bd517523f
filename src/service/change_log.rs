//! The newest state of what changed lately, in the order in which it changed: what all streams of a process read from.
//!
//! States, not deltas: a task that changes again leaves its old place. So a stream needs to remember one number only,
//! and one that reads slowly costs no memory and misses nothing but what has been overtaken. What is too much is
//! forgotten, the oldest first; whoever had not read it is told so and asks the database.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::domain::ids::{AccountId, TaskId};

const MOST: usize = 4_096;

/// A task as it became, in the words in which streams tell it.
#[derive(Debug)]
pub struct Change {
    pub task: TaskId,
    pub account: AccountId,
    pub revision: i64,
    /// Whether its end is final.
    pub confirmed: bool,
    /// Every change with a lower number is told once this one is.
    pub mark: i64,
    pub text: String,
}

#[derive(Default)]
pub struct Log {
    changes: BTreeMap<u64, Arc<Change>>,
    places: HashMap<TaskId, u64>,
    bytes: usize,
    newest: u64,
    /// The newest place that was forgotten, or never filled.
    forgotten: u64,
    /// Every change with a lower number is here, was here, or came before anybody followed.
    pub horizon: i64,
}

/// Some of what a reader wants was forgotten.
#[derive(Debug, PartialEq, Eq)]
pub struct Lagged;

impl Log {
    /// Begins anew: what happened meanwhile is not known.
    pub fn restart(&mut self, horizon: i64) {
        self.changes.clear();
        self.places.clear();
        self.bytes = 0;
        self.newest += 1;
        self.forgotten = self.newest;
        self.horizon = horizon;
    }

    pub fn newest(&self) -> u64 {
        self.newest
    }

    pub fn has_forgotten_since(&self, place: u64) -> bool {
        self.forgotten > place
    }

    /// Puts a state at the end, unless it is known already; forgets what is more than so many bytes.
    pub fn push(&mut self, change: Change, memory: usize) {
        if self
            .of(change.task)
            .is_some_and(|known| known.revision >= change.revision)
        {
            return;
        }
        if let Some(place) = self.places.get(&change.task).copied() {
            self.remove(place);
        }
        self.newest += 1;
        self.bytes += change.text.len();
        self.places.insert(change.task, self.newest);
        self.changes.insert(self.newest, Arc::new(change));
        while self.changes.len() > MOST || self.bytes > memory {
            let Some(oldest) = self.changes.keys().next().copied() else {
                return;
            };
            self.remove(oldest);
            self.forgotten = oldest;
        }
    }

    fn remove(&mut self, place: u64) {
        if let Some(change) = self.changes.remove(&place) {
            self.bytes -= change.text.len();
            self.places.remove(&change.task);
        }
    }

    /// The newest state of a task.
    pub fn of(&self, task: TaskId) -> Option<&Arc<Change>> {
        self.changes.get(self.places.get(&task)?)
    }

    /// At most so many states after a place, with the place of the last one.
    pub fn after(&self, place: u64, limit: usize) -> Result<(u64, Vec<Arc<Change>>), Lagged> {
        if self.has_forgotten_since(place) {
            return Err(Lagged);
        }
        let found = self.changes.range(place + 1..).take(limit);
        let last = found.clone().last().map_or(self.newest, |(last, _)| *last);
        Ok((last, found.map(|(_, change)| change.clone()).collect()))
    }
}
