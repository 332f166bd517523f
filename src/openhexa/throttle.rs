//! Responses that say that the server accepts no more requests for a while.

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};

use super::error::Error;
use crate::domain::retry_after::seconds_to_wait;

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

fn retry_after(headers: &HeaderMap) -> Option<u32> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = seconds_to_wait(text(RETRY_AFTER)?, text(DATE))?;
    u32::try_from(seconds.clamp(0, MAX_WAIT.into())).ok()
}
