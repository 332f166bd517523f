//! An OpenHEXA, or what stands in front of it, that accepts no more requests for a while: it is left alone until the time
//! that it named.
//!
//! Told apart by address and token, as limits are: another account's requests go on.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use super::error::Error;
use crate::domain::connection::Target;

/// The longest time that is waited for at once, in seconds.
const LONGEST: u32 = 600;

/// What a response says that comes of too many requests; none for another response.
pub fn throttled(status: StatusCode, headers: &HeaderMap) -> Option<Error> {
    let seconds = retry_after(headers);
    let is_one = match status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::SERVICE_UNAVAILABLE => seconds.is_some(),
        _ => false,
    };
    is_one.then_some(Error::Throttled { seconds })
}

/// Seconds, or a time by the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let told = text(RETRY_AFTER)?.trim();
    let time = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let seconds = told.parse().ok().or_else(|| {
        let wait = time(told)? - time(text(DATE)?)?;
        Some(wait.num_seconds())
    })?;
    u32::try_from(seconds.clamp(0, LONGEST.into())).ok()
}

/// Until when nothing is sent, by address and token.
#[derive(Default)]
pub struct Throttles {
    hasher: RandomState,
    until: Mutex<HashMap<u64, Instant>>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "a duration is measured, no time is told"
)]
impl Throttles {
    pub fn check(&self, target: &Target) -> Result<(), Error> {
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        let left = until.get(&self.key(target)).copied();
        let left = left.map(|until| until.saturating_duration_since(Instant::now()));
        match left.filter(|left| !left.is_zero()) {
            None => Ok(()),
            Some(left) => Err(Error::Throttled {
                seconds: u32::try_from(left.as_secs() + 1).ok(),
            }),
        }
    }

    pub fn note(&self, target: &Target, error: &Error) {
        let Some(seconds) = error.retry_after() else {
            return;
        };
        let now = Instant::now();
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.retain(|_, until| *until > now);
        until.insert(self.key(target), now + Duration::from_secs(seconds.into()));
    }

    fn key(&self, target: &Target) -> u64 {
        let token = target.token.expose_secret();
        self.hasher.hash_one((&target.url, token))
    }
}
