//! Messages as they are stored with a run: in both languages.

use crate::domain::flow::Problem;
use crate::domain::message::{FieldErrors, Message};
use crate::language::Language;

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
