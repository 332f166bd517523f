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
        let mac = self.mac(purpose, parts);
        let whole = mac.map(|mac| mac.finalize().into_bytes().to_vec());
        let whole = whole.unwrap_or_default();
        URL_SAFE_NO_PAD.encode(&whole[..KEPT.min(whole.len())])
    }

    /// Whether this is the hash of these parts; how long the answer takes tells nobody how near a guess was.
    pub(super) fn is(&self, given: &str, purpose: &str, parts: &[&str]) -> bool {
        let given = URL_SAFE_NO_PAD.decode(given);
        let Some((given, mac)) = given.ok().zip(self.mac(purpose, parts)) else {
            return false;
        };
        given.len() == KEPT && mac.verify_truncated_left(&given).is_ok()
    }

    /// An HMAC takes a key of any length: there is always one.
    fn mac(&self, purpose: &str, parts: &[&str]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()).ok()?;
        for part in [purpose].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Some(mac)
    }
}
