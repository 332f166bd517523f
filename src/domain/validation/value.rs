//! Single values: how OpenHEXA cleans them, checks their types and compares them.

use std::collections::HashSet;

use serde_json::{Number, Value};

use crate::domain::json_numbers;
use crate::domain::parameters::{Kind, MASK, Parameter};

/// The value of one parameter in a layer (the user's values, the account's defaults).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LayerValue {
    /// No key, null, or a form field that was not filled in.
    NotSet,
    /// A text that was cleared on purpose.
    Cleared,
    Value(Value),
}

impl LayerValue {
    pub(super) fn read(parameter: &Parameter, value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Null) => Self::NotSet,
            Some(value) if is_not_set(parameter, value) => Self::NotSet,
            Some(Value::Array(items)) if parameter.multiple => Self::Value(compact(items)),
            Some(Value::String(text)) if !parameter.multiple => Self::text(&parameter.kind, text),
            Some(other) => Self::Value(other.clone()),
        }
    }

    fn text(kind: &Kind, text: &str) -> Self {
        match trim(text) {
            "" => Self::blank(kind),
            text => Self::Value(text.into()),
        }
    }

    fn blank(kind: &Kind) -> Self {
        match kind {
            Kind::Str | Kind::Secret | Kind::Dataset | Kind::File | Kind::Connection(_) => {
                Self::Cleared
            }
            Kind::Bool | Kind::Int | Kind::Float | Kind::List | Kind::Dict | Kind::Other(_) => {
                Self::NotSet
            }
        }
    }
}

/// Whether a secret is empty or comes back as the mask: forms do not show secrets, so it was not typed, and the default is
/// used.
fn is_not_set(parameter: &Parameter, value: &Value) -> bool {
    let is_masked = |value: &Value| value.as_str().is_some_and(|text| trim(text) == MASK);
    let is_nothing = |value: &Value| is_blank(value) || is_masked(value);
    let items = value.as_array().filter(|_| parameter.multiple);
    match (parameter.is_secret(), items) {
        (true, Some(items)) => items.iter().all(is_nothing),
        (true, None) => is_nothing(value),
        (false, _) => may_hold_secret(&parameter.kind) && is_masked(value),
    }
}

/// Whether a value of this type is hidden as a whole if it contains a secret.
fn may_hold_secret(kind: &Kind) -> bool {
    matches!(kind, Kind::List | Kind::Dict | Kind::Other(_))
}

/// Without empty elements. An empty list stays, because it overrides a saved list.
fn compact(items: &[Value]) -> Value {
    items
        .iter()
        .filter(|item| !is_blank(item))
        .map(trimmed_element)
        .collect()
}

fn trimmed_element(item: &Value) -> Value {
    item.as_str()
        .map_or_else(|| item.clone(), |text| trim(text).into())
}

/// Null, or a text of white space only.
pub(super) fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| trim(text).is_empty())
}

/// Python's `strip`, which the SDK uses: it also removes the four information separators.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|letter: char| {
        letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
    })
}

/// Python's truth value of a value of any type. The SDK uses it to decide whether a parameter disables others.
pub(super) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// What checks the type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeCheck {
    /// `runPipeline`, strictly: it sees what is sent.
    Api,
    /// The SDK in the container, for which a bool is a number: only it sees the values saved with the version.
    Sdk,
}

/// The type that a value must have, as the messages call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueType {
    Text,
    Int,
    Float,
    Bool,
    List,
    Dict,
}

impl ValueType {
    /// None for a type of a later OpenHEXA: nothing is known about its values.
    pub(super) fn of(kind: &Kind) -> Option<Self> {
        match kind {
            Kind::Str | Kind::Secret | Kind::Dataset | Kind::File | Kind::Connection(_) => {
                Some(Self::Text)
            }
            Kind::Int => Some(Self::Int),
            Kind::Float => Some(Self::Float),
            Kind::Bool => Some(Self::Bool),
            Kind::List => Some(Self::List),
            Kind::Dict => Some(Self::Dict),
            Kind::Other(_) => None,
        }
    }

    /// `1.0`, `"1"` and `true` are not whole numbers. Whole numbers can have any size.
    pub(super) fn fits(self, value: &Value, type_check: TypeCheck) -> bool {
        let lenient = type_check == TypeCheck::Sdk && value.is_boolean();
        match self {
            Self::Text => value.is_string(),
            Self::Int => value.as_number().is_some_and(json_numbers::is_whole) || lenient,
            // The SDK converts it to a double.
            Self::Float => value.as_f64().is_some() || lenient,
            Self::Bool => value.is_boolean(),
            Self::List => value.is_array(),
            Self::Dict => value.is_object(),
        }
    }

    /// The message for a single value that does not fit.
    pub(super) fn message_key(self) -> &'static str {
        match self {
            Self::Text => "param-text",
            Self::Int => "param-int",
            Self::Float => "param-float",
            Self::Bool => "param-bool",
            Self::List => "param-list",
            Self::Dict => "param-dict",
        }
    }

    /// The message for a list with an element that does not fit.
    pub(super) fn message_key_for_each(self) -> &'static str {
        match self {
            Self::Text => "param-each-text",
            Self::Int => "param-each-int",
            Self::Float => "param-each-float",
            Self::Bool => "param-each-bool",
            Self::List => "param-each-list",
            Self::Dict => "param-each-dict",
        }
    }
}

/// Python's `==` for the values of a config: `2 == 2.0`, `1 == True`, case matters.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => json_numbers::equal(&left, &right),
        (None, None) => left == right,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn number(value: &Value) -> Option<Number> {
    value
        .as_bool()
        .map(|flag| u64::from(flag).into())
        .or_else(|| value.as_number().cloned())
}

/// Choices read from a file, where each is text: as texts, and as numbers if the text is a number.
pub(super) struct FileChoices<'a> {
    texts: HashSet<&'a str>,
    numbers: HashSet<u64>,
}

impl<'a> FileChoices<'a> {
    pub(super) fn of(choices: &'a [String]) -> Self {
        let texts: HashSet<&str> = choices.iter().map(|choice| trim(choice)).collect();
        let numbers = texts.iter().filter_map(|text| text.parse().ok());
        Self {
            numbers: numbers.filter_map(bits).collect(),
            texts,
        }
    }

    /// Whether one of them is this value.
    pub(super) fn hold(&self, value: &Value) -> bool {
        let own = value.as_str();
        let spelled = own.or_else(|| value.as_number().map(Number::as_str));
        let number = value.as_f64().and_then(bits);
        spelled.is_some_and(|text| self.texts.contains(text))
            || number.is_some_and(|number| self.numbers.contains(&number))
    }
}

/// Equal for equal numbers. None for NaN, which equals nothing.
fn bits(number: f64) -> Option<u64> {
    // `-0.0 + 0.0` is `0.0`, which equals `-0.0`.
    (!number.is_nan()).then(|| (number + 0.0).to_bits())
}

/// OpenHEXA's database does not accept U+0000 in a run's config: such a launch fails there like an error of OpenHEXA itself.
pub(super) fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
