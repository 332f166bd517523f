//! A browser's session: the API key that somebody signed in with, sealed into a cookie.
//!
//! The bridge keeps nothing of it. Whoever shows the cookie is the key's holder as the API has it, so a key that was
//! revoked opens nothing any more, on any replica; after its time the cookie opens nothing either.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::access::Caller;
use super::{Bridge, Error};

/// Longer than a working day, shorter than two.
pub const LASTS: TimeDelta = TimeDelta::hours(12);

/// What is sealed: named so that nothing else we ever encrypt can be taken for it.
#[derive(Serialize, Deserialize)]
struct Session {
    signed_in_with: String,
    until: DateTime<Utc>,
}

impl Bridge {
    /// What a browser keeps; none where this is nobody's key.
    pub async fn sign_in(&self, key: &SecretString) -> Result<Option<SecretString>, Error> {
        match self.who(Some(key.expose_secret())).await? {
            Some(Caller::Person(_)) => Ok(self.sealed(key)),
            // A running pipeline has no pages to read.
            Some(Caller::Pipeline(_)) | None => Ok(None),
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

    /// The origin that people reach the bridge at.
    pub fn public_url(&self) -> &str {
        &self.parts.public_url
    }
}
