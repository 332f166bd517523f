//! Schemas of error responses in the API reference. `http/error.rs` writes the responses.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use crate::http::api::json_types::TaskProgressJson;
use crate::http::api::schemas::TaskStatus;
use crate::http::error::PlaceJson;

/// Why a request failed, in one sentence.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemJson {
    error: String,
}

/// The response when credentials are missing, not valid or not sufficient.
#[derive(Serialize, ToSchema)]
#[schema(as = Denied)]
pub struct DeniedJson {
    error: String,
    /// The same sentence, under the key that Iaso's pages read.
    detail: String,
    /// Iaso's error code for a token, when Iaso users can sign in.
    #[schema(nullable = false)]
    code: Option<String>,
}

/// The task's status does not allow the request.
#[derive(Serialize, ToSchema)]
#[schema(as = Conflict)]
pub struct ConflictJson {
    error: String,
    #[schema(value_type = TaskStatus)]
    status: &'static str,
}

/// The first launch is still running, or the Idempotency-Key was used for another request (then without `status`).
#[derive(Serialize, ToSchema)]
#[schema(as = RelaunchConflict)]
pub struct RelaunchConflictJson {
    error: String,
    #[schema(value_type = Option<TaskStatus>, nullable = false)]
    status: Option<&'static str>,
}

/// The request is not valid. Each invalid field has its own key.
#[derive(Serialize, ToSchema)]
#[schema(as = Invalid)]
pub struct InvalidJson {
    error: String,
    #[serde(flatten)]
    fields: BTreeMap<String, FieldErrorsJson>,
}

/// The request about a flow is not valid. Each invalid field has its own key.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowInvalid)]
pub struct FlowInvalidJson {
    error: String,
    /// The faults of the document in the order of their lines, such as "line 3, column 5: …".
    #[schema(nullable = false)]
    document: Option<Vec<String>>,
    /// The same faults with their positions.
    #[schema(nullable = false)]
    places: Option<Vec<PlaceJson>>,
    /// By step, the errors of its parameters.
    #[schema(nullable = false)]
    steps: Option<BTreeMap<String, BTreeMap<String, Vec<String>>>>,
    #[serde(flatten)]
    fields: BTreeMap<String, FieldErrorsJson>,
}

/// OpenHEXA refused the launch. `task` is present when a task was created.
#[derive(Serialize, ToSchema)]
#[schema(as = LaunchRefused)]
pub struct LaunchRefusedJson {
    error: String,
    #[schema(nullable = false)]
    task: Option<TaskProgressJson>,
    #[serde(flatten)]
    fields: BTreeMap<String, FieldErrorsJson>,
}

/// Error messages for a field, or for the fields within it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = FieldErrors)]
pub enum FieldErrorsJson {
    Messages(Vec<String>),
    Nested(BTreeMap<String, Vec<String>>),
}
