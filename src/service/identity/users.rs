//! Users of Iaso: authenticated by Iaso itself, or by its signing key and its tables if the bridge uses its database.
//!
//! Iaso's response is cached for a short time under a keyed hash of the credential. Concurrent requests with the same
//! credential share one request to Iaso. A refusal is not cached, and removes the cached response. If Iaso is
//! unavailable, the error says so; that is not a refusal.

use chrono::{DateTime, TimeDelta, Utc};
use moka::future::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::jwt::JwtKey;
use crate::clock::Clock;
use crate::domain::ids::AccountId;
use crate::domain::principal::Principal;
use crate::domain::user::{CredentialKind, User};
use crate::iaso::{CredentialCheck, IasoClient, Unavailable};
use crate::service::{Error, NotKnown, Seal};
use crate::store::{self, Store, UserLookup as Found};

const CACHED_CREDENTIALS: u64 = 10_000;

/// How users of Iaso can be authenticated.
#[derive(Clone)]
pub struct IasoSource {
    client: Option<IasoClient>,
    /// Iaso's keys, if its tables can be read too.
    signing_keys: Vec<JwtKey>,
    fresh_for: TimeDelta,
}

impl Default for IasoSource {
    fn default() -> Self {
        Self::new(None, &[], TimeDelta::zero())
    }
}

impl IasoSource {
    pub fn new(client: Option<IasoClient>, keys: &[SecretString], fresh_for: TimeDelta) -> Self {
        Self {
            client,
            signing_keys: keys.iter().map(JwtKey::new).collect(),
            fresh_for,
        }
    }

    /// The user id in a valid token of Iaso.
    fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<i64> {
        let claims: Claims = self.signing_keys.iter().find_map(|key| key.verify(token))?;
        let now = now.timestamp();
        let valid = claims.token_type == "access" && claims.exp > now && claims.nbf <= now;
        match claims.user_id {
            UserId::Number(id) => valid.then_some(id),
            UserId::Text(id) => valid.then(|| id.parse().ok()).flatten(),
        }
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

/// Newer releases of the library that Iaso uses write a string.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum UserId {
    Number(i64),
    Text(String),
}

/// Iaso's response, and when it was requested.
type Response = (Result<CredentialCheck, Unavailable>, DateTime<Utc>);

pub struct IasoUsers {
    source: IasoSource,
    store: Store,
    clock: Clock,
    seal: Seal,
    cache: Cache<String, Response>,
}

impl IasoUsers {
    pub fn new(source: IasoSource, store: Store, clock: Clock, seal: Seal) -> Self {
        Self {
            source,
            store,
            clock,
            seal,
            cache: Cache::new(CACHED_CREDENTIALS),
        }
    }

    /// Whether a session of Iaso can be authenticated.
    pub fn accept_sessions(&self) -> bool {
        self.source.client.is_some()
    }

    pub fn accept_tokens(&self) -> bool {
        self.source.client.is_some() || self.has_signing_keys()
    }

    pub async fn authenticate_session(&self, cookie: &SecretString) -> Result<Principal, Error> {
        self.ask_iaso(CredentialKind::Session, cookie).await
    }

    /// Verifies the token with Iaso's keys, or sends it to Iaso if they are not set.
    pub async fn authenticate_token(&self, token: &SecretString) -> Result<Principal, Error> {
        if !self.has_signing_keys() {
            return self.ask_iaso(CredentialKind::Token, token).await;
        }
        let id = self.source.verify(token.expose_secret(), self.clock.now());
        let id = id.ok_or(Error::Unauthenticated(NotKnown::Token))?;
        self.read_user(id, CredentialKind::Token).await
    }

    /// Whether Iaso's key signed the token, or Iaso accepted the credential in the last request, at any time.
    pub fn is_known(&self, kind: CredentialKind, credential: &SecretString) -> bool {
        let is_signed = || {
            let id = self
                .source
                .verify(credential.expose_secret(), self.clock.now());
            id.is_some()
        };
        match kind {
            CredentialKind::Token if self.has_signing_keys() => is_signed(),
            CredentialKind::Token | CredentialKind::Session if self.source.client.is_some() => {
                self.cache.contains_key(&self.cache_key(kind, credential))
            }
            CredentialKind::Token | CredentialKind::Session => false,
        }
    }

    /// Whether this user of the account may launch. True if the bridge cannot read Iaso's tables.
    pub async fn may_launch(&self, account: AccountId, user: i64) -> Result<bool, Error> {
        if !self.has_signing_keys() {
            return Ok(true);
        }
        let found = self.store.read(move |db| store::iaso_user(db, user));
        Ok(match found.await? {
            Found::Active(user) => {
                user.account == Some(account) && user.role(CredentialKind::Session).is_some()
            }
            Found::Inactive | Found::NotFound => false,
        })
    }

    fn has_signing_keys(&self) -> bool {
        !self.source.signing_keys.is_empty()
    }

    /// Reads permissions as Iaso's own endpoints do. Its profiles leave out those of modules that the account does not
    /// have.
    async fn read_user(&self, id: i64, kind: CredentialKind) -> Result<Principal, Error> {
        let found = self.store.read(move |db| store::iaso_user(db, id));
        match found.await? {
            // Iaso checks the permission first. Its profile does not contain the permission of a user without account.
            Found::Active(user) if user.role(kind).is_none() => Err(Error::Forbidden),
            Found::Active(user) => principal(user, kind),
            Found::Inactive => Err(Error::Unauthenticated(NotKnown::Inactive)),
            Found::NotFound => Err(Error::Unauthenticated(NotKnown::User)),
        }
    }

    async fn ask_iaso(
        &self,
        kind: CredentialKind,
        credential: &SecretString,
    ) -> Result<Principal, Error> {
        match self.get_or_fetch(kind, credential).await {
            Ok(CredentialCheck::User(user)) if self.has_signing_keys() => {
                self.read_user(user.person.id, kind).await
            }
            Ok(CredentialCheck::User(user)) => principal(user, kind),
            Ok(CredentialCheck::Refused) => Err(Error::Unauthenticated(match kind {
                CredentialKind::Session => NotKnown::Missing,
                CredentialKind::Token => NotKnown::Token,
            })),
            Ok(CredentialCheck::Denied) => Err(Error::Forbidden),
            Err(away) => {
                let url = self.source.client.as_ref().map(IasoClient::url);
                tracing::warn!(url, error = %away, "cannot check the Iaso credential; the response has status 503");
                Err(Error::IasoAway)
            }
        }
    }

    async fn get_or_fetch(
        &self,
        kind: CredentialKind,
        credential: &SecretString,
    ) -> Result<CredentialCheck, Unavailable> {
        let Some(client) = &self.source.client else {
            return Ok(CredentialCheck::Refused);
        };
        let now = self.clock.now();
        let key = self.cache_key(kind, credential);
        let fetch = async { (client.check(kind, credential).await, now) };
        let is_stale = |(answer, at): &Response| {
            // If the clock was set back, the age is negative.
            !matches!(answer, Ok(CredentialCheck::User(_)))
                || (now - *at).abs() >= self.source.fresh_for
        };
        let entry = self.cache.entry(key.clone());
        let (answer, _) = entry.or_insert_with_if(fetch, is_stale).await.into_value();
        if !matches!(answer, Ok(CredentialCheck::User(_))) {
            self.cache.invalidate(&key).await;
        }
        answer
    }

    fn cache_key(&self, kind: CredentialKind, credential: &SecretString) -> String {
        let kind = match kind {
            CredentialKind::Session => "session",
            CredentialKind::Token => "token",
        };
        let parts = [kind, credential.expose_secret()];
        self.seal.of("a credential of Iaso's", &parts)
    }
}

/// A user without a profile has no account.
fn principal(user: User, kind: CredentialKind) -> Result<Principal, Error> {
    match (user.account, user.role(kind)) {
        (Some(account), Some(role)) => Ok(user.principal(account, role)),
        (Some(_), None) => Err(Error::Forbidden),
        (None, _) => Err(Error::NoProfile),
    }
}
