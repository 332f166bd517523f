//! The settings of the section `iaso`.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{Span, lists};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IasoSettings {
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

impl IasoSettings {
    /// The keys that verify users' tokens, the current one first; empty if the bridge is not attached to Iaso's database.
    pub fn verifying_keys(&self) -> Vec<SecretString> {
        let current = self.signing_key.expose_secret();
        if current.is_empty() || !self.attached {
            return Vec::new();
        }
        let mut keys = vec![self.signing_key.clone()];
        keys.extend(lists::keys(&self.previous_signing_keys));
        keys
    }

    /// Whether Iaso's users can sign in.
    pub fn has_users(&self) -> bool {
        !self.url.is_empty() || !self.verifying_keys().is_empty()
    }
}
