//! API keys of the database: listed, revoked and authenticated. `new_key.rs` creates them.
//!
//! The database has a plain SHA-256 of each key: a key is long and random, so its hash cannot be reversed by guessing.
//! An authenticated key is cached for a few seconds; after that, a revocation takes effect on every replica.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::cache::RecentCache;
use crate::clock::Clock;
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::principal::{Actor, Principal, Role};
use crate::service::{Error, Jobs, causes};
use crate::store::{self, Store, StoredKey};

/// How exact the stored time of a key's last use is.
const LAST_USE_PRECISION: TimeDelta = TimeDelta::minutes(1);
const CACHED_KEYS: usize = 1_000;
/// How many expired and revoked keys a list contains.
const MAX_INACTIVE: usize = 50;
/// One more, to know whether the list is incomplete.
const READ_INACTIVE: i64 = 51;
/// The start of every key. Another text is no key, and causes no request to the database.
pub(super) const PREFIX: &str = "ohb-";

/// API keys by their hash.
type KeyCache = RecentCache<String, StoredKey>;

pub struct ApiKeys {
    pub(super) store: Store,
    pub(super) clock: Clock,
    jobs: Jobs,
    cache: KeyCache,
}

/// The keys of an account.
pub struct KeyList {
    pub keys: Vec<ListedKey>,
    /// Whether older expired or revoked keys are left out.
    pub is_cut: bool,
}

pub struct ListedKey {
    pub id: KeyId,
    pub name: String,
    pub role: Role,
    pub state: KeyState,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub created_by: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    Active,
    Expired,
    Revoked,
}

impl KeyState {
    fn of(key: &StoredKey, now: DateTime<Utc>) -> Self {
        match (key.revoked_at.is_some(), key.is_active(now)) {
            (true, _) => Self::Revoked,
            (false, true) => Self::Active,
            (false, false) => Self::Expired,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl ApiKeys {
    pub(super) fn new(store: Store, clock: Clock, jobs: Jobs) -> Self {
        Self {
            store,
            clock,
            jobs,
            cache: KeyCache::new(CACHED_KEYS),
        }
    }

    /// The principal of an active key. None: there is no such active key.
    pub(super) async fn authenticate(&self, key: &str) -> Result<Option<Principal>, Error> {
        if !key.starts_with(PREFIX) {
            return Ok(None);
        }
        let (hash, now) = (hash(key), self.clock.now());
        if let Some(cached) = self.cache.get_fresh(&hash, now) {
            return Ok(cached.is_active(now).then(|| principal(&cached)));
        }
        let wanted = hash.clone();
        let found = self
            .store
            .read(move |db| Ok::<_, Error>(store::key_by_hash(db, &wanted)?))
            .await?;
        let Some(found) = found.filter(|key| key.is_active(now)) else {
            self.cache.remove(&hash);
            return Ok(None);
        };
        self.cache.insert(hash, found.clone(), now);
        self.store_last_use(&found, now);
        Ok(Some(principal(&found)))
    }

    /// Whether the key was active when it was last read from the database, at any time.
    pub(super) fn is_cached(&self, key: &str) -> bool {
        key.starts_with(PREFIX) && self.cache.get(&hash(key)).is_some()
    }

    /// The keys of an account, newest first: all active ones, then the latest of the others.
    pub async fn list(&self, account: AccountId) -> Result<KeyList, Error> {
        let now = self.clock.now();
        let read = self.store.read(move |db| {
            let active = store::active_keys(db, account, now)?;
            let inactive = store::inactive_keys(db, account, now, READ_INACTIVE)?;
            Ok::<_, Error>((active, inactive))
        });
        let (active, mut inactive) = read.await?;
        let is_cut = inactive.len() > MAX_INACTIVE;
        inactive.truncate(MAX_INACTIVE);
        let all = active.iter().chain(&inactive);
        Ok(KeyList {
            keys: all.map(|key| listed(key, now)).collect(),
            is_cut,
        })
    }

    /// Whether this is a revoked key of the account.
    pub async fn is_revoked(&self, account: AccountId, id: KeyId) -> Result<bool, Error> {
        let read = self
            .store
            .read(move |db| Ok::<_, Error>(store::key_of_account(db, account, id)?));
        Ok(read.await?.is_some_and(|own| own.revoked_at.is_some()))
    }

    /// Revokes a key of the account. A key that is revoked already keeps its date.
    pub async fn revoke(&self, account: AccountId, id: KeyId) -> Result<(), Error> {
        let now = self.clock.now();
        let revoked = self.store.write(move |db| {
            store::key_of_account(db, account, id)?.ok_or_else(Error::no_key)?;
            Ok::<_, Error>(store::revoke_key(db, id, now)?)
        });
        revoked.await?;
        self.cache.remove_where(|key| key.id == id);
        Ok(())
    }

    /// In the background: the request does not wait for it.
    fn store_last_use(&self, key: &StoredKey, now: DateTime<Utc>) {
        let is_stored = |last| now - last < LAST_USE_PRECISION;
        if key.last_used_at.is_some_and(is_stored) {
            return;
        }
        let (store, id) = (self.store.clone(), key.id);
        self.jobs.spawn(async move {
            let stored = store
                .write(move |db| Ok::<_, Error>(store::set_key_last_used(db, id, now)?))
                .await;
            if let Err(error) = stored {
                let error = causes(&error);
                tracing::warn!(key = id.0, error, "cannot store when the key was last used");
            }
        });
    }
}

fn listed(key: &StoredKey, now: DateTime<Utc>) -> ListedKey {
    ListedKey {
        id: key.id,
        name: key.name.clone(),
        role: key.role,
        state: KeyState::of(key, now),
        created_at: key.created_at,
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        created_by: key.created_by.clone(),
    }
}

fn principal(key: &StoredKey) -> Principal {
    Principal {
        account: key.account,
        role: key.role,
        actor: Actor::Key {
            id: key.id,
            name: key.name.clone(),
        },
        person: None,
        key: Some(key.id),
    }
}

pub(super) fn hash(key: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in Sha256::digest(key.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The state of a key as `openhexa-bridge keys list` prints it.
pub fn state_name(key: &StoredKey, now: DateTime<Utc>) -> &'static str {
    KeyState::of(key, now).name()
}
