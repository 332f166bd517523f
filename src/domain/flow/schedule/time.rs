//! Conversions between the two crates for time: chrono's types are those of the project, jiff knows the zones.

use chrono::{DateTime, Utc};
use jiff::Timestamp;

/// Times that jiff cannot represent (before year -9999 or after 9999) become the nearest that it can.
pub fn to_jiff(time: DateTime<Utc>) -> Timestamp {
    Timestamp::from_millisecond(time.timestamp_millis()).unwrap_or(if time < DateTime::UNIX_EPOCH {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// Every time of jiff exists in chrono.
pub fn to_chrono(time: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.as_millisecond()).unwrap_or(DateTime::UNIX_EPOCH)
}
