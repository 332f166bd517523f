//! The types of settings, parsed from their text.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, Deserializer};

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub enum DatabaseTls {
    Off,
    Verified,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub enum LogFormat {
    Text,
    Json,
}

/// How connections to the mail server are encrypted.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub enum MailEncryption {
    StartTls,
    Tls,
    None,
}

/// Who may read `/metrics`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(try_from = "String")]
pub enum MetricsAccess {
    Off,
    Key,
    Open,
}

impl TryFrom<String> for MetricsAccess {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "off" => Ok(Self::Off),
            "key" => Ok(Self::Key),
            "open" => Ok(Self::Open),
            _ => Err("off, key or open"),
        }
    }
}

impl TryFrom<String> for MailEncryption {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "starttls" => Ok(Self::StartTls),
            "tls" => Ok(Self::Tls),
            "none" => Ok(Self::None),
            _ => Err("starttls, tls or none"),
        }
    }
}

impl TryFrom<String> for DatabaseTls {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "off" => Ok(Self::Off),
            "verified" => Ok(Self::Verified),
            _ => Err("off or verified"),
        }
    }
}

impl TryFrom<String> for LogFormat {
    type Error = &'static str;

    fn try_from(word: String) -> Result<Self, Self::Error> {
        match word.as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("text or json"),
        }
    }
}

/// The longest duration. Longer ones would exceed the range of dates.
const LONGEST_SPAN: Duration = Duration::from_hours(24 * 3650);

/// A duration such as `10s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let span = humantime::parse_duration(text.trim()).ok();
        let span = span.filter(|span| *span <= LONGEST_SPAN);
        span.map(Self).ok_or_else(|| {
            de::Error::custom("a duration such as 500ms, 10s, 15m or 4h, and at most 3650days")
        })
    }
}

impl Span {
    pub fn delta(self) -> chrono::TimeDelta {
        chrono::TimeDelta::from_std(self.0).unwrap_or(chrono::TimeDelta::MAX)
    }
}
