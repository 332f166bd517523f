//! API keys: listed, revoked, and recognised. `new_key.rs` makes them.
//!
//! A key is random and long, so a plain hash keeps it: nobody can guess through it. One that was recognised is
//! remembered for a few seconds, after which a revocation is in force on every replica.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::{Bridge, Error, causes};
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::principal::{Actor, Principal, Role};
use crate::store::{self, StoredKey};

/// How long a recognised key is taken for good without asking the database.
const REMEMBERED: TimeDelta = TimeDelta::seconds(5);
/// How exact the record of a key's last use is.
const USE_NOTED: TimeDelta = TimeDelta::minutes(1);
const MOST: usize = 1_000;
/// Listed keys that are good no longer.
const MOST_ENDED: usize = 50;
/// One more than that tells that there are more.
const READ_ENDED: i64 = 51;
/// How every key begins. What begins otherwise is none, and no question for the database.
pub(super) const PREFIX: &str = "ohb-";

/// Recognised keys by their hash, and when that was.
#[derive(Default)]
pub struct Ring(Mutex<HashMap<String, (StoredKey, DateTime<Utc>)>>);

impl Ring {
    fn recall(&self, hash: &str, now: DateTime<Utc>) -> Option<StoredKey> {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, at) = ring.get(hash)?;
        (now - *at < REMEMBERED).then(|| key.clone())
    }

    fn has(&self, hash: &str) -> bool {
        let ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.contains_key(hash)
    }

    fn forget(&self, hash: &str) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.remove(hash);
    }

    fn forget_key(&self, id: KeyId) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.retain(|_, (key, _)| key.id != id);
    }

    fn keep(&self, hash: String, key: &StoredKey, now: DateTime<Utc>) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() >= MOST {
            ring.clear();
        }
        ring.insert(hash, (key.clone(), now));
    }
}

/// Keys as their account sees them.
pub struct Listing {
    pub keys: Vec<ListedKey>,
    /// Whether there are more that are good no longer.
    pub is_cut: bool,
}

pub struct ListedKey {
    pub id: KeyId,
    pub name: String,
    pub role: Role,
    pub state: State,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub created_by: Option<String>,
}

/// What becomes of whoever shows a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Good,
    Expired,
    Revoked,
}

impl State {
    fn of(key: &StoredKey, now: DateTime<Utc>) -> Self {
        match (key.revoked_at.is_some(), key.is_good(now)) {
            (true, _) => Self::Revoked,
            (false, true) => Self::Good,
            (false, false) => Self::Expired,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Good => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Bridge {
    /// Whose key this is, if it is one and still good.
    pub(super) async fn holder(&self, key: &str) -> Result<Option<Principal>, Error> {
        if !key.starts_with(PREFIX) {
            return Ok(None);
        }
        let (hash, now) = (hash(key), self.now());
        if let Some(known) = self.ring.recall(&hash, now) {
            return Ok(known.is_good(now).then(|| principal(&known)));
        }
        let wanted = hash.clone();
        let found = self
            .store()
            .read(move |db| Ok::<_, Error>(store::key_of(db, &wanted)?))
            .await?;
        let Some(found) = found.filter(|key| key.is_good(now)) else {
            self.ring.forget(&hash);
            return Ok(None);
        };
        self.ring.keep(hash, &found, now);
        self.note_use(&found, now);
        Ok(Some(principal(&found)))
    }

    /// The keys of an account, newest first: all that are good, then the last of the others.
    pub async fn keys(&self, account: AccountId) -> Result<Listing, Error> {
        let now = self.now();
        let read = self.store().read(move |db| {
            let good = store::good_keys(db, account, now)?;
            let ended = store::ended_keys(db, account, now, READ_ENDED)?;
            Ok::<_, Error>((good, ended))
        });
        let (good, mut ended) = read.await?;
        let is_cut = ended.len() > MOST_ENDED;
        ended.truncate(MOST_ENDED);
        let all = good.iter().chain(&ended);
        Ok(Listing {
            keys: all.map(|key| listed(key, now)).collect(),
            is_cut,
        })
    }

    /// Whether it is a key of this account's, and revoked.
    pub async fn is_revoked(&self, account: AccountId, id: KeyId) -> Result<bool, Error> {
        let read = self
            .store()
            .read(move |db| Ok::<_, Error>(store::own_key(db, account, id)?));
        Ok(read.await?.is_some_and(|own| own.revoked_at.is_some()))
    }

    /// A key of this account's; one that is revoked already stays so.
    pub async fn revoke_key(&self, account: AccountId, id: KeyId) -> Result<(), Error> {
        let now = self.now();
        let revoked = self.store().write(move |db| {
            store::own_key(db, account, id)?.ok_or_else(Error::no_key)?;
            Ok::<_, Error>(store::revoke_key(db, id, now)?)
        });
        revoked.await?;
        self.ring.forget_key(id);
        Ok(())
    }

    /// Whether this key was good when the database was last asked for it, however long ago that is.
    pub(super) fn remembers_key(&self, key: &str) -> bool {
        key.starts_with(PREFIX) && self.ring.has(&hash(key))
    }

    /// Behind the request's back: nobody waits for a note.
    fn note_use(&self, key: &StoredKey, now: DateTime<Utc>) {
        if key.last_used_at.is_some_and(|last| now - last < USE_NOTED) {
            return;
        }
        let (store, id) = (self.store().clone(), key.id);
        self.parts.jobs.spawn(async move {
            let noted = store
                .write(move |db| Ok::<_, Error>(store::key_used(db, id, now)?))
                .await;
            if let Err(error) = noted {
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
        state: State::of(key, now),
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

/// For a listing: the words of a key's state.
pub fn state(key: &StoredKey, now: DateTime<Utc>) -> &'static str {
    State::of(key, now).word()
}
