//! What is said of the Iaso that the bridge stands before.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Span, lists};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Iaso {
    pub attached: bool,
    pub encrypted_text_field_key: SecretString,
    pub config_account: i64,
    pub watched_for: Span,
    pub url: String,
    pub profile_kept: Span,
    pub request_timeout: Span,
    pub answer_limit: usize,
    pub signing_key: SecretString,
    pub previous_signing_keys: SecretString,
}

impl Iaso {
    /// The keys that users' tokens are verified with, the current one first; none where Iaso's tables are not at hand.
    pub fn verifying_keys(&self) -> Vec<SecretString> {
        let current = self.signing_key.expose_secret();
        if current.is_empty() || !self.attached {
            return Vec::new();
        }
        let mut keys = vec![self.signing_key.clone()];
        keys.extend(lists::keys(&self.previous_signing_keys));
        keys
    }

    /// Whether anybody comes in as Iaso's user.
    pub fn has_users(&self) -> bool {
        !self.url.is_empty() || !self.verifying_keys().is_empty()
    }
}
