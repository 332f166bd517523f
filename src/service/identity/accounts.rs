//! Whether an account exists. Attached to Iaso, Iaso can delete accounts, and their keys stop working; standalone there
//! is one account, which always exists.

use super::cache::RecentCache;
use crate::clock::Clock;
use crate::domain::ids::AccountId;
use crate::service::Error;
use crate::store::{self, Store};

const CACHED_ACCOUNTS: usize = 10_000;

pub struct Accounts {
    store: Store,
    clock: Clock,
    cache: RecentCache<AccountId, bool>,
}

impl Accounts {
    pub fn new(store: Store, clock: Clock) -> Self {
        let cache = RecentCache::new(CACHED_ACCOUNTS);
        Self {
            store,
            clock,
            cache,
        }
    }

    pub async fn exists(&self, account: AccountId) -> Result<bool, Error> {
        if !self.store.is_attached() {
            return Ok(true);
        }
        let now = self.clock.now();
        if let Some(exists) = self.cache.get_fresh(&account, now) {
            return Ok(exists);
        }
        let read = self
            .store
            .read(move |db| Ok::<_, Error>(store::knows_account(db, account)?));
        let exists = read.await?;
        self.cache.insert(account, exists, now);
        Ok(exists)
    }
}
