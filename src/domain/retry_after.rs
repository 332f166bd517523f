//! The header `Retry-After` of a response (RFC 9110).

use chrono::DateTime;

/// The seconds to wait: a number of seconds, or a time by the server's own clock, which the header `Date` shows.
pub fn seconds_to_wait(retry_after: &str, date: Option<&str>) -> Option<i64> {
    let value = retry_after.trim();
    let time = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    value.parse().ok().or_else(|| {
        let wait = time(value)? - time(date?)?;
        Some(wait.num_seconds())
    })
}
