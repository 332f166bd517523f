//! JSON web tokens, signed and verified with HS256 only.
//!
//! `jsonwebtoken` parses and validates; the HMAC is from the `hmac` crate, because the library's own pure-Rust backend
//! includes RSA, which is not needed here.

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

/// Signs and verifies tokens.
#[derive(Clone)]
pub struct JwtKey {
    sign: EncodingKey,
    verify: DecodingKey,
}

impl JwtKey {
    pub fn new(key: &SecretString) -> Self {
        // An error means that it is installed already.
        let _ = PROVIDER.install_default();
        let bytes = key.expose_secret().as_bytes();
        Self {
            sign: EncodingKey::from_secret(bytes),
            verify: DecodingKey::from_secret(bytes),
        }
    }

    pub fn sign(&self, claims: &impl Serialize) -> SecretString {
        match jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign) {
            Ok(token) => token.into(),
            // Serializing the claims and computing an HMAC cannot fail. If they did, an empty token would get 401.
            Err(error) => {
                tracing::error!(%error, "cannot sign a token; the pipeline cannot report with it");
                SecretString::default()
            }
        }
    }

    /// The claims, if the signature is valid. The caller checks expiry and audience, with the bridge's clock.
    pub fn verify<T: DeserializeOwned>(&self, token: &str) -> Option<T> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        // With `arbitrary_precision`, flattened claims can read a number from a `Value` only.
        let token = jsonwebtoken::decode::<Value>(token, &self.verify, &rules).ok()?;
        serde_json::from_value(token.claims).ok()
    }
}

/// The claims of a token, whose signature is not verified: only for deciding who verifies it. None: this is no token.
pub fn unverified_claims(token: &str) -> Option<Map<String, Value>> {
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
