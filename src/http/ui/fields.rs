//! The fields of a launch's form: for each parameter its box, where the value in it comes from, and what is wrong
//! with what was typed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::shell::Shell;
use super::values::{self, Shape, boxes, text, tidied};
use crate::domain::parameters::{Kind, Parameter};
use crate::domain::sentence::{FieldErrors, say};
use crate::domain::validation::{self, Injected};
use crate::service::form::Form;

/// What a form was sent with, in order.
#[derive(Clone, Debug, Default)]
pub struct Typed(pub Vec<(String, String)>);

impl Typed {
    pub fn all(&self, name: &str) -> Vec<&str> {
        let own = self.0.iter().filter(|(own, _)| own == name);
        own.map(|(_, value)| value.as_str()).collect()
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

/// Choices that were read from files of the workspace, or why they could not be.
pub type FromFiles = BTreeMap<String, Result<Vec<String>, String>>;

pub struct Field {
    pub code: String,
    pub name: String,
    pub id: String,
    pub title: String,
    pub help: Option<String>,
    pub required: bool,
    pub control: Control,
    /// What is expected, and where the value in the box comes from.
    pub hints: Vec<String>,
    pub errors: Vec<String>,
    /// Whether its choices stand in a file that was not read yet, or were read from one.
    pub to_load: bool,
    pub loaded: bool,
    /// What may be meant, each with its name; anything else may be typed.
    pub suggested: Vec<(String, String)>,
    /// Codes that it switches off, and when.
    pub disables: String,
    pub disable_when: bool,
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
    Secret,
    Select {
        options: Vec<Choice>,
        /// Whether nothing may be chosen.
        none: bool,
    },
    Ticks {
        options: Vec<Choice>,
    },
}

pub struct Choice {
    pub value: String,
    pub chosen: bool,
}

impl Field {
    /// The ids of what describes it, for those who do not see it.
    pub fn described_by(&self) -> String {
        let parts = [
            ("error", !self.errors.is_empty()),
            ("help", self.help.is_some()),
            ("hint", !self.hints.is_empty()),
        ];
        let ids = parts.iter().filter(|(_, there)| *there);
        let ids: Vec<String> = ids.map(|(part, _)| format!("{}-{part}", self.id)).collect();
        ids.join(" ")
    }

    pub fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
    }
}

pub fn name_of(code: &str) -> String {
    format!("config.{code}")
}

/// The value that counts where nobody gives one, and the sentence that says whose it is.
pub fn standing<'a>(form: &'a Form, parameter: &'a Parameter) -> Option<(&'a Value, &'static str)> {
    let code = &parameter.code;
    let saved = form.version.as_ref().map(|version| &version.config);
    let layers = [
        (form.defaults.get(code), "default-account"),
        (saved.and_then(|saved| saved.get(code)), "default-version"),
        (parameter.default.as_ref(), "default-parameter"),
    ];
    let given = |(value, whose): (Option<&'a Value>, &'static str)| {
        let value = value.filter(|value| !value.is_null())?;
        Some((value, whose))
    };
    layers.into_iter().find_map(given)
}

/// The parameters that people fill in: four are the bridge's own.
pub fn asked(form: &Form) -> impl Iterator<Item = &Parameter> {
    let all = form.version.iter().flat_map(|version| &version.parameters);
    all.filter(|parameter| Injected::parse(&parameter.code).is_none())
}

/// What was typed, as the values of a launch, and what could not be read of it.
pub fn read(form: &Form, typed: &Typed) -> (Map<String, Value>, FieldErrors) {
    let (mut config, mut wrong) = (Map::new(), FieldErrors::default());
    for parameter in asked(form) {
        let shown = standing(form, parameter).map(|(value, _)| value);
        let value = values::read(parameter, &typed.of(parameter), shown);
        if let Some(value) = wrong.note(&parameter.code, value).flatten() {
            config.insert(parameter.code.clone(), value);
        }
    }
    (config, wrong)
}

pub fn fields(
    form: &Form,
    shell: &Shell,
    beginning: Beginning<'_>,
    files: &FromFiles,
    errors: &BTreeMap<String, Vec<String>>,
) -> Vec<Field> {
    let one = |parameter: &Parameter| {
        let standing = standing(form, parameter);
        let shown = in_boxes(parameter, beginning, standing.map(|(value, _)| value));
        let file = files.get(&parameter.code);
        Field {
            name: name_of(&parameter.code),
            id: format!("field-{}", parameter.code),
            title: parameter.title().to_owned(),
            help: parameter
                .help
                .clone()
                .filter(|help| !help.trim().is_empty()),
            required: is_needed(parameter, standing.is_some()),
            control: control(parameter, shown, file),
            hints: hints(form, shell, parameter, standing, file),
            errors: errors.get(&parameter.code).cloned().unwrap_or_default(),
            to_load: parameter.choices_from_file.is_some() && !matches!(file, Some(Ok(_))),
            loaded: matches!(file, Some(Ok(_))),
            suggested: Vec::new(),
            disables: parameter.disables.join(" "),
            disable_when: parameter.disable_when,
            code: parameter.code.clone(),
        }
    };
    asked(form).map(one).collect()
}

/// Whether a launch without it would be refused.
fn is_needed(parameter: &Parameter, stands_in: bool) -> bool {
    parameter.required && !stands_in && values::shape(parameter) != Shape::Switch
}

fn in_boxes(
    parameter: &Parameter,
    beginning: Beginning<'_>,
    standing: Option<&Value>,
) -> Vec<String> {
    match beginning {
        Beginning::Defaults => boxes(parameter, standing),
        Beginning::Again(config) => boxes(parameter, config.get(&parameter.code).or(standing)),
        // What nobody could type in, such as a box that was switched off, begins as it would have.
        Beginning::Typed(typed) => {
            tidied(parameter, &typed.of(parameter)).unwrap_or_else(|| boxes(parameter, standing))
        }
    }
}

fn control(
    parameter: &Parameter,
    shown: Vec<String>,
    file: Option<&Result<Vec<String>, String>>,
) -> Control {
    let one = || shown.first().cloned().unwrap_or_default();
    match (values::shape(parameter), choices(parameter, file)) {
        _ if parameter.is_secret() => Control::Secret,
        (Shape::Switch, _) => Control::Switch {
            on: one() == "true",
        },
        (Shape::Json, _) => Control::Json { value: one() },
        (Shape::One, Some(all)) => Control::Select {
            none: !parameter.required || one().is_empty(),
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
            mode: match parameter.kind {
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
            },
        },
    }
}

fn choices(
    parameter: &Parameter,
    file: Option<&Result<Vec<String>, String>>,
) -> Option<Vec<String>> {
    let declared = parameter.choices.as_deref().unwrap_or_default();
    match file {
        Some(Ok(found)) => Some(found.clone()).filter(|found| !found.is_empty()),
        Some(Err(_)) | None if declared.is_empty() => None,
        Some(Err(_)) | None => Some(declared.iter().map(text).collect()),
    }
}

/// What is chosen and stands in no list is shown all the same: it is judged, not dropped.
fn options(all: Vec<String>, chosen: &[String]) -> Vec<Choice> {
    let strangers = chosen
        .iter()
        .filter(|own| !own.is_empty() && !all.contains(own));
    let mut every: Vec<String> = strangers.cloned().collect();
    every.splice(0..0, all);
    let choice = |value: String| Choice {
        chosen: chosen.contains(&value),
        value,
    };
    every.into_iter().map(choice).collect()
}

fn hints(
    form: &Form,
    shell: &Shell,
    parameter: &Parameter,
    standing: Option<(&Value, &'static str)>,
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
