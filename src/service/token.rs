//! The callback token: what a running pipeline shows to report on its own task, and on nothing else.
//!
//! HS256 with the bridge's own key. The library decides what a valid token is; the HMAC beneath it is the `hmac`
//! crate's, because the library's own pure-Rust backend brings RSA along, which we neither use nor trust here.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::signature::{Error as SignatureError, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::principal::CallbackClaim;

const AUDIENCE: &str = "openhexa-bridge:callback";

/// Signs and reads callback tokens.
#[derive(Clone)]
pub struct CallbackKey {
    sign: EncodingKey,
    read: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    account: i64,
    task: i64,
    pipeline: Uuid,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

impl CallbackKey {
    pub fn new(key: &SecretString) -> Self {
        // A second installation finds the first: the same provider.
        let _ = PROVIDER.install_default();
        let bytes = key.expose_secret().as_bytes();
        Self {
            sign: EncodingKey::from_secret(bytes),
            read: DecodingKey::from_secret(bytes),
        }
    }

    pub(super) fn mint(
        &self,
        claim: CallbackClaim,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> SecretString {
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            account: claim.account.0,
            task: claim.task.0,
            pipeline: claim.pipeline.0,
            jti: Uuid::new_v4(),
            iat: now.timestamp(),
            exp: until.timestamp(),
        };
        match jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.sign) {
            Ok(token) => token.into(),
            // Neither these claims nor an HMAC can fail; a pipeline with an empty token is told 401.
            Err(error) => {
                tracing::error!(%error, "a callback token could not be signed");
                SecretString::default()
            }
        }
    }

    /// The task that the token names, if it is ours and still good.
    pub(super) fn read(&self, token: &str, now: DateTime<Utc>) -> Option<CallbackClaim> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[AUDIENCE]);
        // Judged below, by our own clock.
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.read, &rules)
            .ok()?
            .claims;
        (claims.exp > now.timestamp()).then_some(CallbackClaim {
            account: AccountId(claims.account),
            task: TaskId(claims.task),
            pipeline: PipelineId(claims.pipeline),
        })
    }
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
