//! Keyed hashes: to recognise what we saw or gave out ourselves, where a plain hash could be guessed or forged.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Bytes of a hash that are kept: too many to be guessed.
const KEPT: usize = 18;
/// Letters that spell them.
pub const LENGTH: usize = KEPT / 3 * 4;

/// Hashes under the bridge's own key; each purpose has its own hashes.
#[derive(Clone)]
pub struct Seal(SecretString);

impl Seal {
    pub fn new(key: &SecretString) -> Self {
        Self(key.clone())
    }

    /// Of [`LENGTH`] letters, good for a URL.
    pub(super) fn of(&self, purpose: &str, parts: &[&str]) -> String {
        let whole = self.bytes(purpose, parts);
        URL_SAFE_NO_PAD.encode(&whole[..KEPT.min(whole.len())])
    }

    fn bytes(&self, purpose: &str, parts: &[&str]) -> Vec<u8> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()) else {
            // An HMAC takes a key of any length.
            return Vec::new();
        };
        for part in [purpose].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().to_vec()
    }
}
