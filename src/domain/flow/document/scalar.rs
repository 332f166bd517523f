//! What a plain (unquoted) scalar of YAML means.
//!
//! Only what JSON knows has a type: null, true, false and JSON's numbers. Everything else is text, so a document never changes
//! what was written: `no`, `007`, `1_000`, `0x1F`, `2024-01-01` and `06:00` stay text.

use serde_json::{Number, Value};

use crate::domain::json_numbers;

/// The meaning of a plain scalar.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    Null,
    Bool(bool),
    Number(Number),
    /// A number that Python cannot read: too many digits, or too large for a double.
    TooLarge,
    Text,
}

pub fn plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        _ => number(text),
    }
}

fn number(text: &str) -> Scalar {
    if !text.starts_with(|letter: char| letter == '-' || letter.is_ascii_digit()) {
        return Scalar::Text;
    }
    let Ok(mut value) = serde_json::from_str::<Value>(text) else {
        return Scalar::Text;
    };
    if !json_numbers::normalize(&mut value) {
        return Scalar::TooLarge;
    }
    match value {
        Value::Number(number) => Scalar::Number(number),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Scalar::Text
        }
    }
}
