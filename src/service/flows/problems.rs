//! Messages as they are stored with a run: in both languages.

use crate::domain::flow::Problem;
use crate::domain::message::{FieldErrors, Message, say};
use crate::language::Language;
use crate::service::Error;

pub fn problem(field: Option<&str>, message: &Message) -> Problem {
    let message = match field {
        Some(field) => message.clone().with("field", field),
        None => message.clone(),
    };
    Problem {
        field: field.map(str::to_owned),
        en: Language::English.translate(&message),
        fr: Language::French.translate(&message),
    }
}

pub fn problems(errors: &FieldErrors) -> Vec<Problem> {
    let all = errors.0.iter();
    all.flat_map(|(field, list)| list.iter().map(move |one| problem(Some(field), one)))
        .collect()
}

/// Why something is tried again. `other` is the message if it is not because of OpenHEXA.
pub fn temporary(error: &Error, other: &'static str) -> Problem {
    if let Error::Upstream(error) = error {
        return problem(None, &error.message());
    }
    problem(None, &say(other))
}
