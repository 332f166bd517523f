//! Times in responses of OpenHEXA.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// None if it cannot be read, so that one invalid time does not make the whole response unreadable.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timestamp(pub Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Value::deserialize(deserializer)?;
        Ok(Self(text.as_str().and_then(parse)))
    }
}

/// RFC 3339; without an offset it is UTC.
fn parse(text: &str) -> Option<DateTime<Utc>> {
    let exact = DateTime::parse_from_rfc3339(text).ok();
    let naive = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    exact
        .map(Into::into)
        .or_else(|| naive().map(|at| at.and_utc()))
}
