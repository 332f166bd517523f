//! What is said below a box: what is expected in it, and the value that counts where it says nothing.

use serde_json::Value;

use super::control::{MOST_CHOICES, Standing, choices, given, has_too_many};
use super::digits::{counts, written};
use super::shell::Shell;
use super::short::shortened;
use super::values::{self, Shape, boxes, text};
use crate::domain::parameters::{Kind, Parameter, holds_secret};
use crate::domain::sentence::say;
use crate::domain::validation;
use crate::service::catalog::Form;

/// Of a value: a default can be a whole document, and stands in its box anyway.
const LETTERS: usize = 80;

pub fn hints(
    form: &Form,
    shell: &Shell,
    parameter: &Parameter,
    standing: Standing<'_>,
    file: Option<&Result<Vec<String>, String>>,
    is_launch: bool,
) -> Vec<String> {
    let mut hints: Vec<String> = kind_hint(parameter, file)
        .map(|key| shell.say(key))
        .into_iter()
        .collect();
    if let Kind::Connection(kind) = &parameter.kind {
        hints.push(shell.with("hint-connection", "kind", kind));
    }
    let folder = parameter
        .directory
        .as_deref()
        .filter(|folder| !folder.is_empty());
    hints.extend(folder.map(|folder| shell.with("hint-directory", "folder", folder)));
    if let Some(Err(why)) = file {
        hints.push(shell.with("hint-no-choices", "why", why));
    }
    if has_too_many(parameter, file) {
        hints.push(shell.with("hint-many-choices", "most", MOST_CHOICES));
    }
    let empty = empty(shell, parameter, standing).filter(|_| is_launch);
    let is_told = matches!(empty, Some(Empty::Default(_)));
    hints.extend(
        standing
            .filter(|_| !is_told)
            .map(|standing| default(form, shell, parameter, standing)),
    );
    hints.extend(empty.map(Empty::sentence));
    hints
}

/// The default, and whose it is.
fn default(
    form: &Form,
    shell: &Shell,
    parameter: &Parameter,
    (value, whose): (&Value, &'static str),
) -> String {
    let all = form
        .version
        .as_ref()
        .map_or(&[][..], |version| &version.parameters);
    let secret = validation::is_hidden(all, &parameter.code, value);
    origin(shell, parameter, value, whose, secret)
}

fn origin(
    shell: &Shell,
    parameter: &Parameter,
    value: &Value,
    whose: &'static str,
    secret: bool,
) -> String {
    let shown = if secret {
        text(&crate::domain::parameters::masked(value))
    } else {
        in_words(shell, parameter, value)
    };
    shell.word(&say(whose).with("value", shortened(&shown, LETTERS).0))
}

/// A value in the reader's manner; in its box it stands as it is sent.
fn in_words(shell: &Shell, parameter: &Parameter, value: &Value) -> String {
    let is_number = counts(&parameter.code) && counts(parameter.title());
    let one = |value: &Value| match value {
        Value::Bool(flag) => shell.yes_or_no(*flag),
        Value::Number(number) if is_number => written(shell.language, number),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            text(value)
        }
    };
    match (values::shape(parameter), value) {
        (Shape::Many, Value::Array(items)) => {
            let all: Vec<String> = items.iter().map(one).collect();
            // A comma may stand within a number.
            all.join(if items.iter().any(Value::is_number) {
                "; "
            } else {
                ", "
            })
        }
        (Shape::Json, value) => boxes(parameter, Some(value)).join(", "),
        (Shape::Switch | Shape::One | Shape::Many, value) => one(value),
    }
}

/// What an empty field means, as a sentence.
enum Empty {
    /// The default is used; the sentence names it.
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

/// What an empty field means, where the account or the version sets a value for it.
fn empty(shell: &Shell, parameter: &Parameter, standing: Standing<'_>) -> Option<Empty> {
    let (value, whose) = standing?;
    let (shape, own) = (values::shape(parameter), given(parameter.default.as_ref()));
    let key = match whose {
        "default-account" => "empty-account",
        "default-version" => "empty-version",
        _ => return None,
    };
    if parameter.is_secret() || holds_secret(value) || shape == Shape::Switch {
        return None;
    }
    let hides = shape != Shape::Json && validation::can_be_emptied(parameter);
    match own {
        _ if !hides => Some(Empty::Default(telling(shell, key, parameter, value))),
        Some(own) => {
            let sentence = telling(shell, "empty-parameter", parameter, own);
            Some(Empty::Other(sentence))
        }
        // Such a launch would be refused.
        None if parameter.required || is_looked_up(&parameter.kind) => None,
        None => Some(Empty::Other(shell.say("empty-nothing"))),
    }
}

fn is_looked_up(kind: &Kind) -> bool {
    matches!(kind, Kind::Dataset | Kind::File | Kind::Connection(_))
}

fn telling(shell: &Shell, key: &'static str, parameter: &Parameter, value: &Value) -> String {
    let shown = shortened(&in_words(shell, parameter, value), LETTERS).0;
    shell.with(key, "value", shown)
}

fn kind_hint(
    parameter: &Parameter,
    file: Option<&Result<Vec<String>, String>>,
) -> Option<&'static str> {
    // What is chosen from a list is not typed.
    let is_chosen = choices(parameter, file).is_some() && !parameter.is_secret();
    match (&parameter.kind, values::shape(parameter)) {
        (Kind::Dict, _) if !parameter.multiple => Some("hint-dict"),
        (Kind::List | Kind::Dict, _) => Some("hint-list"),
        (_, Shape::One) if parameter.is_secret() => Some("hint-secret"),
        (_, Shape::One | Shape::Many) if is_chosen => None,
        (_, Shape::Many) => Some("hint-lines"),
        (Kind::Int, _) => Some("hint-int"),
        (Kind::Float, _) => Some("hint-float"),
        (Kind::Dataset, _) => Some("hint-dataset"),
        (Kind::File, _) => Some("hint-file"),
        (Kind::Bool | Kind::Str | Kind::Secret | Kind::Connection(_) | Kind::Other(_), _) => None,
    }
}
