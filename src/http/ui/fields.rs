//! The fields of a form for a pipeline's values, those of a launch or an account's defaults: for each parameter its box,
//! where the value in it comes from, and what is wrong with what was typed.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Map, Value};

use super::defaults::default_control;
use super::hints::hints;
use super::shell::Shell;
use super::values::{self, Shape, boxes, text, tidied};
use crate::domain::parameters::{Kind, Parameter};
use crate::domain::sentence::FieldErrors;
use crate::domain::validation::Injected;
use crate::http::language::Language;
use crate::service::form::Form;

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

/// What the values are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A launch: what a box holds is what is used.
    Launch,
    /// The account's defaults: an empty box is none.
    Defaults,
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

impl Field {
    /// The ids of what describes it, for those who do not see it.
    pub fn described_by(&self) -> Option<String> {
        let parts = [
            ("error", !self.errors.is_empty()),
            ("help", self.help.is_some()),
            ("hint", !self.hints.is_empty()),
        ];
        let ids = parts.iter().filter(|(_, there)| *there);
        let ids: Vec<String> = ids.map(|(part, _)| format!("{}-{part}", self.id)).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }

    pub fn is_wrong(&self) -> bool {
        !self.errors.is_empty()
    }
}

pub fn name_of(code: &str) -> String {
    format!("config.{code}")
}

/// A value, and the sentence that says whose it is.
pub type Standing<'a> = Option<(&'a Value, &'static str)>;

/// The value that counts where nobody gives one.
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

/// What was typed, as the values of a launch, and what could not be read of it.
pub fn read(form: &Form, language: Language, typed: &Typed) -> (Map<String, Value>, FieldErrors) {
    let (mut config, mut wrong) = (Map::new(), FieldErrors::default());
    for parameter in asked(form) {
        let shown = standing(form, parameter).map(|(value, _)| value);
        let value = values::read(language, parameter, &typed.of(parameter), shown);
        if let Some(value) = wrong.note(&parameter.code, value).flatten() {
            config.insert(parameter.code.clone(), value);
        }
    }
    (config, wrong)
}

/// Those of a launch.
pub fn fields(
    form: &Form,
    shell: &Shell,
    beginning: Beginning<'_>,
    files: &FromFiles,
    errors: &BTreeMap<String, Vec<String>>,
) -> Vec<Field> {
    fields_for(Purpose::Launch, form, shell, beginning, files, errors)
}

pub fn fields_for(
    purpose: Purpose,
    form: &Form,
    shell: &Shell,
    beginning: Beginning<'_>,
    files: &FromFiles,
    errors: &BTreeMap<String, Vec<String>>,
) -> Vec<Field> {
    let is_launch = purpose == Purpose::Launch;
    let one = |parameter: &Parameter| {
        let standing = if is_launch {
            standing(form, parameter)
        } else {
            beneath(form, parameter)
        };
        let used = standing.map(|(value, _)| value).filter(|_| is_launch);
        let value = used.or_else(|| given(form.defaults.get(&parameter.code)));
        let shown = in_boxes(parameter, purpose, beginning, value);
        let file = files.get(&parameter.code);
        Field {
            name: name_of(&parameter.code),
            id: format!("field-{}", parameter.code),
            title: parameter.title().to_owned(),
            help: parameter
                .help
                .clone()
                .filter(|help| !help.trim().is_empty()),
            required: is_launch && is_needed(parameter, standing.is_some()),
            control: match purpose {
                Purpose::Launch => control(parameter, shown, file),
                Purpose::Defaults => {
                    default_control(form, shell, parameter, beginning, shown, file)
                }
            },
            hints: again(shell, parameter, beginning)
                .into_iter()
                .chain(hints(form, shell, parameter, standing, file, is_launch))
                .collect(),
            errors: errors.get(&parameter.code).cloned().unwrap_or_default(),
            to_load: parameter.choices_from_file.is_some() && !matches!(file, Some(Ok(_))),
            loaded: matches!(file, Some(Ok(_))),
            suggested: Vec::new(),
            disables: if is_launch {
                parameter.disables.join(" ")
            } else {
                String::new()
            },
            disable_when: parameter.disable_when,
            code: parameter.code.clone(),
        }
    };
    asked(form).map(one).collect()
}

/// A secret that was typed is not in the box any more: whoever sends the form again would send it without.
fn again(shell: &Shell, parameter: &Parameter, beginning: Beginning<'_>) -> Option<String> {
    let Beginning::Typed(typed) = beginning else {
        return None;
    };
    let own = typed.of(parameter);
    let is_typed = parameter.is_secret() && own.iter().any(|text| !text.trim().is_empty());
    is_typed.then(|| shell.say("settings-secret-again"))
}

/// Whether a launch without it would be refused.
fn is_needed(parameter: &Parameter, stands_in: bool) -> bool {
    parameter.required && !stands_in && values::shape(parameter) != Shape::Switch
}

fn in_boxes(
    parameter: &Parameter,
    purpose: Purpose,
    beginning: Beginning<'_>,
    value: Option<&Value>,
) -> Vec<String> {
    let at_first = || match purpose {
        Purpose::Launch => boxes(parameter, value),
        Purpose::Defaults => values::default_boxes(parameter, value),
    };
    match beginning {
        Beginning::Defaults => at_first(),
        Beginning::Again(config) => boxes(parameter, config.get(&parameter.code).or(value)),
        // What nobody could type in, such as a box that was switched off, begins as it would have.
        Beginning::Typed(typed) => tidied(parameter, &typed.of(parameter)).unwrap_or_else(at_first),
    }
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
