//! The control of a form field: its type, its initial value and the submitted input.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::form_values::{self, InputShape, text};
use super::layout::Layout;
use crate::domain::ids::TaskId;
use crate::domain::parameters::{Kind, Parameter};
use crate::domain::validation::Injected;
use crate::http::accept_language::Language;
use crate::service::catalog::Form;

/// The name of the checkboxes that remove a secret.
const CLEAR: &str = "clear";

/// The longest idempotency key of a form.
const LONGEST_KEY: usize = 64;

/// A submitted form: the values of each name, in order.
#[derive(Clone, Debug, Default)]
pub struct FormInput(HashMap<String, Vec<String>>);

impl FormInput {
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        let mut input: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in pairs {
            input.entry(name).or_default().push(value);
        }
        Self(input)
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

    /// Whether the field contains more than spaces.
    pub fn has_text(&self, name: &str) -> bool {
        self.all(name).iter().any(|text| !text.trim().is_empty())
    }

    /// Whether an earlier form had a value of this secret, which must be typed again.
    pub fn asked_again(&self, code: &str) -> bool {
        self.all("retype").contains(&code)
    }

    pub fn of(&self, parameter: &Parameter) -> Vec<&str> {
        self.all(&name_of(&parameter.code))
    }

    /// The key by which a form that is sent twice is recognised.
    pub fn idempotency_key(&self) -> Option<String> {
        let key = self.last("idempotency_key").filter(|key| is_key(key));
        key.map(str::to_owned)
    }
}

/// Whether a text of a form can be an idempotency key, or a hash.
pub fn is_key(text: &str) -> bool {
    text.len() <= LONGEST_KEY && text.chars().all(|letter| letter.is_ascii_graphic())
}

/// The values that a form shows.
#[derive(Clone, Copy)]
pub enum InitialValues<'a> {
    Defaults,
    /// The values of the launch of an earlier task.
    Relaunch(TaskId, &'a Map<String, Value>),
    Submitted(&'a FormInput),
}

pub enum Control {
    Switch {
        on: bool,
    },
    Line {
        value: String,
        mode: &'static str,
    },
    /// One value per line.
    Lines {
        value: String,
    },
    Json {
        value: String,
    },
    Secret {
        /// Several values or JSON need several lines.
        shape: InputShape,
        /// Whether a secret is stored; an empty field keeps it.
        is_set: bool,
        /// Whether the stored secret is to be removed.
        is_removed: bool,
    },
    Select {
        options: Vec<Choice>,
        /// The key of the option for no value, if there is one.
        none: Option<&'static str>,
    },
    Ticks {
        options: Vec<Choice>,
    },
}

impl Control {
    /// Numbers with the decimal sign of the language. What was typed and the values of options stay as they are.
    pub fn with_decimals(self, language: Language, parameter: &Parameter, is_typed: bool) -> Self {
        let local = |text: &str| form_values::with_decimals(language, parameter, text);
        let label = |mut options: Vec<Choice>| {
            for one in &mut options {
                one.shown = local(&one.shown);
            }
            options
        };
        match self {
            Self::Line { value, mode } if !is_typed => Self::Line {
                value: local(&value),
                mode,
            },
            Self::Lines { value } if !is_typed => Self::Lines {
                value: value.split('\n').map(local).collect::<Vec<_>>().join("\n"),
            },
            Self::Select { options, none } => Self::Select {
                options: label(options),
                none,
            },
            Self::Ticks { options } => Self::Ticks {
                options: label(options),
            },
            other @ (Self::Switch { .. }
            | Self::Line { .. }
            | Self::Lines { .. }
            | Self::Json { .. }
            | Self::Secret { .. }) => other,
        }
    }
}

pub struct Choice {
    pub value: String,
    pub shown: String,
    pub chosen: bool,
}

pub fn name_of(code: &str) -> String {
    format!("config.{code}")
}

/// The value that is used if the field is empty, and the key of the hint that says where it comes from.
pub type EffectiveValue<'a> = Option<(&'a Value, &'static str)>;

/// The account's default, else the version's, else the parameter's.
pub fn effective_value<'a>(form: &'a Form, parameter: &'a Parameter) -> EffectiveValue<'a> {
    let account = not_null(form.defaults.get(&parameter.code));
    let account = account.map(|value| (value, "default-account"));
    account.or_else(|| inherited_value(form, parameter))
}

/// The same without the account's default.
pub fn inherited_value<'a>(form: &'a Form, parameter: &'a Parameter) -> EffectiveValue<'a> {
    let saved = form.version.as_ref().map(|version| &version.config);
    let saved = not_null(saved.and_then(|saved| saved.get(&parameter.code)));
    let own = not_null(parameter.default.as_ref());
    let saved = saved.map(|value| (value, "default-version"));
    saved.or(own.map(|value| (value, "default-parameter")))
}

pub fn not_null(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// The parameters of the form. Four are set by the bridge itself and are left out.
pub fn form_parameters(form: &Form) -> impl Iterator<Item = &Parameter> {
    let all = form.version.iter().flat_map(|version| &version.parameters);
    all.filter(|parameter| Injected::parse(&parameter.code).is_none())
}

pub fn control(
    parameter: &Parameter,
    shown: Vec<String>,
    file: Option<&Result<Vec<String>, String>>,
) -> Control {
    let one = || shown.first().cloned().unwrap_or_default();
    // If there are more values than a page lists choices, they are shown as lines.
    let choices = choices(parameter, file).filter(|_| shown.len() <= MOST_CHOICES);
    match (form_values::shape(parameter), choices) {
        (shape, _) if parameter.is_secret() => Control::Secret {
            shape,
            is_set: false,
            is_removed: false,
        },
        (InputShape::Switch, _) => Control::Switch {
            on: one() == "true",
        },
        (InputShape::Json, _) => Control::Json { value: one() },
        (InputShape::One, Some(all)) => Control::Select {
            none: (!parameter.required || one().is_empty()).then_some("form-choose"),
            options: options(all, &shown),
        },
        (InputShape::Many, Some(all)) => Control::Ticks {
            options: options(all, &shown),
        },
        (InputShape::Many, None) => Control::Lines {
            value: shown.join("\n"),
        },
        (InputShape::One, None) => Control::Line {
            value: one(),
            mode: input_mode(&parameter.kind),
        },
    }
}

/// The attribute `inputmode`, with which a phone selects its keyboard.
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

/// Maximum number of choices in a list. If there are more, the value is typed.
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

/// A selected value that is not among the choices is shown too, so that it is validated and not lost.
pub fn options(all: Vec<String>, chosen: &[String]) -> Vec<Choice> {
    let known: HashSet<&str> = all.iter().map(String::as_str).collect();
    let unlisted = chosen
        .iter()
        .filter(|own| !own.is_empty() && !known.contains(own.as_str()));
    let unlisted: Vec<String> = unlisted.cloned().collect();
    let chosen: HashSet<&str> = chosen.iter().map(String::as_str).collect();
    let choice = |value: String| Choice {
        chosen: chosen.contains(value.as_str()),
        shown: value.clone(),
        value,
    };
    all.into_iter().chain(unlisted).map(choice).collect()
}

/// The stored secret is never shown, so an empty field keeps it.
pub fn keeps_secret(parameter: &Parameter, input: &FormInput) -> bool {
    parameter.is_secret() && !input.all(CLEAR).contains(&parameter.code.as_str())
}

/// The control of an account default. Unlike in a launch form, it always has an option for no value.
pub fn default_control(
    form: &Form,
    layout: &Layout,
    parameter: &Parameter,
    initial: InitialValues<'_>,
    shown: Vec<String>,
    file: Option<&Result<Vec<String>, String>>,
) -> Control {
    let none = Some(match inherited_value(form, parameter) {
        Some(_) => "settings-own-default",
        None => "settings-no-default",
    });
    match control(parameter, shown.clone(), file) {
        Control::Secret { shape, .. } => Control::Secret {
            shape,
            is_set: not_null(form.defaults.get(&parameter.code)).is_some(),
            is_removed: match initial {
                InitialValues::Submitted(input) => !keeps_secret(parameter, input),
                InitialValues::Defaults | InitialValues::Relaunch(..) => false,
            },
        },
        Control::Switch { .. } => Control::Select {
            none,
            options: switch_options(layout, &shown),
        },
        Control::Select { options, .. } => Control::Select { none, options },
        other @ (Control::Line { .. }
        | Control::Lines { .. }
        | Control::Json { .. }
        | Control::Ticks { .. }) => other,
    }
}

/// A value other than true and false is shown too.
fn switch_options(layout: &Layout, chosen: &[String]) -> Vec<Choice> {
    let mut all = options(vec!["true".to_owned(), "false".to_owned()], chosen);
    for choice in &mut all {
        match choice.value.as_str() {
            "true" => choice.shown = layout.say("value-yes"),
            "false" => choice.shown = layout.say("value-no"),
            _ => {}
        }
    }
    all
}
