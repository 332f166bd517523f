//! Keeps a token that a user typed and tested on the settings page until they save it.
//!
//! A page must not contain the token, and must work without JavaScript. So its form contains the token encrypted, and the
//! bridge decrypts it only for the same user, account and OpenHEXA server, and only for a short time.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Configuration;
use crate::domain::ids::AccountId;

/// How long the token is kept.
const LIFETIME: TimeDelta = TimeDelta::minutes(15);
/// A longer text is not kept. OpenHEXA's tokens have about 100 characters.
const LONGEST: usize = 4096;

/// The encrypted content. Its field names differ from everything else that is encrypted, so nothing else can be used as a
/// kept token, and a kept token as nothing else.
#[derive(Serialize, Deserialize)]
struct HeldToken {
    typed_token: String,
    account: i64,
    typed_by: String,
    origin: String,
    until: DateTime<Utc>,
}

/// Who typed a token, and for which URL.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    pub account: AccountId,
    pub by: &'a str,
    pub url: &'a str,
}

impl Configuration {
    /// The encrypted token. None if the URL is invalid, because a token is only kept for one server.
    pub fn hold_token(&self, typed: Typed<'_>, token: &str) -> Option<String> {
        if token.len() > LONGEST {
            return None;
        }
        let held = HeldToken {
            typed_token: token.to_owned(),
            account: typed.account.0,
            typed_by: typed.by.to_owned(),
            origin: self.addresses.parse(typed.url).ok()?.origin,
            until: self.clock.now() + LIFETIME,
        };
        let text = serde_json::to_string(&held).ok()?;
        Some(self.store.cipher.encrypt(&text))
    }

    /// The token that was kept. None if it has expired, or was typed by another user or for another account or server.
    pub fn held_token(&self, typed: Typed<'_>, encrypted: &str) -> Option<String> {
        let text = self.store.cipher.decrypt(encrypted).ok()?;
        let held: HeldToken = serde_json::from_str(&text).ok()?;
        let origin = self.addresses.parse(typed.url).ok()?.origin;
        let is_own = held.account == typed.account.0 && held.typed_by == typed.by;
        let is_valid = is_own && held.origin == origin && self.clock.now() < held.until;
        is_valid.then_some(held.typed_token)
    }
}
