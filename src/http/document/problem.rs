//! How a refusal looks on the wire, for the document; `http/error.rs` is what writes them.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::api::shape::TaskStatus;
use crate::http::api::view::TaskJson;

/// Why a request failed, in one sentence.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    error: String,
}

/// The response when credentials are missing, not valid or not sufficient.
#[derive(Serialize, ToSchema)]
pub struct Denied {
    error: String,
    /// The same sentence, under the key that Iaso's pages read.
    detail: String,
    /// Iaso's error code for a token, when Iaso users can sign in.
    #[schema(nullable = false)]
    code: Option<String>,
}

/// The task's status does not allow the request.
#[derive(Serialize, ToSchema)]
pub struct Conflict {
    error: String,
    #[schema(value_type = TaskStatus)]
    status: &'static str,
}

/// The first launch is still running, or the Idempotency-Key was used for another request (then without `status`).
#[derive(Serialize, ToSchema)]
pub struct Taken {
    error: String,
    #[schema(value_type = Option<TaskStatus>, nullable = false)]
    status: Option<&'static str>,
}

/// The request is not valid. Each invalid field has its own key.
#[derive(Serialize, ToSchema)]
pub struct Invalid {
    error: String,
    #[serde(flatten)]
    fields: BTreeMap<String, FieldErrors>,
}

/// OpenHEXA refused the launch. `task` is present when a task was created.
#[derive(Serialize, ToSchema)]
pub struct Refused {
    error: String,
    #[schema(nullable = false)]
    task: Option<TaskJson>,
    #[serde(flatten)]
    fields: BTreeMap<String, FieldErrors>,
}

/// Error messages for a field, or for the fields within it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum FieldErrors {
    Here(Vec<String>),
    Within(BTreeMap<String, Vec<String>>),
}
