//! What the form of an account's defaults has otherwise than that of a launch: an empty box is no default, a switch may say
//! nothing, and a secret that is kept stays until it is replaced or taken away.

use serde_json::{Map, Value};

use super::fields::{Beginning, Choice, Control, Typed, asked, control, given, options};
use super::shell::Shell;
use super::values;
use crate::domain::parameters::Parameter;
use crate::domain::sentence::FieldErrors;
use crate::http::language::Language;
use crate::service::form::Form;

/// The box that takes a kept secret away, and the one for a value that the pipeline does not ask for.
const CLEAR: &str = "clear";
pub const STRANGER: &str = "take_away";

/// The defaults that are meant by what was typed, and what could not be read of it. What had no box stays.
pub fn read_defaults(
    form: &Form,
    language: Language,
    typed: &Typed,
) -> (Map<String, Value>, FieldErrors) {
    let (mut values, mut wrong) = (form.defaults.clone(), FieldErrors::default());
    for parameter in asked(form) {
        let (code, own) = (&parameter.code, typed.of(parameter));
        let value = values::read_default(language, parameter, &own, form.defaults.get(code));
        match wrong.note(code, value).flatten() {
            Some(value) => drop(values.insert(code.clone(), value)),
            None if own.is_empty() || keeps_secret(parameter, typed) => {}
            None => drop(values.remove(code)),
        }
    }
    for code in typed.all(STRANGER) {
        values.remove(code);
    }
    (values, wrong)
}

/// A secret is never shown, so an empty box is not meant to empty it.
fn keeps_secret(parameter: &Parameter, typed: &Typed) -> bool {
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
