//! Secrets at rest: Fernet, the form Iaso keeps its own in.

use std::sync::Arc;

use fernet::{Fernet, MultiFernet};
use secrecy::{ExposeSecret, SecretString};

use super::error::{BadKey, Error};

/// Encrypts what is stored and reads it back: seals with the key in force, opens with those before it too.
#[derive(Clone)]
pub struct Vault {
    current: Arc<Fernet>,
    all: Arc<MultiFernet>,
}

impl Vault {
    pub fn new(key: &SecretString) -> Result<Self, BadKey> {
        let current = fernet(key)?;
        let all = MultiFernet::new(vec![current.clone()]);
        Ok(Self {
            current: Arc::new(current),
            all: Arc::new(all),
        })
    }

    /// The same, which also opens what one of these keys has sealed.
    pub fn with_previous(&self, keys: &[SecretString]) -> Result<Self, BadKey> {
        let previous: Result<Vec<Fernet>, BadKey> = keys.iter().map(fernet).collect();
        let mut all = vec![(*self.current).clone()];
        all.extend(previous?);
        Ok(Self {
            current: self.current.clone(),
            all: Arc::new(MultiFernet::new(all)),
        })
    }

    pub fn fresh_key() -> SecretString {
        Fernet::generate_key().into()
    }

    pub fn seal(&self, text: &str) -> String {
        self.current.encrypt(text.as_bytes())
    }

    pub fn open(&self, sealed: &str) -> Result<String, Error> {
        let bytes = self
            .all
            .decrypt(sealed)
            .map_err(|_| Error::Corrupt("secret"))?;
        String::from_utf8(bytes).map_err(|_| Error::Corrupt("secret"))
    }

    /// Opens what an earlier version may have kept as it is: an object of JSON, which no sealed text looks like.
    pub fn open_object(&self, kept: &str) -> Result<String, Error> {
        if is_object(kept) {
            return Ok(kept.to_owned());
        }
        self.open(kept)
    }

    /// The same under the key in force; none where it is under it already.
    pub fn anew(&self, kept: &str) -> Result<Option<String>, Error> {
        if self.current.decrypt(kept).is_ok() {
            return Ok(None);
        }
        Ok(Some(self.seal(&self.open_object(kept)?)))
    }
}

fn fernet(key: &SecretString) -> Result<Fernet, BadKey> {
    Fernet::new(key.expose_secret()).ok_or(BadKey)
}

fn is_object(kept: &str) -> bool {
    kept.starts_with('{')
}
