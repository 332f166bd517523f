//! The fields of a form for a pipeline's values, those of a launch or an account's defaults: for each parameter its box,
//! where the value in it comes from, and what is wrong with what was typed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use super::control::{Beginning, Control, Typed, asked, beneath, control, name_of, standing};
use super::control::{default_control, given};
use super::hints::hints;
use super::shell::Shell;
use super::values::{self, Shape, boxes, tidied};
use crate::domain::parameters::Parameter;
use crate::domain::sentence::FieldErrors;
use crate::http::language::Language;
use crate::service::catalog::Form;

/// What the values are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A launch: what a box holds is what is used.
    Launch,
    /// The account's defaults: an empty box is none.
    Defaults,
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
    let one = |parameter: &Parameter| {
        let file = files.get(&parameter.code);
        Field {
            errors: errors.get(&parameter.code).cloned().unwrap_or_default(),
            ..field(purpose, form, shell, parameter, beginning, file)
        }
    };
    asked(form).map(one).collect()
}

/// The field of one parameter, without its errors.
fn field(
    purpose: Purpose,
    form: &Form,
    shell: &Shell,
    parameter: &Parameter,
    beginning: Beginning<'_>,
    file: Option<&Result<Vec<String>, String>>,
) -> Field {
    let is_launch = purpose == Purpose::Launch;
    let standing = match purpose {
        Purpose::Launch => standing(form, parameter),
        Purpose::Defaults => beneath(form, parameter),
    };
    let used = standing.map(|(value, _)| value).filter(|_| is_launch);
    let value = used.or_else(|| given(form.defaults.get(&parameter.code)));
    let shown = in_boxes(parameter, purpose, beginning, value);
    let hints = hints(form, shell, parameter, standing, file, is_launch);
    let help = parameter.help.clone();
    Field {
        name: name_of(&parameter.code),
        id: format!("field-{}", parameter.code),
        title: parameter.title().to_owned(),
        help: help.filter(|help| !help.trim().is_empty()),
        required: is_launch && is_needed(parameter, standing.is_some()),
        control: match purpose {
            Purpose::Launch => control(parameter, shown, file),
            Purpose::Defaults => default_control(form, shell, parameter, beginning, shown, file),
        },
        hints: again(shell, parameter, beginning)
            .into_iter()
            .chain(hints)
            .collect(),
        errors: Vec::new(),
        to_load: parameter.choices_from_file.is_some() && !matches!(file, Some(Ok(_))),
        loaded: matches!(file, Some(Ok(_))),
        suggested: Vec::new(),
        disables: match purpose {
            Purpose::Launch => parameter.disables.join(" "),
            Purpose::Defaults => String::new(),
        },
        disable_when: parameter.disable_when,
        code: parameter.code.clone(),
    }
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
