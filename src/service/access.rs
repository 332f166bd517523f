//! Who is asking: an API key (of the settings or the database), a callback token, or, in `dev`, whoever sits at this machine.

use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::{Bridge, Error};
use crate::domain::ids::AccountId;
use crate::domain::principal::{CallbackClaim, Principal, Role};

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

/// Somebody let in.
#[derive(Clone, Debug)]
pub enum Caller {
    Person(Principal),
    Pipeline(CallbackClaim),
}

impl Bridge {
    /// None: the credentials are missing or wrong.
    pub async fn who(&self, bearer: Option<&str>) -> Result<Option<Caller>, Error> {
        let Some(bearer) = bearer else {
            let local = || self.person(Role::Administrator, "whoever sits here".to_owned());
            return Ok(self.parts.access.open.then(local));
        };
        if let Some(claim) = self.parts.callback_key.read(bearer, self.now()) {
            return Ok(Some(Caller::Pipeline(claim)));
        }
        if let Some(role) = self.parts.access.role_of(bearer) {
            let name = format!("the {} key of the settings", role.word());
            return Ok(Some(self.person(role, name)));
        }
        Ok(self.holder(bearer).await?.map(Caller::Person))
    }

    fn person(&self, role: Role, name: String) -> Caller {
        Caller::Person(Principal {
            account: self.parts.access.account,
            role,
            name,
            person: None,
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
