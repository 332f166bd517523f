//! Whether an account is still there. Integrated with Iaso's database, Iaso deletes accounts, and their keys with them
//! open nothing any more; standalone there is one account for good.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Bridge, Error};
use crate::domain::ids::AccountId;
use crate::store;

/// How long an answer of the database is used again, as for keys.
const REMEMBERED: TimeDelta = TimeDelta::seconds(5);
const MOST: usize = 10_000;

/// Accounts asked for of late, and whether they were there.
#[derive(Default)]
pub struct Accounts(Mutex<HashMap<AccountId, (bool, DateTime<Utc>)>>);

impl Accounts {
    fn recall(&self, account: AccountId, now: DateTime<Utc>) -> Option<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_there, at) = known.get(&account)?;
        (now - *at < REMEMBERED).then_some(*is_there)
    }

    fn keep(&self, account: AccountId, is_there: bool, now: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(account, (is_there, now));
    }
}

impl Bridge {
    pub(super) async fn has_account(&self, account: AccountId) -> Result<bool, Error> {
        if !self.store().is_attached() {
            return Ok(true);
        }
        let now = self.now();
        if let Some(is_there) = self.accounts.recall(account, now) {
            return Ok(is_there);
        }
        let asked = self
            .store()
            .read(move |db| Ok::<_, Error>(store::knows_account(db, account)?));
        let is_there = asked.await?;
        self.accounts.keep(account, is_there, now);
        Ok(is_there)
    }
}
