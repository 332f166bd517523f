//! Faults of single keys and values: unknown or missing keys, wrong types, values outside their limits.

use super::super::limits::LONGEST_INPUTS_KIB;
use super::shown;
use crate::domain::message::{Message, say};

/// What a value must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    Text,
    List,
    Map,
    Bool,
    WholeNumber,
    Number,
    Duration,
    Name,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ValueFault {
    UnknownKey {
        key: String,
        nearest: Option<String>,
    },
    MissingKey {
        key: &'static str,
    },
    KeyTwice {
        key: String,
    },
    MustBe {
        key: String,
        expected: Expected,
    },
    /// Not one of the allowed words.
    NotAllowed {
        key: &'static str,
        value: String,
        allowed: Vec<&'static str>,
        nearest: Option<String>,
    },
    BadId {
        key: &'static str,
        value: String,
    },
    BadInputName {
        name: String,
    },
    EmptyText {
        key: String,
    },
    LongText {
        key: String,
        most: usize,
    },
    /// Text with control characters or invisible characters.
    NotPlain {
        key: String,
    },
    OutOfRange {
        key: &'static str,
        least: &'static str,
        most: &'static str,
    },
    TooMany {
        key: &'static str,
        most: usize,
    },
    NumberTooLarge,
    /// Two steps, schedules or triggers with the same id.
    IdTwice {
        id: String,
    },
    /// The defaults of all inputs together.
    InputsTooLong,
    /// The default of an input is not of its type.
    DefaultTypeMismatch {
        input: String,
        takes: &'static str,
    },
    /// An input of type `secret`.
    SecretInput,
    /// A default or a value that is a secret by its name.
    Secret {
        key: String,
    },
}

impl ValueFault {
    pub fn message(&self) -> Message {
        match self {
            Self::UnknownKey { key, nearest } => unknown_key(key, nearest.as_deref()),
            Self::MissingKey { key } => say("flow-key-missing").with("key", key),
            Self::KeyTwice { key } => say("flow-key-twice").with("key", shown(key)),
            Self::MustBe { key, expected } => say(expected.key()).with("key", shown(key)),
            Self::NotAllowed {
                key,
                value,
                allowed,
                nearest,
            } => not_allowed(key, value, allowed, nearest.as_deref()),
            Self::BadId { key, value } => say("flow-bad-id")
                .with("key", key)
                .with("value", shown(value)),
            Self::BadInputName { name } => say("flow-bad-input-name").with("name", shown(name)),
            Self::EmptyText { key } => say("flow-empty-text").with("key", shown(key)),
            Self::LongText { key, most } => say("flow-long-text")
                .with("key", shown(key))
                .with("most", most),
            Self::NotPlain { key } => say("flow-not-plain").with("key", shown(key)),
            Self::OutOfRange { key, least, most } => say("flow-out-of-range")
                .with("key", key)
                .with("least", least)
                .with("most", most),
            Self::InputsTooLong => say("flow-inputs-too-long").with("most", LONGEST_INPUTS_KIB),
            Self::TooMany { key, most } => say("flow-too-many").with("key", key).with("most", most),
            Self::NumberTooLarge => say("flow-number-too-large"),
            Self::IdTwice { id } => say("flow-id-twice").with("id", shown(id)),
            Self::DefaultTypeMismatch { input, takes } => say("flow-default-type-mismatch")
                .with("input", shown(input))
                .with("takes", takes),
            Self::SecretInput => say("flow-secret-input"),
            Self::Secret { key } => say("flow-secret").with("key", shown(key)),
        }
    }
}

impl Expected {
    fn key(self) -> &'static str {
        match self {
            Self::Text => "flow-must-text",
            Self::List => "flow-must-list",
            Self::Map => "flow-must-map",
            Self::Bool => "flow-must-bool",
            Self::WholeNumber => "flow-must-whole",
            Self::Number => "flow-must-number",
            Self::Duration => "flow-must-duration",
            Self::Name => "flow-must-name",
        }
    }
}

fn unknown_key(key: &str, nearest: Option<&str>) -> Message {
    match nearest {
        Some(nearest) => say("flow-unknown-key-near")
            .with("key", shown(key))
            .with("nearest", nearest),
        None => say("flow-unknown-key").with("key", shown(key)),
    }
}

fn not_allowed(key: &str, value: &str, allowed: &[&str], nearest: Option<&str>) -> Message {
    match nearest {
        Some(nearest) => say("flow-not-allowed-near")
            .with("key", key)
            .with("value", shown(value))
            .with("nearest", nearest),
        None => say("flow-not-allowed")
            .with("key", key)
            .with("value", shown(value))
            .with("allowed", allowed.join(", ")),
    }
}
