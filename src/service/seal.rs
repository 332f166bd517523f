//! Keyed hashes: they recognise values that the bridge has seen or issued, and cannot be guessed or forged like a plain hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use sha2::Sha256;

/// Number of bytes of the hash that are used.
const KEPT: usize = 18;
/// Their length in base64.
pub const LENGTH: usize = KEPT / 3 * 4;

/// Hashes with the bridge's own key. The same value has another hash for another purpose.
#[derive(Clone)]
pub struct Seal(SecretString);

impl Seal {
    pub fn new(key: &SecretString) -> Self {
        Self(key.clone())
    }

    /// [`LENGTH`] characters that need no escaping in a URL.
    pub(super) fn of(&self, purpose: &str, parts: &[&str]) -> String {
        let mac = self.mac(purpose, parts);
        let whole = mac.map(|mac| mac.finalize().into_bytes().to_vec());
        let whole = whole.unwrap_or_default();
        URL_SAFE_NO_PAD.encode(&whole[..KEPT.min(whole.len())])
    }

    /// The hash of a request: `what` names the operation and its object. Bodies are equal if they are the same JSON, in any
    /// order of keys.
    pub(super) fn of_request(
        &self,
        purpose: &str,
        what: [&str; 2],
        body: &Map<String, Value>,
    ) -> String {
        let mut body = Value::Object(body.clone());
        body.sort_all_objects();
        self.of(purpose, &[what[0], what[1], &body.to_string()])
    }

    /// A text for a client, which gives it back: with its hash, in base64. `context` is what it is valid for.
    pub(super) fn sealed(&self, purpose: &str, context: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.of(purpose, &[context, text]) + text)
    }

    /// The text that was sealed. None: it is not from the bridge, or of another context.
    pub(super) fn open(&self, purpose: &str, context: &str, sealed: &str) -> Option<String> {
        let whole = String::from_utf8(URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()?;
        let (hash, text) = whole.split_at_checked(LENGTH)?;
        let is_own = self.is(hash, purpose, &[context, text]);
        is_own.then(|| text.to_owned())
    }

    /// Whether this is the hash of these parts. Compared in constant time.
    pub(super) fn is(&self, given: &str, purpose: &str, parts: &[&str]) -> bool {
        let given = URL_SAFE_NO_PAD.decode(given);
        let Some((given, mac)) = given.ok().zip(self.mac(purpose, parts)) else {
            return false;
        };
        given.len() == KEPT && mac.verify_truncated_left(&given).is_ok()
    }

    /// Never `None`, because an HMAC accepts a key of any length.
    fn mac(&self, purpose: &str, parts: &[&str]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret().as_bytes()).ok()?;
        for part in [purpose].iter().chain(parts) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Some(mac)
    }
}
