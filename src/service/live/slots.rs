//! How many streams may be open: in all, per account, and per user or key, so that none of them can use up all slots.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::principal::CallerId;
use crate::service::Error;

#[derive(Clone, Debug)]
pub struct StreamLimits {
    /// How often a stream without changes sends a comment, and its credential is checked again.
    pub comment_interval: Duration,
    /// How many streams may be open.
    pub max_streams: usize,
    pub max_per_account: usize,
    pub max_per_caller: usize,
    /// How many bytes of changes are kept for the slow clients of all streams.
    pub max_bytes: usize,
}

/// Open streams by caller.
type SlotsByCaller = HashMap<CallerId, usize>;

pub struct StreamSlots {
    limits: StreamLimits,
    used: Arc<Mutex<SlotsByCaller>>,
}

impl StreamSlots {
    pub fn new(limits: &StreamLimits) -> Self {
        Self {
            limits: limits.clone(),
            used: Arc::default(),
        }
    }

    pub fn used(&self) -> usize {
        lock(&self.used).values().sum()
    }

    pub fn acquire(&self, caller: CallerId) -> Result<StreamSlot, Error> {
        let mut used = lock(&self.used);
        if self.is_full(&used, &caller) {
            return Err(Error::TooManyStreams);
        }
        *used.entry(caller.clone()).or_default() += 1;
        let used = self.used.clone();
        Ok(StreamSlot { used, caller })
    }

    fn is_full(&self, used: &SlotsByCaller, caller: &CallerId) -> bool {
        let same_account = used.iter().filter(|(other, _)| other.0 == caller.0);
        let account: usize = same_account.map(|(_, count)| count).sum();
        let own = used.get(caller).copied().unwrap_or_default();
        used.values().sum::<usize>() >= self.limits.max_streams
            || account >= self.limits.max_per_account
            || own >= self.limits.max_per_caller
    }
}

/// The slot of an open stream. Dropping it releases the slot.
pub struct StreamSlot {
    used: Arc<Mutex<SlotsByCaller>>,
    caller: CallerId,
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        let mut used = lock(&self.used);
        let own = used.remove(&self.caller).unwrap_or_default();
        if own > 1 {
            used.insert(self.caller.clone(), own - 1);
        }
    }
}

fn lock(used: &Mutex<SlotsByCaller>) -> MutexGuard<'_, SlotsByCaller> {
    used.lock().unwrap_or_else(PoisonError::into_inner)
}
