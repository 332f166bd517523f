//! Encryption of stored secrets with Fernet, which Iaso also uses. `reencrypt.rs` changes the key.

use std::sync::Arc;

use fernet::{Fernet, MultiFernet};
use secrecy::{ExposeSecret, SecretString};

use super::error::{Error, InvalidEncryptionKey};

/// Encrypts with the current key, and decrypts with the current and the previous keys.
#[derive(Clone)]
pub struct Cipher {
    current: Arc<Fernet>,
    all: Arc<MultiFernet>,
}

impl Cipher {
    pub fn new(key: &SecretString) -> Result<Self, InvalidEncryptionKey> {
        let current = fernet(key)?;
        let all = MultiFernet::new(vec![current.clone()]);
        Ok(Self {
            current: Arc::new(current),
            all: Arc::new(all),
        })
    }

    /// The same cipher, which also decrypts with these previous keys.
    pub fn with_previous(&self, keys: &[SecretString]) -> Result<Self, InvalidEncryptionKey> {
        let previous: Result<Vec<Fernet>, InvalidEncryptionKey> = keys.iter().map(fernet).collect();
        let mut all = vec![(*self.current).clone()];
        all.extend(previous?);
        Ok(Self {
            current: self.current.clone(),
            all: Arc::new(MultiFernet::new(all)),
        })
    }

    pub fn generate_key() -> SecretString {
        Fernet::generate_key().into()
    }

    pub fn encrypt(&self, text: &str) -> String {
        self.current.encrypt(text.as_bytes())
    }

    pub fn decrypt(&self, encrypted: &str) -> Result<String, Error> {
        let bytes = self
            .all
            .decrypt(encrypted)
            .map_err(|_| Error::Corrupt("secret"))?;
        String::from_utf8(bytes).map_err(|_| Error::Corrupt("secret"))
    }

    /// Decrypts a JSON object. An earlier version may have stored it unencrypted; it then starts with `{`, which encrypted
    /// text never does.
    pub fn decrypt_object(&self, stored: &str) -> Result<String, Error> {
        if is_object(stored) {
            return Ok(stored.to_owned());
        }
        self.decrypt(stored)
    }

    /// The stored text, encrypted with the current key. None if it already is.
    pub fn reencrypt(&self, stored: &str) -> Result<Option<String>, Error> {
        if self.current.decrypt(stored).is_ok() {
            return Ok(None);
        }
        Ok(Some(self.encrypt(&self.decrypt_object(stored)?)))
    }
}

fn fernet(key: &SecretString) -> Result<Fernet, InvalidEncryptionKey> {
    Fernet::new(key.expose_secret()).ok_or(InvalidEncryptionKey)
}

fn is_object(stored: &str) -> bool {
    stored.starts_with('{')
}
