//! API keys: made, listed, revoked, and recognised.
//!
//! A key is random and long, so a plain hash keeps it: nobody can guess through it. One that was recognised is
//! remembered for a few seconds, after which a revocation is in force on every replica.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Bridge, Error};
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::principal::{Principal, Role};
use crate::store::{self, NewKey, Store, StoredKey};

/// How long a recognised key is taken for good without asking the database.
const REMEMBERED: TimeDelta = TimeDelta::seconds(5);
/// How exact the record of a key's last use is.
const USE_NOTED: TimeDelta = TimeDelta::minutes(1);
const MOST: usize = 1_000;
/// How every key begins. What begins otherwise is none, and no question for the database.
const PREFIX: &str = "ohb-";

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

    fn keep(&self, hash: String, key: &StoredKey, now: DateTime<Utc>) {
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ring.len() >= MOST {
            ring.clear();
        }
        ring.insert(hash, (key.clone(), now));
    }
}

/// A key just made, to be shown once.
pub struct MadeKey {
    pub id: KeyId,
    pub key: SecretString,
}

/// Makes a key.
pub async fn make(
    store: &Store,
    account: AccountId,
    role: Role,
    name: String,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<MadeKey, Error> {
    let random = || Uuid::new_v4().simple().to_string();
    let key = format!("{PREFIX}{}-{}{}", role.word(), random(), random());
    let hash = hash(&key);
    let new = NewKey {
        account,
        name,
        role,
        hash,
        expires_at,
    };
    let id = store
        .write(move |db| Ok::<_, Error>(store::add_key(db, &new, now)?))
        .await?;
    Ok(MadeKey {
        id,
        key: key.into(),
    })
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
                tracing::warn!(%error, "the use of a key could not be noted");
            }
        });
    }
}

fn principal(key: &StoredKey) -> Principal {
    Principal {
        account: key.account,
        role: key.role,
        name: format!("key {} ({})", key.id, key.name),
        person: None,
    }
}

fn hash(key: &str) -> String {
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
    match (key.revoked_at.is_some(), key.is_good(now)) {
        (true, _) => "revoked",
        (false, true) => "good",
        (false, false) => "expired",
    }
}

/// The letters of a key are nobody's to compare.
pub fn shown(key: &MadeKey) -> &str {
    key.key.expose_secret()
}
