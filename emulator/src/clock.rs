//! The emulator's clock, in milliseconds as in OpenHEXA's responses.

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};

/// Milliseconds since 1970.
pub type Millis = i64;

pub const MINUTE: Millis = 60_000;

pub fn now() -> Millis {
    Utc::now().timestamp_millis()
}

/// `2026-11-21T00:25:28.028Z`, as OpenHEXA writes a time.
pub fn iso(at: Millis) -> String {
    moment(at).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// `2026-11-21T00:25:28+00:00`, as at the start of each line of the SDK's log.
pub fn log_stamp(at: Millis) -> String {
    moment(at).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// `2026-11-21 00:25:28 UTC`, for people.
pub fn second(at: Millis) -> String {
    moment(at).format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn moment(at: Millis) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(at).single().unwrap_or_default()
}
