//! Secrets at rest: Fernet, the form Iaso keeps its own in.

use fernet::Fernet;
use secrecy::{ExposeSecret, SecretString};

use super::error::{BadKey, Error};

/// Encrypts what is stored and reads it back.
#[derive(Clone)]
pub struct Vault(std::sync::Arc<Fernet>);

impl Vault {
    pub fn new(key: &SecretString) -> Result<Self, BadKey> {
        let fernet = Fernet::new(key.expose_secret()).ok_or(BadKey)?;
        Ok(Self(std::sync::Arc::new(fernet)))
    }

    pub fn fresh_key() -> SecretString {
        Fernet::generate_key().into()
    }

    pub fn seal(&self, text: &str) -> String {
        self.0.encrypt(text.as_bytes())
    }

    pub fn open(&self, sealed: &str) -> Result<String, Error> {
        let bytes = self
            .0
            .decrypt(sealed)
            .map_err(|_| Error::Corrupt("secret"))?;
        String::from_utf8(bytes).map_err(|_| Error::Corrupt("secret"))
    }
}
