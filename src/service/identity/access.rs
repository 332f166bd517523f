//! Authenticates requests: a callback token of a running pipeline, an API key (of the settings or the database), a
//! session or token of Iaso, or, in `dev`, the local user.

use secrecy::{ExposeSecret, SecretString};

use super::accounts::Accounts;
use super::callback_tokens::{CallbackKeys, CallbackTokens, TokenCheck, TokenLifetime};
use super::jwt;
use super::keys::ApiKeys;
use super::sessions::Sessions;
use super::users::{IasoSource, IasoUsers};
use crate::clock::Clock;
use crate::domain::constant_time::is_equal;
use crate::domain::ids::AccountId;
use crate::domain::principal::{Actor, CallbackClaim, Principal, Role};
use crate::domain::user::CredentialKind;
use crate::service::{Error, Jobs, NotKnown, Seal};
use crate::store::Store;

/// The account of a standalone bridge.
pub const ONLY_ACCOUNT: AccountId = AccountId(1);

/// Access that the settings give.
#[derive(Clone)]
pub struct AccessSettings {
    /// The account of the keys in the settings and of the local user.
    pub account: AccountId,
    pub keys: Vec<SettingsKey>,
    /// Whether a request without credentials is the local administrator (`dev`).
    pub open: bool,
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            account: ONLY_ACCOUNT,
            keys: Vec::new(),
            open: false,
        }
    }
}

/// An API key of the settings.
#[derive(Clone)]
pub struct SettingsKey {
    pub role: Role,
    pub key: SecretString,
}

/// The credential of a request.
#[derive(Clone)]
pub enum Credential {
    Nothing,
    Bearer(SecretString),
    /// The cookie of a session with Iaso.
    Session(SecretString),
}

/// An authenticated caller.
#[derive(Clone, Debug)]
pub enum Caller {
    Person(Principal),
    Pipeline(CallbackClaim),
}

/// What the settings say about authentication.
#[derive(Clone)]
pub struct IdentityOptions {
    pub access: AccessSettings,
    pub iaso: IasoSource,
    pub callback_keys: CallbackKeys,
    pub token_lifetime: TokenLifetime,
    /// The origin of the bridge for browsers and pipelines, without a slash at its end.
    pub public_url: String,
}

pub struct Identity {
    pub keys: ApiKeys,
    pub sessions: Sessions,
    pub callback_tokens: CallbackTokens,
    pub(super) users: IasoUsers,
    pub(super) accounts: Accounts,
    pub(super) access: AccessSettings,
    public_url: String,
    pub(super) store: Store,
    pub(super) clock: Clock,
}

impl Identity {
    pub fn new(
        options: IdentityOptions,
        store: &Store,
        clock: &Clock,
        jobs: &Jobs,
        seal: &Seal,
    ) -> Self {
        let (store, clock, seal) = (store.clone(), clock.clone(), seal.clone());
        Self {
            keys: ApiKeys::new(store.clone(), clock.clone(), jobs.clone()),
            sessions: Sessions::new(store.clone(), clock.clone(), seal.clone()),
            callback_tokens: CallbackTokens::new(options.callback_keys, options.token_lifetime),
            users: IasoUsers::new(options.iaso, store.clone(), clock.clone(), seal),
            accounts: Accounts::new(store.clone(), clock.clone()),
            access: options.access,
            public_url: options.public_url,
            store,
            clock,
        }
    }

    /// The caller with this credential, or why it is refused.
    pub async fn authenticate(&self, credential: &Credential) -> Result<Caller, Error> {
        match credential {
            Credential::Bearer(token) => self.authenticate_bearer(token).await,
            Credential::Session(cookie) if self.accepts_sessions() => {
                let user = self.users.authenticate_session(cookie).await;
                user.map(Caller::Person)
            }
            Credential::Nothing | Credential::Session(_) if self.access.open => {
                Ok(self.own_principal(Role::Administrator, Actor::LocalUser))
            }
            Credential::Nothing | Credential::Session(_) => {
                Err(Error::Unauthenticated(NotKnown::Missing))
            }
        }
    }

    /// Whether the credential is valid by its signature, or was when it was last checked. Needs neither database nor
    /// Iaso.
    pub fn is_known(&self, credential: &Credential) -> bool {
        match credential {
            Credential::Bearer(token) => {
                let bearer = token.expose_secret();
                match self.callback_tokens.verify(bearer, self.clock.now()) {
                    TokenCheck::Valid(_) => true,
                    TokenCheck::Invalid => false,
                    TokenCheck::NotCallback => self.is_known_bearer(token),
                }
            }
            Credential::Session(cookie) if self.accepts_sessions() => {
                self.users.is_known(CredentialKind::Session, cookie)
            }
            Credential::Nothing | Credential::Session(_) => self.access.open,
        }
    }

    fn is_known_bearer(&self, token: &SecretString) -> bool {
        let bearer = token.expose_secret();
        self.access.role_of(bearer).is_some()
            || self.keys.is_cached(bearer)
            || self.users.is_known(CredentialKind::Token, token)
    }

    /// Whether a session with Iaso is a credential. It is ignored where requests need no credential.
    pub fn accepts_sessions(&self) -> bool {
        self.users.accept_sessions() && !self.access.open
    }

    /// The account of the keys in the settings.
    pub fn own_account(&self) -> AccountId {
        self.access.account
    }

    /// The API keys of the settings, to mask them in texts.
    pub fn settings_keys(&self) -> impl Iterator<Item = &SecretString> {
        self.access.keys.iter().map(|key| &key.key)
    }

    /// The bridge's own origin, for browsers and pipelines.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The principal of an API key, and the cookie for the browser. None: the key is not valid. A token of Iaso is not
    /// accepted: its users sign in to Iaso.
    pub async fn sign_in(
        &self,
        key: &SecretString,
    ) -> Result<Option<(Principal, SecretString)>, Error> {
        if jwt::unverified_claims(key.expose_secret()).is_some() {
            return Ok(None);
        }
        match self.authenticate_bearer(key).await {
            Ok(Caller::Person(who)) => {
                let cookie = self.sessions.create(key).await?;
                Ok(cookie.map(|cookie| (who, cookie)))
            }
            // Pipelines do not use the pages.
            Ok(Caller::Pipeline(_)) => Ok(None),
            Err(error) if error.is_about_the_caller() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Callback tokens come first: Iaso may accept one as a token of its launcher, the bridge must not.
    async fn authenticate_bearer(&self, token: &SecretString) -> Result<Caller, Error> {
        let bearer = token.expose_secret();
        match self.callback_tokens.verify(bearer, self.clock.now()) {
            TokenCheck::Valid(claim) => return Ok(Caller::Pipeline(claim)),
            TokenCheck::Invalid => return Err(self.bad_token()),
            TokenCheck::NotCallback => {}
        }
        if let Some(role) = self.access.role_of(bearer) {
            let caller = self.own_principal(role, Actor::SettingsKey(role));
            return self.with_existing_account(caller).await;
        }
        // A mistyped API key must not be sent to Iaso.
        if self.users.accept_tokens() && jwt::unverified_claims(bearer).is_some() {
            let user = self.users.authenticate_token(token).await;
            return user.map(Caller::Person);
        }
        match self.keys.authenticate(bearer).await? {
            Some(principal) => self.with_existing_account(Caller::Person(principal)).await,
            None => Err(self.bad_token()),
        }
    }

    /// The keys of a deleted account are not valid any more.
    async fn with_existing_account(&self, caller: Caller) -> Result<Caller, Error> {
        let exists = match &caller {
            Caller::Person(principal) => self.accounts.exists(principal.account).await?,
            Caller::Pipeline(_) => true,
        };
        if exists {
            return Ok(caller);
        }
        Err(self.bad_token())
    }

    /// With Iaso's own text, if its users can sign in.
    fn bad_token(&self) -> Error {
        Error::Unauthenticated(if self.users.accept_tokens() {
            NotKnown::Token
        } else {
            NotKnown::Missing
        })
    }

    fn own_principal(&self, role: Role, actor: Actor) -> Caller {
        Caller::Person(Principal {
            account: self.access.account,
            role,
            actor,
            person: None,
            key: None,
        })
    }
}

impl AccessSettings {
    /// Compares every key in constant time, so that the response time says nothing about a key.
    fn role_of(&self, given: &str) -> Option<Role> {
        let mut found = None;
        for key in &self.keys {
            if is_equal(key.key.expose_secret().as_bytes(), given.as_bytes()) {
                found = found.max(Some(key.role));
            }
        }
        found
    }
}
