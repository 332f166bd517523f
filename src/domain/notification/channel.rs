//! Where notices are sent: the address of another system, or people's e-mail addresses.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::notice::Both;
use crate::domain::ids::{AccountId, ChannelId};
use crate::domain::principal::Actor;
use crate::domain::webhook::RotatingSecret;
use crate::domain::words::words;

words! {
    /// The language of a channel's e-mails.
    pub enum ChannelLanguage {
        English = "en";
        French = "fr";
    }
}

impl ChannelLanguage {
    pub fn of(self, text: &Both) -> &str {
        match self {
            Self::English => &text.en,
            Self::French => &text.fr,
        }
    }
}

#[derive(Clone, Debug)]
pub enum ChannelTarget {
    Webhook {
        url: String,
        /// With which each message is signed.
        secret: RotatingSecret,
    },
    Email {
        recipients: Vec<String>,
    },
}

impl ChannelTarget {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Webhook { .. } => "webhook",
            Self::Email { .. } => "email",
        }
    }
}

words! {
    /// Why a channel gets no messages.
    pub enum DisabledWhy {
        /// The receiver said that it no longer exists (HTTP 410).
        Gone = "gone";
        /// An administrator disabled it.
        Manual = "manual";
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disabled {
    pub at: DateTime<Utc>,
    pub why: DisabledWhy,
}

#[derive(Clone, Debug)]
pub struct Channel {
    pub id: ChannelId,
    pub account: AccountId,
    pub name: String,
    pub target: ChannelTarget,
    pub language: ChannelLanguage,
    pub disabled: Option<Disabled>,
    pub created_by: Actor,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Channel {
    /// The same channel with a new secret. None: it has no secret, because it is not a webhook.
    pub fn rotated(self, new: SecretString, now: DateTime<Utc>) -> Option<Self> {
        let ChannelTarget::Webhook { url, secret } = self.target else {
            return None;
        };
        Some(Self {
            target: ChannelTarget::Webhook {
                url,
                secret: secret.rotated(new, now),
            },
            updated_at: now,
            ..self
        })
    }
}
