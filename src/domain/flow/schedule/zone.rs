//! Time zones by their IANA names. The rules are compiled into the program, so that all replicas agree.

use std::fmt;

use chrono::{DateTime, Utc};
use jiff::Zoned;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::time::to_jiff;
use crate::domain::message::{Message, say};

/// The maximum length of a name that is looked up, in bytes. The longest one of the database has 32.
const LONGEST: usize = 60;

/// A zone of the IANA database.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneFault {
    /// An offset such as `GMT+1` or `+01:00`: it does not follow clock changes.
    Offset { value: String },
    Unknown {
        value: String,
        nearest: Option<String>,
    },
}

impl ZoneFault {
    pub fn message(&self) -> Message {
        match self {
            Self::Offset { value } => say("flow-zone-offset").with("value", value),
            Self::Unknown {
                value,
                nearest: Some(nearest),
            } => say("flow-zone-unknown-near")
                .with("value", value)
                .with("nearest", nearest),
            Self::Unknown {
                value,
                nearest: None,
            } => say("flow-zone-unknown").with("value", value),
        }
    }
}

impl Zone {
    pub fn utc() -> Self {
        Self {
            name: "UTC".to_owned(),
            rules: TimeZone::UTC,
        }
    }

    /// Names are accepted in any case, and kept as the database writes them.
    pub fn parse(value: &str) -> Result<Self, ZoneFault> {
        let value = value.trim();
        let shown: String = value.chars().take(60).collect();
        if is_offset(value) {
            return Err(ZoneFault::Offset { value: shown });
        }
        if value.len() > LONGEST || !value.is_ascii() {
            let (value, nearest) = (shown, None);
            return Err(ZoneFault::Unknown { value, nearest });
        }
        let database = TimeZoneDatabase::bundled();
        let found = database.get(value).ok();
        let named = found.and_then(|rules| Some((rules.iana_name()?.to_owned(), rules)));
        match named {
            Some((name, rules)) if name != "Etc/Unknown" => Ok(Self { name, rules }),
            Some(_) | None => Err(ZoneFault::Unknown {
                nearest: nearest(&database, &shown),
                value: shown,
            }),
        }
    }

    /// All names of the database.
    pub fn names() -> Vec<String> {
        let database = TimeZoneDatabase::bundled();
        let names = database.available();
        names.map(|name| name.to_string()).collect()
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its name looks like an offset with the opposite sign: `Etc/GMT+1` is one hour behind UTC.
    pub fn is_inverted(&self) -> bool {
        self.name.starts_with("Etc/GMT+") || self.name.starts_with("Etc/GMT-")
    }

    pub fn local(&self, time: DateTime<Utc>) -> Zoned {
        to_jiff(time).to_zoned(self.rules.clone())
    }

    pub(super) fn rules(&self) -> &TimeZone {
        &self.rules
    }
}

/// `GMT+1`, `UTC-03:00`, `+0100`. `GMT+0` and `Etc/GMT+1` are names of the database.
fn is_offset(value: &str) -> bool {
    let rest = ["GMT", "UTC", "utc", "gmt", ""]
        .into_iter()
        .find_map(|prefix| {
            value
                .strip_prefix(prefix)
                .filter(|rest| rest.starts_with(['+', '-']))
        });
    rest.is_some_and(|rest| {
        let digits = &rest[1..];
        !digits.is_empty()
            && digits != "0"
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b':')
    })
}

fn nearest(database: &TimeZoneDatabase, value: &str) -> Option<String> {
    let city = |name: &str| name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let wanted = city(value);
    let names = database.available().map(|name| name.to_string());
    names
        .map(|name| {
            let whole = strsim::osa_distance(&value.to_lowercase(), &name.to_lowercase());
            let distance = whole.min(strsim::osa_distance(&wanted, &city(&name)) + 1);
            (distance, name)
        })
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, name)| name)
}
