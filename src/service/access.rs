//! Who is asking: a running pipeline, an API key (of the settings or the database), a user of Iaso, or, in `dev`, whoever
//! sits at this machine.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::error::NotKnown;
use super::token::Judged;
use super::{Bridge, Error, jwt};
use crate::domain::ids::AccountId;
use crate::domain::principal::{Actor, CallbackClaim, Principal, Role};
use crate::domain::user::Door;

/// Standalone there is one account.
pub const ONLY_ACCOUNT: AccountId = AccountId(1);

/// Who gets in.
pub struct Access {
    /// The account that the keys of the settings belong to, and whoever sits here.
    pub account: AccountId,
    pub keys: Vec<ApiKey>,
    /// Whether a request without credentials is the local administrator (`dev`).
    pub open: bool,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            account: ONLY_ACCOUNT,
            keys: Vec::new(),
            open: false,
        }
    }
}

/// A key from the settings, with what it may.
pub struct ApiKey {
    pub role: Role,
    pub key: SecretString,
}

/// What somebody shows.
#[derive(Clone)]
pub enum Credential {
    Nothing,
    Bearer(SecretString),
    /// The cookie of a session with Iaso.
    Session(SecretString),
}

/// Somebody let in.
#[derive(Clone, Debug)]
pub enum Caller {
    Person(Principal),
    Pipeline(CallbackClaim),
}

impl Bridge {
    /// Who shows this, or why that is not known.
    pub async fn who(&self, shown: &Credential) -> Result<Caller, Error> {
        match shown {
            Credential::Bearer(token) => self.bearer(token).await,
            Credential::Session(cookie) if self.takes_sessions() => {
                self.user_of_session(cookie).await.map(Caller::Person)
            }
            Credential::Nothing | Credential::Session(_) if self.parts.access.open => {
                Ok(self.person(Role::Administrator, Actor::LocalUser))
            }
            Credential::Nothing | Credential::Session(_) => {
                Err(Error::Unauthenticated(NotKnown::Missing))
            }
        }
    }

    /// Whether memory and signatures tell who shows this, or did when it was last looked at: no database and no Iaso.
    pub fn knows(&self, shown: &Credential) -> bool {
        let parts = &self.parts;
        match shown {
            Credential::Bearer(token) => {
                let bearer = token.expose_secret();
                match parts.callback_key.judge(bearer, self.now()) {
                    Judged::Callback(claim) => claim.is_some(),
                    Judged::Other => {
                        parts.access.role_of(bearer).is_some()
                            || self.remembers_key(bearer)
                            || self.remembers_user(Door::Token, token)
                    }
                }
            }
            Credential::Session(cookie) if self.takes_sessions() => {
                self.remembers_user(Door::Session, cookie)
            }
            Credential::Nothing | Credential::Session(_) => parts.access.open,
        }
    }

    /// Whether a session with Iaso lets anybody in: not where everybody is let in anyway.
    pub fn takes_sessions(&self) -> bool {
        self.parts.users.take_sessions() && !self.parts.access.open
    }

    /// The account that the keys of the settings belong to: whose keeps this bridge.
    pub fn own_account(&self) -> AccountId {
        self.parts.access.account
    }

    /// The origin of the pages that may write with a session.
    pub fn public_url(&self) -> &str {
        &self.parts.public_url
    }

    /// A running pipeline is told first: its token may be good as its launcher's, in Iaso, and never is here.
    async fn bearer(&self, token: &SecretString) -> Result<Caller, Error> {
        let bearer = token.expose_secret();
        match self.parts.callback_key.judge(bearer, self.now()) {
            Judged::Callback(Some(claim)) => return Ok(Caller::Pipeline(claim)),
            Judged::Callback(None) => return Err(self.bad_token()),
            Judged::Other => {}
        }
        if let Some(role) = self.parts.access.role_of(bearer) {
            let actor = Actor::SettingsKey(role);
            return self.of_an_account(self.person(role, actor)).await;
        }
        // A key of ours that was mistyped is nothing to show to Iaso.
        if self.parts.users.take_tokens() && jwt::claimed(bearer).is_some() {
            return self.user_of_token(token).await.map(Caller::Person);
        }
        match self.holder(bearer).await? {
            Some(holder) => self.of_an_account(Caller::Person(holder)).await,
            None => Err(self.bad_token()),
        }
    }

    /// A key of an account that was deleted is not valid any more.
    async fn of_an_account(&self, caller: Caller) -> Result<Caller, Error> {
        let is_there = match &caller {
            Caller::Person(holder) => self.has_account(holder.account).await?,
            Caller::Pipeline(_) => true,
        };
        if is_there {
            return Ok(caller);
        }
        Err(self.bad_token())
    }

    /// In Iaso's words where its users are known here.
    fn bad_token(&self) -> Error {
        let users = self.parts.users.take_tokens();
        Error::Unauthenticated(if users {
            NotKnown::Token
        } else {
            NotKnown::Missing
        })
    }

    fn person(&self, role: Role, actor: Actor) -> Caller {
        Caller::Person(Principal {
            account: self.parts.access.account,
            role,
            actor,
            person: None,
            key: None,
        })
    }
}

impl Access {
    /// Every key is compared, in constant time, so that a wrong one tells nothing by when it is refused.
    fn role_of(&self, given: &str) -> Option<Role> {
        let mut found = None;
        for key in &self.keys {
            if same(key.key.expose_secret(), given) {
                found = found.max(Some(key.role));
            }
        }
        found
    }
}

fn same(one: &str, other: &str) -> bool {
    let digest =
        |text: &str| Hmac::<Sha256>::new_from_slice(b"compare").map(|mac| mac.chain_update(text));
    match (digest(one), digest(other)) {
        (Ok(one), Ok(other)) => one.verify(&other.finalize().into_bytes()).is_ok(),
        _ => false,
    }
}
