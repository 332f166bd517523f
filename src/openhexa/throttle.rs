//! Responses that say that the server accepts no more requests for a while.

use chrono::DateTime;
use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use super::error::Error;

/// The longest wait that is accepted, in seconds.
const MAX_WAIT: u32 = 600;

/// The error, if the response is about too many requests.
pub fn throttled(status: StatusCode, headers: &HeaderMap) -> Option<Error> {
    let seconds = retry_after(headers);
    let is_throttled = match status {
        StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::SERVICE_UNAVAILABLE => seconds.is_some(),
        _ => false,
    };
    is_throttled.then_some(Error::Throttled { seconds })
}

/// A number of seconds, or a time by the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let value = text(RETRY_AFTER)?.trim();
    let time = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let seconds = value.parse().ok().or_else(|| {
        let wait = time(value)? - time(text(DATE)?)?;
        Some(wait.num_seconds())
    })?;
    u32::try_from(seconds.clamp(0, MAX_WAIT.into())).ok()
}
