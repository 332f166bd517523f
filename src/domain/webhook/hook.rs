//! A webhook with its secrets.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::Mapping;
use super::secret::{RotatingSecret, signing_secret};
use crate::domain::ids::{AccountId, HookId, PipelineId};
use crate::domain::principal::Principal;

/// How a message proves that its sender has the secret, without the sender's user name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Bearer,
    Basic,
    Signature,
}

impl Method {
    const ALL: [Self; 3] = [Self::Bearer, Self::Basic, Self::Signature];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::Signature => "signature",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }

    /// The secret that a sender is configured with, from random bytes.
    pub fn secret(self, random: &[u8]) -> SecretString {
        match self {
            Self::Bearer | Self::Basic => format!("ohw_{}", URL_SAFE_NO_PAD.encode(random)).into(),
            Self::Signature => signing_secret(random),
        }
    }
}

/// How a message proves that its sender has the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// `Authorization: Bearer` with the secret.
    Bearer,
    /// `Authorization: Basic` with a user name and the secret.
    Basic { username: String },
    /// A signature as in the Standard Webhooks specification.
    Signature,
}

impl Authentication {
    pub fn method(&self) -> Method {
        match self {
            Self::Bearer => Method::Bearer,
            Self::Basic { .. } => Method::Basic,
            Self::Signature => Method::Signature,
        }
    }

    pub fn username(&self) -> Option<&str> {
        match self {
            Self::Basic { username } => Some(username),
            Self::Bearer | Self::Signature => None,
        }
    }

    /// From the stored form.
    pub fn read(method: &str, username: Option<String>) -> Option<Self> {
        Some(match Method::parse(method)? {
            Method::Bearer => Self::Bearer,
            Method::Basic => Self::Basic {
                username: username?,
            },
            Method::Signature => Self::Signature,
        })
    }
}

/// What a message starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookTarget {
    /// A flow, by its slug.
    Flow(String),
    Pipeline(PipelineId),
}

#[derive(Clone, Debug)]
pub struct Hook {
    pub id: HookId,
    pub account: AccountId,
    pub name: String,
    pub target: HookTarget,
    pub authentication: Authentication,
    pub secret: RotatingSecret,
    pub mapping: Mapping,
    /// The caller for whom it launches. None if a newer version stored one that this version cannot read.
    pub created_by: Option<Principal>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

impl Hook {
    /// The same hook with a new secret.
    #[must_use]
    pub fn rotated(self, secret: SecretString, now: DateTime<Utc>) -> Self {
        Self {
            secret: self.secret.rotated(secret, now),
            updated_at: now,
            ..self
        }
    }
}
