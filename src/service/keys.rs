//! API keys: made, listed, revoked, and recognised.
//!
//! A key is random and long, so a plain hash keeps it: nobody can guess through it. One that was recognised is
//! remembered for a few seconds, after which a revocation is in force on every replica.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{Bridge, Error};
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::principal::{Principal, Role};
use crate::domain::sentence::{FieldErrors, say};
use crate::store::{self, NewKey, Store, StoredKey};

/// How long a recognised key is taken for good without asking the database.
const REMEMBERED: TimeDelta = TimeDelta::seconds(5);
/// How exact the record of a key's last use is.
const USE_NOTED: TimeDelta = TimeDelta::minutes(1);
const MOST: usize = 1_000;
/// Letters of a key's name.
const LONGEST_NAME: usize = 100;
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

/// A key just made, to be shown once.
pub struct MadeKey {
    pub id: KeyId,
    pub key: SecretString,
}

/// A key that somebody asks for.
pub struct Wish {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key as its account sees it.
pub struct ListedKey {
    pub id: KeyId,
    pub name: String,
    pub role: Role,
    pub state: State,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
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
            Self::Good => "good",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// Makes a key.
pub async fn make(
    store: &Store,
    account: AccountId,
    wish: Wish,
    now: DateTime<Utc>,
) -> Result<MadeKey, Error> {
    let (new, key) = fresh(account, wish);
    let id = store
        .write(move |db| Ok::<_, Error>(store::add_key(db, &new, now)?))
        .await?;
    Ok(MadeKey { id, key })
}

/// The key itself, and what is kept of it.
fn fresh(account: AccountId, wish: Wish) -> (NewKey, SecretString) {
    let random = || Uuid::new_v4().simple().to_string();
    let key = format!("{PREFIX}{}-{}{}", wish.role.word(), random(), random());
    let new = NewKey {
        account,
        name: wish.name,
        role: wish.role,
        hash: hash(&key),
        expires_at: wish.expires_at,
    };
    (new, key.into())
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

    /// The keys of an account: those that are good first, and the newest of them.
    pub async fn keys(&self, account: AccountId) -> Result<Vec<ListedKey>, Error> {
        let now = self.now();
        let read = self
            .store()
            .read(move |db| Ok::<_, Error>(store::keys_of(db, account)?));
        let mut keys: Vec<ListedKey> = read.await?.iter().map(|key| listed(key, now)).collect();
        keys.sort_by_key(|key| (key.state != State::Good, Reverse(key.id.0)));
        Ok(keys)
    }

    /// Of two good keys with one name nobody could say which is whose; so a form that is sent twice makes one key, too.
    pub async fn make_key(&self, account: AccountId, wish: Wish) -> Result<MadeKey, Error> {
        let now = self.now();
        judge(&wish, now)?;
        let (new, key) = fresh(account, wish);
        let id = self.store().write(move |db| {
            store::lock_keys(db)?;
            let good = store::keys_of(db, account)?;
            let mut good = good.iter().filter(|key| key.is_good(now));
            if good.any(|key| key.name == new.name) {
                return Err(Error::field("name", say("settings-key-name-taken")));
            }
            Ok(store::add_key(db, &new, now)?)
        });
        Ok(MadeKey { id: id.await?, key })
    }

    /// A key of this account's; one that is revoked already stays so.
    pub async fn revoke_key(&self, account: AccountId, id: KeyId) -> Result<(), Error> {
        let now = self.now();
        let revoked = self.store().write(move |db| {
            let own = store::keys_of(db, account)?;
            if !own.iter().any(|key| key.id == id) {
                return Err(Error::no_key());
            }
            Ok(store::revoke_key(db, id, now)?)
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
                tracing::warn!(%error, "the use of a key could not be noted");
            }
        });
    }
}

/// A listing has one line per key, and a key that never is good is nobody's wish.
fn judge(wish: &Wish, now: DateTime<Utc>) -> Result<(), Error> {
    let mut wrong = FieldErrors::default();
    let name = &wish.name;
    if name.trim().is_empty() {
        wrong.add("name", say("field-required"));
    } else if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        wrong.add(
            "name",
            say("settings-key-name-odd").with("most", LONGEST_NAME),
        );
    }
    if wish.expires_at.is_some_and(|end| end <= now) {
        wrong.add("until", say("settings-key-until-past"));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Error::fields(wrong))
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
    }
}

fn principal(key: &StoredKey) -> Principal {
    Principal {
        account: key.account,
        role: key.role,
        name: format!("key {} ({})", key.id, key.name),
        person: None,
        key: Some(key.id),
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
    State::of(key, now).word()
}

/// The letters of a key are nobody's to compare.
pub fn shown(key: &MadeKey) -> &str {
    key.key.expose_secret()
}
