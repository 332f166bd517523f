//! The last good answers of OpenHEXA, for the time when it gives none. A convenience: no truth is kept here.
//!
//! Each is kept under the version of the configuration it was asked with, so that a changed one finds nothing.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::config::Ground;
use crate::domain::ids::{ConnectionId, PipelineId, VersionId};
use crate::domain::pipeline::{Pipeline, PipelineSummary, Version};

/// More would mean somebody asks for pipelines by the thousand.
const MOST: usize = 2_000;

/// An answer and when it was given.
#[derive(Clone, Debug)]
pub struct Dated<T> {
    pub answer: T,
    pub at: DateTime<Utc>,
    /// Whether OpenHEXA did not answer just now.
    pub stale: bool,
}

/// Under which configuration something was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    connection: ConnectionId,
    version: i64,
}

impl From<&Ground> for Asked {
    fn from(ground: &Ground) -> Self {
        Self {
            connection: ground.connection.id,
            version: ground.config.version,
        }
    }
}

#[derive(Default)]
pub struct Memory {
    pub lists: Shelf<Asked, Vec<PipelineSummary>>,
    pub pipelines: Shelf<(Asked, PipelineId), Pipeline>,
    pub versions: Shelf<(Asked, VersionId), (PipelineId, Version)>,
}

pub struct Shelf<K, T>(Mutex<HashMap<K, Dated<T>>>);

impl<K, T> Default for Shelf<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, T: Clone> Shelf<K, T> {
    /// An answer that was overtaken by a younger one is let go.
    pub fn keep(&self, key: K, answer: &T, at: DateTime<Utc>) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.get(&key).is_some_and(|kept| kept.at > at) {
            return;
        }
        if shelf.len() >= MOST {
            shelf.clear();
        }
        let stale = true;
        let answer = answer.clone();
        shelf.insert(key, Dated { answer, at, stale });
    }

    pub fn recall(&self, key: &K) -> Option<Dated<T>> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.get(key).cloned()
    }

    pub fn drop(&self, key: &K) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }
}
