//! The JSON of an error response, translated.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Problem;
use crate::domain::flow::document::Fault;
use crate::domain::message::{FieldErrors, Message};
use crate::domain::task::Status;
use crate::http::api::json_types::TaskProgressJson;
use crate::language::Language;
use crate::service::NotKnown;

/// The error code of Iaso's JWT library.
fn code(why: NotKnown) -> Option<&'static str> {
    match why {
        NotKnown::Missing | NotKnown::Hook => None,
        NotKnown::Token => Some("token_not_valid"),
        NotKnown::User => Some("user_not_found"),
        NotKnown::Inactive => Some("user_inactive"),
    }
}

/// The body of an error response, translated.
#[derive(Serialize)]
pub struct ErrorBody {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<Box<TaskProgressJson>>,
    #[serde(flatten)]
    fields: BTreeMap<String, Value>,
}

impl ErrorBody {
    pub fn new(problem: &Problem, language: Language) -> Self {
        let error = language.translate(&problem.sentence);
        let mut fields = BTreeMap::new();
        for (field, words) in listed(&problem.fields, language) {
            fields.insert(field, Value::from(words));
        }
        let nested = problem.details.nested.iter();
        for (field, errors) in nested.filter(|(_, errors)| !errors.is_empty()) {
            fields.insert((*field).to_owned(), nested_json(errors, language));
        }
        if !problem.details.steps.is_empty() {
            let steps = problem.details.steps.iter();
            let steps = steps.map(|(step, errors)| (step.clone(), nested_json(errors, language)));
            fields.insert("steps".to_owned(), steps.collect());
        }
        if !problem.details.document.is_empty() {
            let faults = &problem.details.document;
            fields.insert("document".to_owned(), sentences(faults, language).into());
            fields.insert("places".to_owned(), json!(places(faults, language)));
        }
        Self {
            detail: problem.detail.then(|| error.clone()),
            code: code(problem.unknown),
            error,
            status: problem.task_status.map(Status::as_str),
            task: problem.task.clone(),
            fields,
        }
    }

    /// The main error message.
    pub fn error(&self) -> &str {
        &self.error
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| r#"{"error":"internal"}"#.to_owned())
    }
}

fn nested_json(errors: &FieldErrors, language: Language) -> Value {
    let inner = listed(errors, language).into_iter();
    inner
        .map(|(field, words)| (field, Value::from(words)))
        .collect()
}

/// A fault of a document, or a warning about it, with its position.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Place)]
pub struct PlaceJson {
    line: usize,
    column: usize,
    message: String,
}

/// Faults as objects.
pub fn places(faults: &[Fault], language: Language) -> Vec<PlaceJson> {
    let one = |fault: &Fault| PlaceJson {
        line: fault.place.line,
        column: fault.place.column,
        message: language.translate(&fault.message()),
    };
    faults.iter().map(one).collect()
}

/// Faults as text: "line 3, column 5: …".
pub fn sentences(faults: &[Fault], language: Language) -> Vec<String> {
    let one = |fault: &Fault| {
        let message = language.translate(&fault.message());
        language.translate(&fault.place.before(&message))
    };
    faults.iter().map(one).collect()
}

/// Fills the placeholder `field` of a message.
pub fn about(field: &str, sentence: &Message) -> Message {
    sentence.clone().with("field", field)
}

/// The error messages by field, translated.
pub fn listed(errors: &FieldErrors, language: Language) -> BTreeMap<String, Vec<String>> {
    let in_words = |(field, list): (&String, &Vec<Message>)| {
        let words = list
            .iter()
            .map(|sentence| language.translate(&about(field, sentence)));
        (field.clone(), words.collect())
    };
    errors.0.iter().map(in_words).collect()
}
