//! What the form of an account's defaults has otherwise than that of a launch: an empty box is no default, a switch may say
//! nothing, and a secret that is kept stays until it is replaced or taken away.

use serde_json::{Map, Value};

use super::control::{Typed, asked, keeps_secret};
use super::values;
use crate::domain::sentence::FieldErrors;
use crate::http::language::Language;
use crate::service::catalog::Form;

/// The box that takes a kept secret away, and the one for a value that the pipeline does not ask for.
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
