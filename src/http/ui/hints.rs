//! What is said below a box: what is expected in it, and the value that counts where it says nothing.

use serde_json::Value;

use super::fields::{Standing, choices};
use super::shell::Shell;
use super::values::{self, Shape, boxes, text};
use crate::domain::parameters::{Kind, Parameter};
use crate::domain::sentence::say;
use crate::domain::validation;
use crate::service::form::Form;

pub fn hints(
    form: &Form,
    shell: &Shell,
    parameter: &Parameter,
    standing: Standing<'_>,
    file: Option<&Result<Vec<String>, String>>,
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
    if let Some((value, whose)) = standing {
        let all = form
            .version
            .as_ref()
            .map_or(&[][..], |version| &version.parameters);
        let secret = validation::is_secret(all, &parameter.code);
        hints.push(origin(shell, parameter, value, whose, secret));
    }
    hints
}

fn origin(
    shell: &Shell,
    parameter: &Parameter,
    value: &Value,
    whose: &'static str,
    secret: bool,
) -> String {
    let shown = match value {
        _ if secret => text(&crate::domain::parameters::masked(value)),
        Value::Bool(flag) => shell.yes_or_no(*flag),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            boxes(parameter, Some(value)).join(", ")
        }
    };
    let shown = shortened(&shown);
    shell.word(&say(whose).with("value", shown))
}

/// A default can be a whole document; it stands in its box anyway.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut letters = text.chars();
    let short: String = letters.by_ref().take(LONGEST).collect();
    let more = if letters.next().is_some() { "…" } else { "" };
    format!("{short}{more}")
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
        (_, Shape::One | Shape::Many) if is_chosen => None,
        (_, Shape::Many) => Some("hint-lines"),
        (Kind::Int, _) => Some("hint-int"),
        (Kind::Float, _) => Some("hint-float"),
        (Kind::Dataset, _) => Some("hint-dataset"),
        (Kind::File, _) => Some("hint-file"),
        (Kind::Secret, _) => Some("hint-secret"),
        (Kind::Bool | Kind::Str | Kind::Connection(_) | Kind::Other(_), _) => None,
    }
}
