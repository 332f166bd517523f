//! How a refusal looks on the wire, for the document; `http/error.rs` is what writes them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::api::shape::TaskStatus;
use crate::http::api::view::TaskJson;

/// Why nothing came of a request, in one sentence.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    error: String,
}

/// Who is not let in.
#[derive(Serialize, ToSchema)]
pub struct Denied {
    error: String,
    /// The same sentence, where Iaso's pages look for it.
    detail: String,
    /// Iaso's word for what is wrong with a token, where its users are known.
    #[schema(nullable = false)]
    code: Option<String>,
}

/// What a task's state does not allow.
#[derive(Serialize, ToSchema)]
pub struct Conflict {
    error: String,
    #[schema(value_type = TaskStatus)]
    status: &'static str,
}

/// The first launch is alive, or the key was used for another request, which has no status.
#[derive(Serialize, ToSchema)]
pub struct Taken {
    error: String,
    #[schema(value_type = Option<TaskStatus>, nullable = false)]
    status: Option<&'static str>,
}

/// What is wrong with a request; beside it, each field that is wrong.
#[derive(Serialize, ToSchema)]
pub struct Invalid {
    error: String,
    #[serde(flatten)]
    fields: BTreeMap<String, FieldErrors>,
}

/// What OpenHEXA refused to launch; the task that became of it, where one did.
#[derive(Serialize, ToSchema)]
pub struct Refused {
    error: String,
    #[schema(nullable = false)]
    task: Option<TaskJson>,
    #[serde(flatten)]
    fields: BTreeMap<String, FieldErrors>,
}

/// Sentences about a field, or about those within it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum FieldErrors {
    Here(Vec<String>),
    Within(BTreeMap<String, Vec<String>>),
}
