//! A browser's session: the API key that was signed in with, encrypted in a cookie, and a row in the database.
//!
//! Each request is decided by the key, as the API decides, so a key that was revoked opens nothing any more, on any
//! replica. The row makes signing out final: without it the cookie is refused, and so is every copy of it. What the
//! database said of a session is remembered for a few seconds, as for keys.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::access::{Caller, Credential};
use super::{Bridge, Error, jwt};
use crate::domain::ids::SessionId;
use crate::domain::principal::Principal;
use crate::store::{self, NewSession};

/// Longer than a working day, shorter than two.
pub const LASTS: TimeDelta = TimeDelta::hours(12);
/// How long an answer of the database is used again.
const REMEMBERED: TimeDelta = TimeDelta::seconds(5);
/// Sessions that this process remembers.
const MOST: usize = 10_000;
/// Sessions of one key: where more are begun, the oldest end.
const MOST_PER_KEY: i64 = 1_000;

/// What is encrypted: named so that nothing else we ever encrypt can be taken for it.
#[derive(Serialize, Deserialize)]
struct Cookie {
    signed_in_with: String,
    session: Uuid,
    until: DateTime<Utc>,
}

/// What a cookie holds.
pub struct Session {
    pub id: SessionId,
    pub key: SecretString,
}

/// What is remembered of sessions.
#[derive(Default)]
pub struct Sessions(Mutex<HashMap<SessionId, Known>>);

#[derive(Clone, Copy)]
struct Known {
    is_open: bool,
    at: DateTime<Utc>,
}

impl Sessions {
    fn known(&self, id: SessionId) -> Option<Known> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).copied()
    }

    fn keep(&self, id: SessionId, is_open: bool, at: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(id, Known { is_open, at });
    }
}

impl Bridge {
    /// Whose key this is, and the cookie for the browser; none where the key is not valid. A token that Iaso issued is no
    /// key: its users come in with their session there.
    pub async fn sign_in(
        &self,
        key: &SecretString,
    ) -> Result<Option<(Principal, SecretString)>, Error> {
        if jwt::claimed(key.expose_secret()).is_some() {
            return Ok(None);
        }
        match self.who(&Credential::Bearer(key.clone())).await {
            Ok(Caller::Person(who)) => {
                let cookie = self.begin_session(key).await?;
                Ok(cookie.map(|cookie| (who, cookie)))
            }
            // A running pipeline has no pages to read.
            Ok(Caller::Pipeline(_)) => Ok(None),
            Err(error) if error.is_about_the_caller() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn begin_session(&self, key: &SecretString) -> Result<Option<SecretString>, Error> {
        let now = self.now();
        let new = NewSession {
            id: SessionId(Uuid::new_v4()),
            key_hash: self
                .parts
                .seal
                .of("a key's sessions", &[key.expose_secret()]),
            ends_at: now + LASTS,
        };
        let cookie = Cookie {
            signed_in_with: key.expose_secret().to_owned(),
            session: new.id.0,
            until: new.ends_at,
        };
        let Ok(text) = serde_json::to_string(&cookie) else {
            return Ok(None);
        };
        let id = new.id;
        self.store()
            .write(move |db| Ok::<_, Error>(store::add_session(db, &new, MOST_PER_KEY, now)?))
            .await?;
        self.sessions.keep(id, true, now);
        Ok(Some(self.store().vault.seal(&text).into()))
    }

    /// What a cookie of ours holds, until its end. Whether it was signed out of is for [`Bridge::is_session`] to say,
    /// whether its key is still valid for [`Bridge::who`].
    pub fn session(&self, cookie: &str) -> Option<Session> {
        let text = self.store().vault.open(cookie).ok()?;
        let cookie: Cookie = serde_json::from_str(&text).ok()?;
        (self.now() < cookie.until).then(|| Session {
            id: SessionId(cookie.session),
            key: cookie.signed_in_with.into(),
        })
    }

    /// Whether this session has neither ended nor been signed out of.
    pub async fn is_session(&self, id: SessionId) -> Result<bool, Error> {
        let now = self.now();
        if let Some(known) = self
            .sessions
            .known(id)
            .filter(|known| now - known.at < REMEMBERED)
        {
            return Ok(known.is_open);
        }
        let read = self
            .store()
            .read(move |db| Ok::<_, Error>(store::is_session(db, id, now)?));
        let is_open = read.await?;
        self.sessions.keep(id, is_open, now);
        Ok(is_open)
    }

    /// Whether a cookie is one that we gave out and that opened something when it was last shown: no database.
    pub fn knows_session(&self, cookie: &str) -> bool {
        let session = self.session(cookie);
        session.is_some_and(|session| {
            let known = self.sessions.known(session.id);
            known.is_none_or(|known| known.is_open)
        })
    }

    /// Ends the session of a cookie, for every copy of it.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), Error> {
        let Some(Session { id, .. }) = self.session(cookie) else {
            return Ok(());
        };
        self.store()
            .write(move |db| Ok::<_, Error>(store::end_session(db, id)?))
            .await?;
        self.close_session(id);
        Ok(())
    }

    /// The key of this session was refused.
    pub fn close_session(&self, id: SessionId) {
        self.sessions.keep(id, false, self.now());
    }
}
