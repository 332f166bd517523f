//! Converts values of parameters to form fields and back. It does not validate: input that cannot be converted to its
//! type stays text, and the validation of parameters refuses it.

use serde_json::{Number, Value};

use super::number_format::ungrouped;
use super::number_input::{self, InputKind, NumberInput};
use super::truncate::truncate;
use crate::domain::json_numbers;
use crate::domain::message::{Message, say};
use crate::domain::parameters::{Kind, MASK, Parameter, holds_secret};
use crate::domain::validation;
use crate::http::accept_language::Language;

/// The type of input of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputShape {
    /// A checkbox.
    Switch,
    One,
    /// Several values: one line or checkbox each.
    Many,
    Json,
}

pub fn shape(parameter: &Parameter) -> InputShape {
    match parameter.kind {
        Kind::List | Kind::Dict => InputShape::Json,
        _ if parameter.multiple => InputShape::Many,
        Kind::Bool => InputShape::Switch,
        Kind::Int
        | Kind::Float
        | Kind::Str
        | Kind::Secret
        | Kind::Dataset
        | Kind::File
        | Kind::Connection(_)
        | Kind::Other(_) => InputShape::One,
    }
}

/// The contents of the fields for a value. Secrets are left out: the user must type them again.
pub fn boxes(parameter: &Parameter, value: Option<&Value>) -> Vec<String> {
    let is_shown = |value: &&Value| *value != MASK && !holds_secret(value);
    all_boxes(parameter, value.filter(is_shown))
}

/// The same including values that contain a secret, for administrators who edit them.
fn all_boxes(parameter: &Parameter, value: Option<&Value>) -> Vec<String> {
    let value = value.filter(|value| !value.is_null() && !parameter.is_secret());
    match (shape(parameter), value) {
        (InputShape::Switch, value) => vec![value.map_or_else(|| "false".to_owned(), text)],
        (InputShape::One | InputShape::Json, None) => vec![String::new()],
        (InputShape::Json, Some(value)) => vec![pretty(value)],
        (InputShape::Many, None) => Vec::new(),
        (InputShape::Many, Some(Value::Array(items))) => items.iter().map(text).collect(),
        (InputShape::One | InputShape::Many, Some(value)) => vec![text(value)],
    }
}

/// The input in the form in which [`boxes`] shows values. None if the form does not contain the parameter.
pub fn normalized_input(parameter: &Parameter, input: &[&str]) -> Option<Vec<String>> {
    let last = input.last()?;
    Some(match shape(parameter) {
        InputShape::Switch | InputShape::One => vec![last.trim().to_owned()],
        InputShape::Json => vec![last.replace("\r\n", "\n").trim().to_owned()],
        InputShape::Many => {
            let lines = input.iter().flat_map(|text| text.lines()).map(str::trim);
            let lines = lines.filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        }
    })
}

/// The value of the input. None if it was not changed: then the default is used at the launch.
pub fn read(
    language: Language,
    parameter: &Parameter,
    input: &[&str],
    shown: Option<&Value>,
) -> Result<Option<Value>, Message> {
    let Some(input) = normalized_input(parameter, input) else {
        return Ok(None);
    };
    if is_same(language, parameter, &input, &boxes(parameter, shown)) {
        return Ok(None);
    }
    let first = input.first().map_or("", String::as_str);
    match shape(parameter) {
        InputShape::Switch | InputShape::One => {
            scalar(language, InputKind::Single, parameter, first).map(Some)
        }
        InputShape::Many => {
            let items = input.iter();
            let items = items.map(|text| scalar(language, InputKind::ListLine, parameter, text));
            items.collect::<Result<Value, _>>().map(Some)
        }
        InputShape::Json if first.is_empty() => Ok(None),
        InputShape::Json => json(parameter, first).map(Some),
    }
}

/// The contents of the fields for an account's default. A boolean is true, false or empty.
pub fn default_boxes(parameter: &Parameter, value: Option<&Value>) -> Vec<String> {
    match (shape(parameter), value) {
        (InputShape::Switch, None) => vec![String::new()],
        (InputShape::Switch | InputShape::One | InputShape::Many | InputShape::Json, value) => {
            all_boxes(parameter, value)
        }
    }
}

/// The default of the input; none if the field is empty. A valid default that was not changed stays exactly as it is
/// stored, even if its text would be read as something else.
pub fn read_default(
    language: Language,
    parameter: &Parameter,
    input: &[&str],
    stored: Option<&Value>,
) -> Result<Option<Value>, Message> {
    let Some(now) = normalized_input(parameter, input) else {
        return Ok(None);
    };
    let is_empty = now.iter().all(String::is_empty);
    let untouched = stored.filter(|stored| {
        !is_empty
            && is_same(
                language,
                parameter,
                &now,
                &all_boxes(parameter, Some(stored)),
            )
    });
    let good = untouched.filter(|stored| validation::validate_default(parameter, stored).is_none());
    match (good, shape(parameter)) {
        _ if is_empty => Ok(None),
        (Some(good), _) => Ok(Some(good.clone())),
        (None, InputShape::Switch) => Ok(now.first().map(|text| switch(text))),
        (None, InputShape::One | InputShape::Many | InputShape::Json) => {
            read(language, parameter, input, None)
        }
    }
}

/// Whether the input is what the form showed, which was with the decimal sign of the language or without.
fn is_same(language: Language, parameter: &Parameter, input: &[String], shown: &[String]) -> bool {
    let local = shown
        .iter()
        .map(|text| with_decimals(language, parameter, text));
    input == shown || input.iter().cloned().eq(local)
}

/// A decimal number with the decimal sign of the language; another text unchanged.
pub fn with_decimals(language: Language, parameter: &Parameter, text: &str) -> String {
    match (&parameter.kind, serde_json::from_str::<Number>(text)) {
        (Kind::Float, Ok(number)) => ungrouped(language, &number),
        (
            Kind::Bool
            | Kind::Int
            | Kind::Float
            | Kind::Str
            | Kind::Secret
            | Kind::Dataset
            | Kind::File
            | Kind::Connection(_)
            | Kind::List
            | Kind::Dict
            | Kind::Other(_),
            _,
        ) => text.to_owned(),
    }
}

fn json(parameter: &Parameter, text: &str) -> Result<Value, Message> {
    let name = |key| say(key).with("name", parameter.title());
    let mut read = serde_json::from_str(text).map_err(|wrong| {
        // serde_json has no error code for this.
        if wrong.to_string().starts_with("recursion limit exceeded") {
            return name("form-json-deep");
        }
        name("form-json")
            .with("line", wrong.line())
            .with("column", column(text, &wrong))
    })?;
    if json_numbers::normalize(&mut read) {
        Ok(read)
    } else {
        Err(name("form-json-number").with("digits", json_numbers::MOST_DIGITS))
    }
}

/// The column in characters; `serde_json` counts bytes.
fn column(text: &str, wrong: &serde_json::Error) -> usize {
    let line = text.split('\n').nth(wrong.line().saturating_sub(1));
    let bytes = line.unwrap_or_default().bytes().take(wrong.column());
    // Counts the first bytes of UTF-8 characters.
    bytes
        .filter(|byte| byte & 0b1100_0000 != 0b1000_0000)
        .count()
}

fn scalar(
    language: Language,
    kind_of_input: InputKind,
    parameter: &Parameter,
    text: &str,
) -> Result<Value, Message> {
    let read = match parameter.kind {
        Kind::Int => number_input::whole(language, kind_of_input, text),
        // With a comma, `1,250` can be a decimal number, so the comma is not read as a thousands separator here.
        Kind::Float => match number_input::whole(Language::French, kind_of_input, text) {
            own @ NumberInput::Number(_) => own,
            NumberInput::Either { .. }
            | NumberInput::Apart
            | NumberInput::TooLong
            | NumberInput::None => number_input::fraction(language, kind_of_input, text),
        },
        Kind::Bool => return Ok(switch(text)),
        Kind::Str
        | Kind::Secret
        | Kind::Dataset
        | Kind::File
        | Kind::Connection(_)
        | Kind::List
        | Kind::Dict
        | Kind::Other(_) => NumberInput::None,
    };
    match read {
        NumberInput::Number(number) => Ok(Value::Number(number)),
        NumberInput::None => Ok(text.into()),
        NumberInput::Apart => Err(apart(kind_of_input, parameter, text)),
        NumberInput::TooLong => Err(say("form-int-long")
            .with("name", parameter.title())
            .with("digits", json_numbers::MOST_DIGITS)),
        NumberInput::Either { whole, part } => Err(say("form-either")
            .with("name", parameter.title())
            .with("text", text)
            .with("whole", whole)
            .with("part", part)),
    }
}

fn apart(kind_of_input: InputKind, parameter: &Parameter, text: &str) -> Message {
    const LETTERS: usize = 60;
    let key = match (kind_of_input, &parameter.kind) {
        (InputKind::ListLine, _) => "form-apart-line",
        (InputKind::Single, Kind::Int) => "form-apart-whole",
        (InputKind::Single, _) => "form-apart",
    };
    say(key)
        .with("name", parameter.title())
        .with("text", truncate(text, LETTERS).0)
}

fn switch(text: &str) -> Value {
    match text {
        "true" => true.into(),
        "false" => false.into(),
        other => other.into(),
    }
}

/// A value as text; strings without quotes.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
