//! The hints below a field: what is expected, and what an empty field means.

use serde_json::Value;

use super::form_controls::{EffectiveValue, MOST_CHOICES, choices, has_too_many, not_null};
use super::form_values::{self, InputShape, boxes, text};
use super::layout::Layout;
use super::number_format::{is_quantity, ungrouped, written};
use super::truncate::truncate;
use crate::domain::message::say;
use crate::domain::parameters::{Kind, Parameter, holds_secret};
use crate::domain::validation;
use crate::service::catalog::Form;

/// Characters of a value in a hint. A default can be a whole document, and the field shows all of it.
const LETTERS: usize = 80;

pub fn hints(
    form: &Form,
    layout: &Layout,
    parameter: &Parameter,
    default: EffectiveValue<'_>,
    file: Option<&Result<Vec<String>, String>>,
    is_launch: bool,
) -> Vec<String> {
    let mut hints: Vec<String> = kind_hint(parameter, file)
        .map(|key| layout.say(key))
        .into_iter()
        .collect();
    if let Kind::Connection(kind) = &parameter.kind {
        hints.push(layout.with("hint-connection", "kind", kind));
    }
    let folder = parameter
        .directory
        .as_deref()
        .filter(|folder| !folder.is_empty());
    hints.extend(folder.map(|folder| layout.with("hint-directory", "folder", folder)));
    if let Some(Err(why)) = file {
        hints.push(layout.with("hint-no-choices", "why", why));
    }
    if has_too_many(parameter, file) {
        hints.push(layout.with("hint-many-choices", "most", MOST_CHOICES));
    }
    let empty = empty(layout, parameter, default).filter(|_| is_launch);
    let is_named = matches!(empty, Some(Empty::Default(_)));
    hints.extend(default.filter(|_| !is_named).map(|(value, whose)| {
        let whose = if is_launch { whose } else { "default-pipeline" };
        default_hint(form, layout, parameter, (value, whose))
    }));
    hints.extend(empty.map(Empty::sentence));
    hints
}

/// The default value and its origin.
fn default_hint(
    form: &Form,
    layout: &Layout,
    parameter: &Parameter,
    (value, whose): (&Value, &'static str),
) -> String {
    let all = form
        .version
        .as_ref()
        .map_or(&[][..], |version| &version.parameters);
    let secret = validation::is_hidden(all, &parameter.code, value);
    origin(layout, parameter, value, whose, secret)
}

fn origin(
    layout: &Layout,
    parameter: &Parameter,
    value: &Value,
    whose: &'static str,
    secret: bool,
) -> String {
    let shown = if secret {
        text(&crate::domain::parameters::masked(value))
    } else {
        in_words(layout, parameter, value)
    };
    layout.word(&say(whose).with("value", truncate(&shown, LETTERS).0))
}

/// A value as the user's language writes it. The field itself shows it as it is sent.
pub fn in_words(layout: &Layout, parameter: &Parameter, value: &Value) -> String {
    let is_number = is_quantity(&parameter.code) && is_quantity(parameter.title());
    let one = |value: &Value| match value {
        Value::Bool(flag) => layout.yes_or_no(*flag),
        Value::Number(number) if is_number => written(layout.language, number),
        Value::Number(number) => ungrouped(layout.language, number),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => text(value),
    };
    match (form_values::shape(parameter), value) {
        (InputShape::Many, Value::Array(items)) => {
            let all: Vec<String> = items.iter().map(one).collect();
            // Numbers can contain a comma.
            all.join(if items.iter().any(Value::is_number) {
                "; "
            } else {
                ", "
            })
        }
        (InputShape::Json, value) => boxes(parameter, Some(value)).join(", "),
        (InputShape::Switch | InputShape::One | InputShape::Many, value) => one(value),
    }
}

/// What an empty field means, as text.
enum Empty {
    /// The default is used; the text contains it.
    Default(String),
    /// Another value, or none.
    Other(String),
}

impl Empty {
    fn sentence(self) -> String {
        match self {
            Self::Default(sentence) | Self::Other(sentence) => sentence,
        }
    }
}

/// None if the parameter has no default.
fn empty(layout: &Layout, parameter: &Parameter, default: EffectiveValue<'_>) -> Option<Empty> {
    let (value, whose) = default?;
    let (shape, own) = (
        form_values::shape(parameter),
        not_null(parameter.default.as_ref()),
    );
    let key = match whose {
        "default-account" if own != Some(value) => "empty-account",
        _ => "empty-version",
    };
    if parameter.is_secret() || holds_secret(value) || shape == InputShape::Switch {
        return None;
    }
    let hides = shape != InputShape::Json && validation::can_be_cleared(parameter);
    match own {
        own if !hides || own == Some(value) => {
            Some(Empty::Default(telling(layout, key, parameter, value)))
        }
        Some(own) => {
            let sentence = telling(layout, "empty-parameter", parameter, own);
            Some(Empty::Other(sentence))
        }
        // If the field is empty, the launch is refused.
        None if parameter.required || is_looked_up(&parameter.kind) => None,
        None => Some(Empty::Other(layout.say("empty-nothing"))),
    }
}

fn is_looked_up(kind: &Kind) -> bool {
    matches!(kind, Kind::Dataset | Kind::File | Kind::Connection(_))
}

fn telling(layout: &Layout, key: &'static str, parameter: &Parameter, value: &Value) -> String {
    let shown = truncate(&in_words(layout, parameter, value), LETTERS).0;
    layout.with(key, "value", shown)
}

fn kind_hint(
    parameter: &Parameter,
    file: Option<&Result<Vec<String>, String>>,
) -> Option<&'static str> {
    // A value that is selected needs no hint about its format.
    let is_chosen = choices(parameter, file).is_some() && !parameter.is_secret();
    match (&parameter.kind, form_values::shape(parameter)) {
        (Kind::Dict, _) if !parameter.multiple => Some("hint-dict"),
        (Kind::List | Kind::Dict, _) => Some("hint-list"),
        (_, InputShape::One) if parameter.is_secret() => Some("hint-secret"),
        (_, InputShape::One | InputShape::Many) if is_chosen => None,
        (_, InputShape::Many) => Some("hint-lines"),
        (Kind::Int, _) => Some("hint-int"),
        (Kind::Float, _) => Some("hint-float"),
        (Kind::Dataset, _) => Some("hint-dataset"),
        (Kind::File, _) => Some("hint-file"),
        (Kind::Bool | Kind::Str | Kind::Secret | Kind::Connection(_) | Kind::Other(_), _) => None,
    }
}
