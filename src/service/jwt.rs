//! JSON web tokens, signed and read with HS256 and nothing else.
//!
//! The library decides what a valid token is; the HMAC beneath it is the `hmac` crate's, because the library's own
//! pure-Rust backend brings RSA along, which we neither use nor trust here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::Sha256;

/// Signs and reads tokens.
#[derive(Clone)]
pub struct JwtKey {
    sign: EncodingKey,
    read: DecodingKey,
}

impl JwtKey {
    pub fn new(key: &SecretString) -> Self {
        // A second installation finds the first: the same provider.
        let _ = PROVIDER.install_default();
        let bytes = key.expose_secret().as_bytes();
        Self {
            sign: EncodingKey::from_secret(bytes),
            read: DecodingKey::from_secret(bytes),
        }
    }

    pub fn sign(&self, claims: &impl Serialize) -> SecretString {
        match jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign) {
            Ok(token) => token.into(),
            // Neither our claims nor an HMAC can fail; whoever shows an empty token is told 401.
            Err(error) => {
                tracing::error!(%error, "cannot sign a token; the pipeline cannot report with it");
                SecretString::default()
            }
        }
    }

    /// The claims, if the signature is this key's. Time and audience are the caller's to judge, by the bridge's clock.
    pub fn read<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        // By way of a value: claims that serde flattens can take a number from there only, because numbers keep their digits.
        let read = jsonwebtoken::decode::<Value>(token, &self.read, &rules).ok()?;
        serde_json::from_value(read.claims).ok()
    }
}

/// What a token says of itself, believed by nobody: good only for telling whose business it is. None: it is no token.
pub fn claimed(token: &str) -> Option<Map<String, Value>> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
    verifier_factory: |algorithm, key| {
        Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(Hmac<Sha256>);

impl Hs256 {
    fn new(algorithm: Algorithm, key: &[u8]) -> JwtResult<Self> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Hmac::new_from_slice(key)
            .map(Self)
            .map_err(|_| ErrorKind::InvalidKeyFormat.into())
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let signed = self.0.clone().chain_update(message);
        Ok(signed.finalize().into_bytes().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        let signed = self.0.clone().chain_update(message);
        signed
            .verify_slice(signature)
            .map_err(|_| SignatureError::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
