//! Signatures of messages as in the Standard Webhooks specification
//! (<https://github.com/standard-webhooks/standard-webhooks>): HMAC-SHA256 of the id, the timestamp and the body.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::secret::SIGNING_PREFIX;

/// The version of signatures with HMAC-SHA256.
pub const SIGNATURE_PREFIX: &str = "v1,";
/// Other systems leave out the padding of base64, or write it.
pub const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The parts of a message that its signature covers. The id could contain a dot without danger: the body is a JSON object, so no
/// other id and timestamp have the same signed text.
#[derive(Clone, Copy)]
pub struct SignedParts<'a> {
    pub id: &'a str,
    pub timestamp: &'a str,
    pub body: &'a [u8],
}

/// None: the secret is empty or not base64.
pub fn mac(secret: &str, parts: SignedParts<'_>) -> Option<Hmac<Sha256>> {
    let key = secret.strip_prefix(SIGNING_PREFIX).unwrap_or(secret);
    let key = BASE64.decode(key).ok().filter(|key| !key.is_empty())?;
    let mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    let mac = mac.chain_update(parts.id).chain_update(".");
    let mac = mac.chain_update(parts.timestamp).chain_update(".");
    Some(mac.chain_update(parts.body))
}

/// The value of the header `webhook-signature`: one signature for each secret. Empty without a usable secret.
pub fn sign(secrets: &[&SecretString], parts: SignedParts<'_>) -> String {
    let macs = secrets
        .iter()
        .filter_map(|secret| mac(secret.expose_secret(), parts));
    let signatures = macs.map(|mac| {
        let signature = BASE64.encode(mac.finalize().into_bytes());
        format!("{SIGNATURE_PREFIX}{signature}")
    });
    signatures.collect::<Vec<_>>().join(" ")
}
