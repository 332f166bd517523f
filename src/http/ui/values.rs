//! Between a launch's values and the boxes of a form: what stands in a box for a value, and which value is meant by
//! what was typed. Pure; whether a value will do is for the rules of the parameters to say, so what cannot be read as
//! its type goes to them as the text that it is.

use serde_json::Value;

use super::digits::{self, Digits, Place};
use super::short::shortened;
use crate::domain::numbers;
use crate::domain::parameters::{Kind, MASK, Parameter, holds_secret};
use crate::domain::sentence::{Sentence, say};
use crate::domain::validation;
use crate::http::language::Language;

/// How a parameter is typed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A box that is ticked or not.
    Switch,
    One,
    /// Several values: a line, or a tick, for each.
    Many,
    Json,
}

pub fn shape(parameter: &Parameter) -> Shape {
    match parameter.kind {
        Kind::List | Kind::Dict => Shape::Json,
        _ if parameter.multiple => Shape::Many,
        Kind::Bool => Shape::Switch,
        Kind::Int
        | Kind::Float
        | Kind::Str
        | Kind::Secret
        | Kind::Dataset
        | Kind::File
        | Kind::Connection(_)
        | Kind::Other(_) => Shape::One,
    }
}

/// What stands in the boxes for a value. Never a secret: it has to be typed again.
pub fn boxes(parameter: &Parameter, value: Option<&Value>) -> Vec<String> {
    let is_shown = |value: &&Value| *value != MASK && !holds_secret(value);
    all_boxes(parameter, value.filter(is_shown))
}

/// The same where a value that holds a secret somewhere within is shown: an administrator edits it.
fn all_boxes(parameter: &Parameter, value: Option<&Value>) -> Vec<String> {
    let value = value.filter(|value| !value.is_null() && !parameter.is_secret());
    match (shape(parameter), value) {
        (Shape::Switch, value) => vec![value.map_or_else(|| "false".to_owned(), text)],
        (Shape::One | Shape::Json, None) => vec![String::new()],
        (Shape::Json, Some(value)) => vec![pretty(value)],
        (Shape::Many, None) => Vec::new(),
        (Shape::Many, Some(Value::Array(items))) => items.iter().map(text).collect(),
        (Shape::One | Shape::Many, Some(value)) => vec![text(value)],
    }
}

/// What was typed, as [`boxes`] would show it. A parameter without a box has none.
pub fn tidied(parameter: &Parameter, typed: &[&str]) -> Option<Vec<String>> {
    let last = typed.last()?;
    Some(match shape(parameter) {
        Shape::Switch | Shape::One => vec![last.trim().to_owned()],
        Shape::Json => vec![last.replace("\r\n", "\n").trim().to_owned()],
        Shape::Many => {
            let lines = typed.iter().flat_map(|text| text.lines()).map(str::trim);
            let lines = lines.filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        }
    })
}

/// The value that is meant, or none where nothing was touched: then what stands in for it does so at the launch.
pub fn read(
    language: Language,
    parameter: &Parameter,
    typed: &[&str],
    shown: Option<&Value>,
) -> Result<Option<Value>, Sentence> {
    let Some(typed) = tidied(parameter, typed) else {
        return Ok(None);
    };
    if typed == boxes(parameter, shown) {
        return Ok(None);
    }
    let first = typed.first().map_or("", String::as_str);
    match shape(parameter) {
        Shape::Switch | Shape::One => scalar(language, Place::Alone, parameter, first).map(Some),
        Shape::Many => {
            let items = typed.iter();
            let items = items.map(|text| scalar(language, Place::Line, parameter, text));
            items.collect::<Result<Value, _>>().map(Some)
        }
        Shape::Json if first.is_empty() => Ok(None),
        Shape::Json => json(parameter, first).map(Some),
    }
}

/// What stands in the boxes for a default: a switch is on, off or says nothing.
pub fn default_boxes(parameter: &Parameter, value: Option<&Value>) -> Vec<String> {
    match (shape(parameter), value) {
        (Shape::Switch, None) => vec![String::new()],
        (Shape::Switch | Shape::One | Shape::Many | Shape::Json, value) => {
            all_boxes(parameter, value)
        }
    }
}

/// The default that is meant, or none where nothing stands in the box. One that is good and was not touched stays what it
/// is, whatever its text would be read as.
pub fn read_default(
    language: Language,
    parameter: &Parameter,
    typed: &[&str],
    kept: Option<&Value>,
) -> Result<Option<Value>, Sentence> {
    let Some(now) = tidied(parameter, typed) else {
        return Ok(None);
    };
    let is_empty = now.iter().all(String::is_empty);
    let untouched = kept.filter(|kept| !is_empty && now == all_boxes(parameter, Some(kept)));
    let good = untouched.filter(|kept| validation::check_alone(parameter, kept).is_none());
    match (good, shape(parameter)) {
        _ if is_empty => Ok(None),
        (Some(good), _) => Ok(Some(good.clone())),
        (None, Shape::Switch) => Ok(now.first().map(|text| switch(text))),
        (None, Shape::One | Shape::Many | Shape::Json) => read(language, parameter, typed, None),
    }
}

fn json(parameter: &Parameter, text: &str) -> Result<Value, Sentence> {
    let name = |key| say(key).with("name", parameter.title());
    let mut read = serde_json::from_str(text).map_err(|wrong| {
        // The library tells it by its words alone.
        if wrong.to_string().starts_with("recursion limit exceeded") {
            return name("form-json-deep");
        }
        name("form-json")
            .with("line", wrong.line())
            .with("column", column(text, &wrong))
    })?;
    if numbers::settle(&mut read) {
        Ok(read)
    } else {
        Err(name("form-json-number").with("digits", numbers::MOST_DIGITS))
    }
}

/// In letters: the library counts bytes.
fn column(text: &str, wrong: &serde_json::Error) -> usize {
    let line = text.split('\n').nth(wrong.line().saturating_sub(1));
    let bytes = line.unwrap_or_default().bytes().take(wrong.column());
    // Each letter has one byte that does not go on with another.
    bytes
        .filter(|byte| byte & 0b1100_0000 != 0b1000_0000)
        .count()
}

fn scalar(
    language: Language,
    place: Place,
    parameter: &Parameter,
    text: &str,
) -> Result<Value, Sentence> {
    let read = match parameter.kind {
        Kind::Int => digits::whole(language, place, text),
        // `1,250` can be a fraction.
        Kind::Float => match digits::whole(Language::French, place, text) {
            own @ Digits::Number(_) => own,
            Digits::Either { .. } | Digits::Apart | Digits::TooLong | Digits::None => {
                digits::fraction(language, place, text)
            }
        },
        Kind::Bool => return Ok(switch(text)),
        Kind::Str
        | Kind::Secret
        | Kind::Dataset
        | Kind::File
        | Kind::Connection(_)
        | Kind::List
        | Kind::Dict
        | Kind::Other(_) => Digits::None,
    };
    match read {
        Digits::Number(number) => Ok(Value::Number(number)),
        Digits::None => Ok(text.into()),
        Digits::Apart => Err(apart(place, parameter, text)),
        Digits::TooLong => Err(say("form-int-long")
            .with("name", parameter.title())
            .with("digits", numbers::MOST_DIGITS)),
        Digits::Either { whole, part } => Err(say("form-either")
            .with("name", parameter.title())
            .with("text", text)
            .with("whole", whole)
            .with("part", part)),
    }
}

fn apart(place: Place, parameter: &Parameter, text: &str) -> Sentence {
    const LETTERS: usize = 60;
    let key = match (place, &parameter.kind) {
        (Place::Line, _) => "form-apart-line",
        (Place::Alone, Kind::Int) => "form-apart-whole",
        (Place::Alone, _) => "form-apart",
    };
    say(key)
        .with("name", parameter.title())
        .with("text", shortened(text, LETTERS).0)
}

fn switch(text: &str) -> Value {
    match text {
        "true" => true.into(),
        "false" => false.into(),
        other => other.into(),
    }
}

/// A value as a person reads it: texts without quotes.
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
