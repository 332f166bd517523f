//! Iaso's users: told by Iaso itself, or by its key and its tables where the bridge stands in its database.
//!
//! What Iaso says of a credential is good for a short time, under a keyed hash of it; those who show the same at once
//! wait for one answer. A refusal is not kept, and takes what was kept away. Nobody is refused because Iaso is away:
//! that is another answer.

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::error::NotKnown;
use super::jwt::JwtKey;
use super::{Bridge, Error};
use crate::domain::principal::Principal;
use crate::domain::user::{Door, User};
use crate::iaso::{Answer, Away, Client};
use crate::store::{self as tables, FoundUser as Found};

/// Credentials whose answers are kept at most.
const MOST: u64 = 10_000;

/// How Iaso's users are known.
pub struct Users {
    iaso: Option<Client>,
    /// Iaso's keys, where its tables are at hand too.
    keys: Vec<JwtKey>,
    kept_for: TimeDelta,
    kept: Cache<String, (Result<Answer, Away>, DateTime<Utc>)>,
}

impl Default for Users {
    fn default() -> Self {
        Self::new(None, &[], TimeDelta::zero())
    }
}

#[derive(Clone, Deserialize)]
struct Claims {
    token_type: String,
    exp: i64,
    #[serde(default)]
    nbf: i64,
    user_id: UserId,
}

/// Newer releases of the library that writes them spell it as text.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum UserId {
    Number(i64),
    Text(String),
}

impl Users {
    pub fn new(iaso: Option<Client>, keys: &[SecretString], kept_for: TimeDelta) -> Self {
        Self {
            iaso,
            keys: keys.iter().map(JwtKey::new).collect(),
            kept_for,
            kept: Cache::new(MOST),
        }
    }

    /// Whether a session of Iaso's means anything here.
    pub fn take_sessions(&self) -> bool {
        self.iaso.is_some()
    }

    pub fn take_tokens(&self) -> bool {
        self.iaso.is_some() || !self.keys.is_empty()
    }

    /// The id that a token of Iaso's names.
    fn verified(&self, token: &str, now: DateTime<Utc>) -> Option<i64> {
        let claims: Claims = self.keys.iter().find_map(|key| key.read(token))?;
        let now = now.timestamp();
        let good = claims.token_type == "access" && claims.exp > now && claims.nbf <= now;
        match claims.user_id {
            UserId::Number(id) => good.then_some(id),
            UserId::Text(id) => good.then(|| id.parse().ok()).flatten(),
        }
    }
}

impl Bridge {
    /// Whose session this is.
    pub(super) async fn user_of_session(&self, cookie: &SecretString) -> Result<Principal, Error> {
        self.asked(Door::Session, cookie).await
    }

    /// Whose token this is: verified here where that can be done, else asked.
    pub(super) async fn user_of_token(&self, token: &SecretString) -> Result<Principal, Error> {
        if self.parts.users.keys.is_empty() {
            return self.asked(Door::Token, token).await;
        }
        let id = self.parts.users.verified(token.expose_secret(), self.now());
        let id = id.ok_or(Error::Unauthenticated(NotKnown::Token))?;
        self.by_tables(id, Door::Token).await
    }

    /// As Iaso's own endpoints judge: its profiles leave out the permissions of modules that an account does not have.
    async fn by_tables(&self, id: i64, door: Door) -> Result<Principal, Error> {
        let found = self.store().read(move |db| tables::user(db, id));
        match found.await? {
            // Iaso looks at the permission first; asked of Iaso, it is not known without a profile.
            Found::Active(user) if user.role(door).is_none() => Err(Error::Forbidden),
            Found::Active(user) => let_in(user, door),
            Found::Inactive => Err(Error::Unauthenticated(NotKnown::Inactive)),
            Found::Nobody => Err(Error::Unauthenticated(NotKnown::User)),
        }
    }

    /// Whether this is signed with Iaso's key, or was somebody's when Iaso was last asked, however long ago that is.
    pub(super) fn remembers_user(&self, door: Door, credential: &SecretString) -> bool {
        let users = &self.parts.users;
        let signed = || users.verified(credential.expose_secret(), self.now());
        match door {
            Door::Token if !users.keys.is_empty() => signed().is_some(),
            Door::Token | Door::Session if users.iaso.is_some() => {
                users.kept.contains_key(&self.key_of(door, credential))
            }
            Door::Token | Door::Session => false,
        }
    }

    async fn asked(&self, door: Door, credential: &SecretString) -> Result<Principal, Error> {
        match self.answer(door, credential).await {
            Ok(Answer::User(user)) if !self.parts.users.keys.is_empty() => {
                self.by_tables(user.person.id, door).await
            }
            Ok(Answer::User(user)) => let_in(user, door),
            Ok(Answer::Refused) => Err(Error::Unauthenticated(match door {
                Door::Session => NotKnown::Missing,
                Door::Token => NotKnown::Token,
            })),
            Ok(Answer::Denied) => Err(Error::Forbidden),
            Err(away) => {
                let url = self.parts.users.iaso.as_ref().map(Client::url);
                tracing::warn!(url, error = %away, "cannot check the Iaso credential; the response has status 503");
                Err(Error::IasoAway)
            }
        }
    }

    async fn answer(&self, door: Door, credential: &SecretString) -> Result<Answer, Away> {
        let users = &self.parts.users;
        let Some(client) = &users.iaso else {
            return Ok(Answer::Refused);
        };
        let now = self.now();
        let key = self.key_of(door, credential);
        let asking = async { (client.who(door, credential).await, now) };
        let is_stale = |(answer, at): &(Result<Answer, Away>, DateTime<Utc>)| {
            // A clock that was set back keeps nothing.
            !matches!(answer, Ok(Answer::User(_))) || (now - *at).abs() >= users.kept_for
        };
        let entry = users.kept.entry(key.clone());
        let (answer, _) = entry.or_insert_with_if(asking, is_stale).await.into_value();
        if !matches!(answer, Ok(Answer::User(_))) {
            users.kept.invalidate(&key).await;
        }
        answer
    }

    fn key_of(&self, door: Door, credential: &SecretString) -> String {
        let door = match door {
            Door::Session => "session",
            Door::Token => "token",
        };
        let parts = [door, credential.expose_secret()];
        self.parts.seal.of("a credential of Iaso's", &parts)
    }
}

/// Without a profile there is no account.
fn let_in(user: User, door: Door) -> Result<Principal, Error> {
    match (user.account, user.role(door)) {
        (Some(account), Some(role)) => Ok(user.principal(account, role)),
        (Some(_), None) => Err(Error::Forbidden),
        (None, _) => Err(Error::NoProfile),
    }
}
