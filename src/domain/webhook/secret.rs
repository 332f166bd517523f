//! Secrets of webhooks in both directions. After a rotation the previous one is still valid for a day, so that the other system can
//! be changed later.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;

/// How long the previous secret is valid after a rotation.
pub const ROTATION: TimeDelta = TimeDelta::hours(24);
/// How the secrets of signatures begin, in the Standard Webhooks specification.
pub const SIGNING_PREFIX: &str = "whsec_";

/// The secret before the last rotation.
#[derive(Clone, Debug)]
pub struct OldSecret {
    pub secret: SecretString,
    /// It is valid before this time.
    pub until: DateTime<Utc>,
}

/// A secret that can be replaced without interruption.
#[derive(Clone, Debug)]
pub struct RotatingSecret {
    pub current: SecretString,
    pub old: Option<OldSecret>,
}

impl RotatingSecret {
    pub fn new(current: SecretString) -> Self {
        Self { current, old: None }
    }

    /// The secrets that are valid now, the current one first.
    pub fn valid(&self, now: DateTime<Utc>) -> Vec<&SecretString> {
        let old = self.old.iter().filter(|old| now < old.until);
        std::iter::once(&self.current)
            .chain(old.map(|old| &old.secret))
            .collect()
    }

    /// With a new secret; the current one is valid for [`ROTATION`] more.
    #[must_use]
    pub fn rotated(self, secret: SecretString, now: DateTime<Utc>) -> Self {
        Self {
            old: Some(OldSecret {
                secret: self.current,
                until: now + ROTATION,
            }),
            current: secret,
        }
    }
}

/// A secret for signatures, from random bytes.
pub fn signing_secret(random: &[u8]) -> SecretString {
    format!("{SIGNING_PREFIX}{}", STANDARD.encode(random)).into()
}
