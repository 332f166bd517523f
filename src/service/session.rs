//! A browser's session: the API key that somebody signed in with, sealed into a cookie.
//!
//! The bridge keeps nothing of it. Whoever shows the cookie is the key's holder as the API has it, so a key that was
//! revoked opens nothing any more, on any replica; after its time the cookie opens nothing either.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::access::{Caller, Credential};
use super::{Bridge, Error, jwt};
use crate::domain::principal::Principal;

/// Longer than a working day, shorter than two.
pub const LASTS: TimeDelta = TimeDelta::hours(12);

/// What is sealed: named so that nothing else we ever encrypt can be taken for it.
#[derive(Serialize, Deserialize)]
struct Session {
    signed_in_with: String,
    until: DateTime<Utc>,
}

impl Bridge {
    /// Whose key this is, and what a browser keeps of it; none where it is nobody's. A token that Iaso issued is no key:
    /// its users come in with their session there.
    pub async fn sign_in(
        &self,
        key: &SecretString,
    ) -> Result<Option<(Principal, SecretString)>, Error> {
        if jwt::claimed(key.expose_secret()).is_some() {
            return Ok(None);
        }
        match self.who(&Credential::Bearer(key.clone())).await {
            Ok(Caller::Person(who)) => Ok(self.sealed(key).map(|sealed| (who, sealed))),
            // A running pipeline has no pages to read.
            Ok(Caller::Pipeline(_)) => Ok(None),
            Err(error) if error.is_about_the_caller() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn sealed(&self, key: &SecretString) -> Option<SecretString> {
        let session = Session {
            signed_in_with: key.expose_secret().to_owned(),
            until: self.now() + LASTS,
        };
        let text = serde_json::to_string(&session).ok()?;
        Some(self.store().vault.seal(&text).into())
    }

    /// The key that was signed in with; whether it is still good is for [`Bridge::who`] to say.
    pub fn session_key(&self, sealed: &str) -> Option<SecretString> {
        let text = self.store().vault.open(sealed).ok()?;
        let session: Session = serde_json::from_str(&text).ok()?;
        (self.now() < session.until).then(|| session.signed_in_with.into())
    }
}
