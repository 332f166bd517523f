//! Times as OpenHEXA writes them.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A point in time as OpenHEXA writes it. One that cannot be read is none: a single odd date must
/// not cost the whole answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(pub Option<DateTime<Utc>>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Value::deserialize(deserializer)?;
        Ok(Self(text.as_str().and_then(moment)))
    }
}

/// RFC 3339; without an offset it is UTC.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let exact = DateTime::parse_from_rfc3339(text).ok();
    let naive = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    exact
        .map(Into::into)
        .or_else(|| naive().map(|at| at.and_utc()))
}
