//! Browser sessions: a cookie that contains the API key, encrypted, and a row in the database.
//!
//! Each request of a session is authenticated with the key, like a request to the API, so a revoked key ends its
//! sessions on every replica. The row is deleted at sign-out; without it the cookie and every copy of it are refused.
//! The state of a session is cached for a few seconds, as for keys.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cache::RecentCache;
use crate::clock::Clock;
use crate::domain::ids::SessionId;
use crate::service::{Error, Seal};
use crate::store::{self, NewSession, Store};

/// Longer than a working day, shorter than two.
pub const SESSION_LIFETIME: TimeDelta = TimeDelta::hours(12);
const CACHED_SESSIONS: usize = 10_000;
/// A sign-in above this limit deletes the oldest session of the key.
const MAX_PER_KEY: i64 = 1_000;

/// The encrypted content. Its field names differ from everything else that is encrypted, so nothing else can be used as
/// a cookie.
#[derive(Serialize, Deserialize)]
struct CookieContent {
    signed_in_with: String,
    session: Uuid,
    until: DateTime<Utc>,
}

/// The content of a cookie that has not expired.
pub struct Session {
    pub id: SessionId,
    pub key: SecretString,
}

pub struct Sessions {
    store: Store,
    clock: Clock,
    seal: Seal,
    /// Whether a session is active.
    cache: RecentCache<SessionId, bool>,
}

impl Sessions {
    pub(super) fn new(store: Store, clock: Clock, seal: Seal) -> Self {
        let cache = RecentCache::new(CACHED_SESSIONS);
        Self {
            store,
            clock,
            seal,
            cache,
        }
    }

    /// Creates a session for a valid key; returns its cookie.
    pub(super) async fn create(&self, key: &SecretString) -> Result<Option<SecretString>, Error> {
        let now = self.clock.now();
        let new = NewSession {
            id: SessionId(Uuid::new_v4()),
            key_hash: self.seal.of("a key's sessions", &[key.expose_secret()]),
            ends_at: now + SESSION_LIFETIME,
        };
        let Some(cookie) = self.encrypt(key, &new) else {
            return Ok(None);
        };
        let id = new.id;
        self.store
            .write(move |db| Ok::<_, Error>(store::add_session(db, &new, MAX_PER_KEY, now)?))
            .await?;
        self.cache.insert(id, true, now);
        Ok(Some(cookie))
    }

    fn encrypt(&self, key: &SecretString, new: &NewSession) -> Option<SecretString> {
        let content = CookieContent {
            signed_in_with: key.expose_secret().to_owned(),
            session: new.id.0,
            until: new.ends_at,
        };
        let text = serde_json::to_string(&content).ok()?;
        Some(self.store.cipher.encrypt(&text).into())
    }

    /// The content of a cookie. None: the bridge did not create it, or it has expired. The session may have been signed
    /// out ([`Sessions::is_active`]), and its key may be revoked.
    pub fn decrypt(&self, cookie: &str) -> Option<Session> {
        let text = self.store.cipher.decrypt(cookie).ok()?;
        let content: CookieContent = serde_json::from_str(&text).ok()?;
        (self.clock.now() < content.until).then(|| Session {
            id: SessionId(content.session),
            key: content.signed_in_with.into(),
        })
    }

    /// Whether the session has neither expired nor been signed out.
    pub async fn is_active(&self, id: SessionId) -> Result<bool, Error> {
        let now = self.clock.now();
        if let Some(is_active) = self.cache.get_fresh(&id, now) {
            return Ok(is_active);
        }
        let read = self
            .store
            .read(move |db| Ok::<_, Error>(store::is_session_active(db, id, now)?));
        let is_active = read.await?;
        self.cache.insert(id, is_active, now);
        Ok(is_active)
    }

    /// Whether the bridge created this cookie and its session is not known to have ended, without the database.
    pub fn is_known(&self, cookie: &str) -> bool {
        let session = self.decrypt(cookie);
        session.is_some_and(|session| self.cache.get(&session.id).unwrap_or(true))
    }

    /// Ends the session of a cookie, for every copy of it.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), Error> {
        let Some(Session { id, .. }) = self.decrypt(cookie) else {
            return Ok(());
        };
        self.store
            .write(move |db| Ok::<_, Error>(store::delete_session(db, id)?))
            .await?;
        self.set_ended(id);
        Ok(())
    }

    /// The session has ended, or its key is not valid any more: its cookie is not known for rate limits.
    pub fn set_ended(&self, id: SessionId) {
        self.cache.insert(id, false, self.clock.now());
    }
}
