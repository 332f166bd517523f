//! The fields of a launch form or of the form for an account's defaults: control, hints and errors of each parameter.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub use super::form_controls::{
    Control, FormInput, InitialValues, control, effective_value, form_parameters, inherited_value,
    name_of,
};
use super::form_controls::{default_control, not_null};
use super::form_hints::hints;
use super::form_values::{self, InputShape, boxes, normalized_input};
use super::layout::Layout;
use crate::domain::message::{FieldErrors, say};
use crate::domain::parameters::{MASK, Parameter};
use crate::http::accept_language::Language;
use crate::service::catalog::Form;

/// Which form the fields belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The values of the fields are used for the launch.
    Launch,
    /// The account's defaults: an empty field means no default.
    Defaults,
}

/// Choices by parameter code that were read from files of the workspace, or why that failed.
pub type FromFiles = BTreeMap<String, Result<Vec<String>, String>>;

pub struct FormField {
    pub code: String,
    pub name: String,
    pub id: String,
    pub title: String,
    pub help: Option<String>,
    pub required: bool,
    pub control: Control,
    /// What is expected, and where the default comes from.
    pub hints: Vec<String>,
    pub errors: Vec<String>,
    /// Warnings about the value, which may still be correct.
    pub warnings: Vec<String>,
    /// Whether the user, or the task that is launched again, gave a secret. The page does not repeat it, so the user must
    /// type it again.
    pub retype: bool,
    /// Whether its choices are in a file that was not read yet.
    pub to_load: bool,
    pub loaded: bool,
    /// Suggestions with their names. Any other value can be typed.
    pub suggested: Vec<(String, String)>,
    /// Codes of the parameters that this one disables, and the value at which it does.
    pub disables: String,
    pub disable_when: bool,
}

impl FormField {
    /// The value of `aria-describedby`, for screen readers.
    pub fn described_by(&self) -> Option<String> {
        let parts = [
            ("error", !self.errors.is_empty()),
            ("warning", !self.warnings.is_empty()),
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

/// The values of a launch from the form, and the errors of fields that could not be read.
pub fn read(
    form: &Form,
    language: Language,
    input: &FormInput,
) -> (Map<String, Value>, FieldErrors) {
    let (mut config, mut wrong) = (Map::new(), FieldErrors::default());
    for parameter in form_parameters(form) {
        if is_forgotten(parameter, input) {
            let again = say("form-secret-again").with("name", parameter.title());
            wrong.add(&parameter.code, again);
            continue;
        }
        let shown = effective_value(form, parameter).map(|(value, _)| value);
        let value = form_values::read(language, parameter, &input.of(parameter), shown);
        if let Some(value) = wrong.note(&parameter.code, value).flatten() {
            config.insert(parameter.code.clone(), value);
        }
    }
    (config, wrong)
}

/// Whether the secret was typed before the form was shown again, or used by the task that is launched again, and not typed in
/// this form. Without it the launch would use another value, or none.
fn is_forgotten(parameter: &Parameter, input: &FormInput) -> bool {
    parameter.is_secret() && input.asked_again(&parameter.code) && !is_typed(parameter, input)
}

/// Whether the form contains a value of this secret.
fn is_typed(parameter: &Parameter, input: &FormInput) -> bool {
    parameter.is_secret() && input.has_text(&name_of(&parameter.code))
}

/// The fields of a launch form.
pub fn fields(
    form: &Form,
    layout: &Layout,
    initial: InitialValues<'_>,
    files: &FromFiles,
    errors: &BTreeMap<String, Vec<String>>,
) -> Vec<FormField> {
    fields_for(Purpose::Launch, form, layout, initial, files, errors)
}

pub fn fields_for(
    purpose: Purpose,
    form: &Form,
    layout: &Layout,
    initial: InitialValues<'_>,
    files: &FromFiles,
    errors: &BTreeMap<String, Vec<String>>,
) -> Vec<FormField> {
    let one = |parameter: &Parameter| {
        let file = files.get(&parameter.code);
        let errors = errors.get(&parameter.code).cloned().unwrap_or_default();
        let field = field(purpose, form, layout, parameter, initial, file);
        FormField {
            // After the error, an empty field means a launch without the secret.
            retype: field.retype && errors.is_empty(),
            errors,
            ..field
        }
    };
    form_parameters(form).map(one).collect()
}

/// The field of one parameter, without its errors.
fn field(
    purpose: Purpose,
    form: &Form,
    layout: &Layout,
    parameter: &Parameter,
    initial: InitialValues<'_>,
    file: Option<&Result<Vec<String>, String>>,
) -> FormField {
    let is_launch = purpose == Purpose::Launch;
    let default = match purpose {
        Purpose::Launch => effective_value(form, parameter),
        Purpose::Defaults => inherited_value(form, parameter),
    };
    let used = default.map(|(value, _)| value).filter(|_| is_launch);
    let value = used.or_else(|| not_null(form.defaults.get(&parameter.code)));
    let shown = in_boxes(parameter, purpose, initial, value);
    let is_typed = matches!(initial, InitialValues::Submitted(_));
    let hints = hints(form, layout, parameter, default, file, is_launch);
    let help = parameter.help.clone();
    FormField {
        name: name_of(&parameter.code),
        id: format!("field-{}", parameter.code),
        title: parameter.title().to_owned(),
        help: help.filter(|help| !help.trim().is_empty()),
        required: is_launch && is_needed(parameter, default.is_some()),
        control: match purpose {
            Purpose::Launch => control(parameter, shown, file),
            Purpose::Defaults => default_control(form, layout, parameter, initial, shown, file),
        }
        .with_decimals(layout.language, parameter, is_typed),
        hints: secret_again(form, layout, parameter, initial)
            .into_iter()
            .chain(hints)
            .collect(),
        errors: Vec::new(),
        warnings: Vec::new(),
        retype: is_launch && lacks_secret(form, parameter, initial),
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

/// A hint to type the secret again: it is not shown, so a form that is sent again would not contain it.
fn secret_again(
    form: &Form,
    layout: &Layout,
    parameter: &Parameter,
    initial: InitialValues<'_>,
) -> Option<String> {
    let lacks_secret = lacks_secret(form, parameter, initial);
    match initial {
        InitialValues::Relaunch(task, _) => {
            lacks_secret.then(|| layout.with("form-secret-of-task", "number", task))
        }
        InitialValues::Submitted(input) if is_typed(parameter, input) => {
            Some(layout.say("settings-secret-again"))
        }
        InitialValues::Submitted(_) => lacks_secret.then(|| layout.say("task-secret-again")),
        InitialValues::Defaults => None,
    }
}

/// Whether the earlier task had a secret here that the form cannot repeat, and no default of the account replaces it.
fn lacks_secret(form: &Form, parameter: &Parameter, initial: InitialValues<'_>) -> bool {
    let code = &parameter.code;
    match initial {
        InitialValues::Defaults => false,
        InitialValues::Relaunch(_, config) => {
            let had_one = config.get(code).is_some_and(|value| *value == MASK);
            let has_default = not_null(form.defaults.get(code)).is_some();
            parameter.is_secret() && had_one && !has_default
        }
        InitialValues::Submitted(input) => is_forgotten(parameter, input),
    }
}

/// Whether a launch without this value would be refused.
fn is_needed(parameter: &Parameter, has_default: bool) -> bool {
    parameter.required && !has_default && form_values::shape(parameter) != InputShape::Switch
}

fn in_boxes(
    parameter: &Parameter,
    purpose: Purpose,
    initial: InitialValues<'_>,
    value: Option<&Value>,
) -> Vec<String> {
    let at_first = || match purpose {
        Purpose::Launch => boxes(parameter, value),
        Purpose::Defaults => form_values::default_boxes(parameter, value),
    };
    match initial {
        InitialValues::Defaults => at_first(),
        InitialValues::Relaunch(_, config) => {
            boxes(parameter, config.get(&parameter.code).or(value))
        }
        // A field that was disabled is not sent, so it shows its initial value.
        InitialValues::Submitted(input) => {
            normalized_input(parameter, &input.of(parameter)).unwrap_or_else(at_first)
        }
    }
}
