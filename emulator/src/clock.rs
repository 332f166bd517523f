//! The emulator's clock: the one place where it reads the time.
//!
//! OpenHEXA tells milliseconds, so that is what everything here counts in.

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

/// `2026-11-21T00:25:28+00:00`, as the SDK starts a line of its log.
pub fn log_stamp(at: Millis) -> String {
    moment(at).to_rfc3339_opts(SecondsFormat::Secs, false)
}

fn moment(at: Millis) -> DateTime<Utc> {
    Utc.timestamp_millis_opt(at).single().unwrap_or_default()
}
