//! One box of a form: which control it is, what it holds at first, and what was typed into it.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::shell::Shell;
use super::values::{self, Shape, text};
use crate::domain::parameters::{Kind, Parameter};
use crate::domain::validation::Injected;
use crate::service::catalog::Form;

/// The name of the boxes that are ticked to remove a secret.
const CLEAR: &str = "clear";

/// What a form was sent with: for each name its values, in order.
#[derive(Clone, Debug, Default)]
pub struct Typed(HashMap<String, Vec<String>>);

impl Typed {
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        let mut typed: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in pairs {
            typed.entry(name).or_default().push(value);
        }
        Self(typed)
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        let own = self.0.get(name).into_iter().flatten();
        own.map(String::as_str).collect()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn last(&self, name: &str) -> Option<&str> {
        self.all(name).pop().filter(|value| !value.is_empty())
    }

    pub fn of(&self, parameter: &Parameter) -> Vec<&str> {
        self.all(&name_of(&parameter.code))
    }
}

/// What stands in the boxes at first.
#[derive(Clone, Copy)]
pub enum Beginning<'a> {
    Defaults,
    /// What another launch sent.
    Again(&'a Map<String, Value>),
    Typed(&'a Typed),
}

pub enum Control {
    Switch {
        on: bool,
    },
    Line {
        value: String,
        mode: &'static str,
    },
    /// A line for each value.
    Lines {
        value: String,
    },
    Json {
        value: String,
    },
    Secret {
        /// A line for each value, or JSON, needs more than one line.
        shape: Shape,
        /// Whether there is one, which an empty box keeps.
        kept: bool,
        /// Whether it is to be taken away.
        taken: bool,
    },
    Select {
        options: Vec<Choice>,
        /// What choosing nothing is called, where that can be.
        none: Option<&'static str>,
    },
    Ticks {
        options: Vec<Choice>,
    },
}

pub struct Choice {
    pub value: String,
    pub shown: String,
    pub chosen: bool,
}

pub fn name_of(code: &str) -> String {
    format!("config.{code}")
}

/// A value, and the sentence that says whose it is.
pub type Standing<'a> = Option<(&'a Value, &'static str)>;

/// The default value: used if the field is empty.
pub fn standing<'a>(form: &'a Form, parameter: &'a Parameter) -> Standing<'a> {
    let account = given(form.defaults.get(&parameter.code));
    let account = account.map(|value| (value, "default-account"));
    account.or_else(|| beneath(form, parameter))
}

/// The same without the account's own.
pub fn beneath<'a>(form: &'a Form, parameter: &'a Parameter) -> Standing<'a> {
    let saved = form.version.as_ref().map(|version| &version.config);
    let saved = given(saved.and_then(|saved| saved.get(&parameter.code)));
    let own = given(parameter.default.as_ref());
    let saved = saved.map(|value| (value, "default-version"));
    saved.or(own.map(|value| (value, "default-parameter")))
}

pub fn given(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// The parameters that people fill in: four are the bridge's own.
pub fn asked(form: &Form) -> impl Iterator<Item = &Parameter> {
    let all = form.version.iter().flat_map(|version| &version.parameters);
    all.filter(|parameter| Injected::parse(&parameter.code).is_none())
}

pub fn control(
    parameter: &Parameter,
    shown: Vec<String>,
    file: Option<&Result<Vec<String>, String>>,
) -> Control {
    let one = || shown.first().cloned().unwrap_or_default();
    // More values than a page lists choices are shown as the lines that they are.
    let choices = choices(parameter, file).filter(|_| shown.len() <= MOST_CHOICES);
    match (values::shape(parameter), choices) {
        (shape, _) if parameter.is_secret() => Control::Secret {
            shape,
            kept: false,
            taken: false,
        },
        (Shape::Switch, _) => Control::Switch {
            on: one() == "true",
        },
        (Shape::Json, _) => Control::Json { value: one() },
        (Shape::One, Some(all)) => Control::Select {
            none: (!parameter.required || one().is_empty()).then_some("form-choose"),
            options: options(all, &shown),
        },
        (Shape::Many, Some(all)) => Control::Ticks {
            options: options(all, &shown),
        },
        (Shape::Many, None) => Control::Lines {
            value: shown.join("\n"),
        },
        (Shape::One, None) => Control::Line {
            value: one(),
            mode: input_mode(&parameter.kind),
        },
    }
}

/// The value of the attribute `inputmode`, with which a phone selects its keyboard.
fn input_mode(kind: &Kind) -> &'static str {
    match kind {
        Kind::Int => "numeric",
        Kind::Float => "decimal",
        Kind::Bool
        | Kind::Str
        | Kind::Secret
        | Kind::Dataset
        | Kind::File
        | Kind::Connection(_)
        | Kind::List
        | Kind::Dict
        | Kind::Other(_) => "text",
    }
}

/// Choices that a page lists; a value of more is typed.
pub const MOST_CHOICES: usize = 2000;

pub fn has_too_many(parameter: &Parameter, file: Option<&Result<Vec<String>, String>>) -> bool {
    let declared = parameter.choices.as_ref().map_or(0, Vec::len);
    let count = match file {
        Some(Ok(found)) => found.len(),
        Some(Err(_)) | None => declared,
    };
    count > MOST_CHOICES
}

pub fn choices(
    parameter: &Parameter,
    file: Option<&Result<Vec<String>, String>>,
) -> Option<Vec<String>> {
    let declared = parameter.choices.as_deref().unwrap_or_default();
    if has_too_many(parameter, file) {
        return None;
    }
    match file {
        Some(Ok(found)) => Some(found.clone()).filter(|found| !found.is_empty()),
        Some(Err(_)) | None if declared.is_empty() => None,
        Some(Err(_)) | None => Some(declared.iter().map(text).collect()),
    }
}

/// What is chosen and stands in no list is shown all the same: it is judged, not dropped.
pub fn options(all: Vec<String>, chosen: &[String]) -> Vec<Choice> {
    let known: HashSet<&str> = all.iter().map(String::as_str).collect();
    let strangers = chosen
        .iter()
        .filter(|own| !own.is_empty() && !known.contains(own.as_str()));
    let strangers: Vec<String> = strangers.cloned().collect();
    let chosen: HashSet<&str> = chosen.iter().map(String::as_str).collect();
    let choice = |value: String| Choice {
        chosen: chosen.contains(value.as_str()),
        shown: value.clone(),
        value,
    };
    all.into_iter().chain(strangers).map(choice).collect()
}

/// A secret is never shown, so an empty box is not meant to empty it.
pub fn keeps_secret(parameter: &Parameter, typed: &Typed) -> bool {
    parameter.is_secret() && !typed.all(CLEAR).contains(&parameter.code.as_str())
}

/// The same as for a launch, but that nothing can be said of everything.
pub fn default_control(
    form: &Form,
    shell: &Shell,
    parameter: &Parameter,
    beginning: Beginning<'_>,
    shown: Vec<String>,
    file: Option<&Result<Vec<String>, String>>,
) -> Control {
    match control(parameter, shown.clone(), file) {
        Control::Secret { shape, .. } => Control::Secret {
            shape,
            kept: given(form.defaults.get(&parameter.code)).is_some(),
            taken: match beginning {
                Beginning::Typed(typed) => !keeps_secret(parameter, typed),
                Beginning::Defaults | Beginning::Again(_) => false,
            },
        },
        Control::Switch { .. } => Control::Select {
            none: Some("settings-no-default"),
            options: switch_options(shell, &shown),
        },
        Control::Select { options, .. } => Control::Select {
            none: Some("settings-no-default"),
            options,
        },
        other @ (Control::Line { .. }
        | Control::Lines { .. }
        | Control::Json { .. }
        | Control::Ticks { .. }) => other,
    }
}

/// What stands there and is neither is shown all the same.
fn switch_options(shell: &Shell, chosen: &[String]) -> Vec<Choice> {
    let mut all = options(vec!["true".to_owned(), "false".to_owned()], chosen);
    for choice in &mut all {
        match choice.value.as_str() {
            "true" => choice.shown = shell.say("value-yes"),
            "false" => choice.shown = shell.say("value-no"),
            _ => {}
        }
    }
    all
}
