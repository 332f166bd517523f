//! Accounts whose OpenHEXA cannot be used now. Kept in memory.
//!
//! While requests fail, one run at a time tries again. Otherwise the runs of one account, which all wait for an OpenHEXA that does
//! not respond, would use all the places in which runs are advanced.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::flow::Problem;
use crate::domain::ids::AccountId;

/// Why a run is tried again, and when.
#[derive(Clone, Debug)]
pub struct Outage {
    pub why: Problem,
    pub until: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub struct Outages(Mutex<HashMap<AccountId, Outage>>);

impl Outages {
    /// None: OpenHEXA can be used, or this caller is the one that tries again. The next one tries after `wait`.
    pub fn current(
        &self,
        account: AccountId,
        now: DateTime<Utc>,
        wait: TimeDelta,
    ) -> Option<Outage> {
        let mut all = self.lock();
        let known = all.get_mut(&account)?;
        if known.until > now {
            return Some(known.clone());
        }
        known.until = now + wait;
        None
    }

    pub fn add(&self, account: AccountId, outage: Outage) {
        self.lock().insert(account, outage);
    }

    pub fn end(&self, account: AccountId) {
        self.lock().remove(&account);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountId, Outage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
