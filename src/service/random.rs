//! Random bytes for new secrets.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use secrecy::ExposeSecret as _;

use super::Error;
use crate::store::{self, Cipher};

/// 32 random bytes, generated like an encryption key.
pub fn random_bytes() -> Result<Vec<u8>, Error> {
    let key = Cipher::generate_key();
    let bytes = URL_SAFE.decode(key.expose_secret());
    bytes.map_err(|_| Error::Internal(store::Error::Corrupt("random bytes")))
}
