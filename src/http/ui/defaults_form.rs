//! Reads the form of an account's default parameters. Unlike in a launch form, an empty field means no default, a
//! boolean can be empty, and an empty secret field keeps the stored secret.

use serde_json::{Map, Value};

use super::form_controls::{FormInput, form_parameters, keeps_secret};
use super::form_values;
use crate::domain::message::FieldErrors;
use crate::http::accept_language::Language;
use crate::service::catalog::Form;

/// The checkbox that removes a default whose parameter does not exist in the form.
pub const REMOVE_UNKNOWN: &str = "remove_unknown";

/// The defaults from the form, and the errors of fields that could not be read. Fields that the form does not contain
/// keep their default.
pub fn read_defaults(
    form: &Form,
    language: Language,
    input: &FormInput,
) -> (Map<String, Value>, FieldErrors) {
    let (mut values, mut wrong) = (form.defaults.clone(), FieldErrors::default());
    for parameter in form_parameters(form) {
        let (code, own) = (&parameter.code, input.of(parameter));
        let value = form_values::read_default(language, parameter, &own, form.defaults.get(code));
        match wrong.note(code, value).flatten() {
            Some(value) => drop(values.insert(code.clone(), value)),
            None if own.is_empty() || keeps_secret(parameter, input) => {}
            None => drop(values.remove(code)),
        }
    }
    for code in input.all(REMOVE_UNKNOWN) {
        values.remove(code);
    }
    (values, wrong)
}
