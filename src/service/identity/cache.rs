//! A cache of what the database returned, for a few seconds: a change on another replica takes effect after that.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// How long an entry replaces a request to the database.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(5);

struct Entry<V> {
    value: V,
    stored_at: DateTime<Utc>,
}

pub struct RecentCache<K, V> {
    entries: Mutex<HashMap<K, Entry<V>>>,
    /// When it is full, it is emptied.
    capacity: usize,
}

impl<K: Eq + Hash, V: Clone> RecentCache<K, V> {
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: Mutex::default(),
            capacity,
        }
    }

    pub fn get_fresh(&self, key: &K, now: DateTime<Utc>) -> Option<V> {
        let entries = self.lock();
        let entry = entries.get(key)?;
        (now - entry.stored_at < FRESH_FOR).then(|| entry.value.clone())
    }

    /// Of any age.
    pub fn get(&self, key: &K) -> Option<V> {
        self.lock().get(key).map(|entry| entry.value.clone())
    }

    pub fn insert(&self, key: K, value: V, now: DateTime<Utc>) {
        let mut entries = self.lock();
        if entries.len() >= self.capacity {
            entries.clear();
        }
        let stored_at = now;
        entries.insert(key, Entry { value, stored_at });
    }

    pub fn remove(&self, key: &K) {
        self.lock().remove(key);
    }

    pub fn remove_where(&self, matches: impl Fn(&V) -> bool) {
        self.lock().retain(|_, entry| !matches(&entry.value));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, Entry<V>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
