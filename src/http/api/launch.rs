//! `POST /pipelines/{id}/validate/` and `POST /pipelines/{id}/launch/`.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::idempotency::idempotency_key;
use super::json_types::Envelope;
use super::pipelines::{pipeline_id, read_version};
use crate::domain::ids::VersionId;
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation;
use crate::http::accept_language::Language;
use crate::http::error::{HttpResult, Problem, listed};
use crate::http::openapi::error_schemas;
use crate::http::request_body;
use crate::http::request_extensions::CreatedTask;
use crate::service::Bridge;
use crate::service::launching::LaunchRequest;
use crate::service::launching::Operation;

/// A launch request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct LaunchBody {
    /// A UUID, with or without dashes. Default: the current version.
    version: Option<String>,
    /// Values by parameter code; in a form, the same object as JSON text.
    config: Map<String, Value>,
    #[schema(default = true)]
    send_notifications: Option<bool>,
    #[schema(default = false)]
    debug: Option<bool>,
}

/// A valid launch.
#[derive(Serialize, ToSchema)]
pub struct ValidatedLaunch {
    valid: bool,
    /// The values that would be sent; secrets are masked.
    config: Map<String, Value>,
    warnings: BTreeMap<String, Vec<String>>,
}

#[utoipa::path(
    post,
    path = "/api/openhexa/pipelines/{id}/validate/",
    operation_id = "validate_launch",
    tag = "pipelines",
    params(
        ("id" = String, Path, format = "uuid", description = "api-pipeline-id"),
    ),
    request_body = LaunchBody,
    responses(
        (status = 200, body = ValidatedLaunch),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn validate(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<ValidatedLaunch>> {
    let wanted = read(&id, request_body::object(&request, payload).await?)?;
    let found = bridge.launching.validate(&who, &wanted).await?;
    let warnings = listed(&found.warnings, Language::of(request.headers()));
    Ok(Json(ValidatedLaunch {
        valid: true,
        config: found.config,
        warnings,
    }))
}

#[utoipa::path(
    post,
    path = "/api/openhexa/pipelines/{id}/launch/",
    operation_id = "launch_pipeline",
    tag = "pipelines",
    params(
        ("id" = String, Path, format = "uuid", description = "api-pipeline-id"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "api-idempotency-key"),
    ),
    request_body(content(
        (LaunchBody = "application/json"),
        (LaunchBody = "application/x-www-form-urlencoded"),
        (LaunchBody = "multipart/form-data"),
    )),
    responses(
        (status = 201, body = Envelope),
        (status = 400, body = error_schemas::LaunchRefusedJson),
        (status = 404, body = error_schemas::LaunchRefusedJson),
        (status = 409, body = error_schemas::ProblemJson),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 429, body = error_schemas::LaunchRefusedJson),
        (status = 502, body = error_schemas::LaunchRefusedJson),
        (status = 504),
    ),
)]
pub async fn launch(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let mut body = request_body::form_or_object(&request, payload).await?;
    if request_body::is_form(&request) {
        request_body::parse_json_fields(&mut body, &["config", "send_notifications", "debug"]);
        // An id without dashes can consist of digits only, so it is not parsed as JSON.
        request_body::drop_empty(&mut body, "version");
    }
    let operation = Operation::Launch(pipeline_id(&id)?);
    let idempotency = idempotency_key(&bridge, &request, operation, &body)?;
    let wanted = LaunchRequest {
        idempotency,
        ..read(&id, body)?
    };
    let task = bridge.launching.launch(&who, wanted).await?;
    Ok(created(&request, &task))
}

/// The response of a launch or relaunch; the task is noted for the audit log.
pub(super) fn created(request: &HttpRequest, task: &Task) -> HttpResponse {
    request.extensions_mut().insert(CreatedTask(task.id));
    HttpResponse::Created().json(Envelope::from(task))
}

fn read(id: &str, body: Map<String, Value>) -> HttpResult<LaunchRequest> {
    let pipeline = pipeline_id(id)?;
    let mut wrong = FieldErrors::default();
    let version = wrong
        .note("version", version(body.get("version")))
        .flatten();
    let config = wrong
        .note("config", validation::object(body.get("config")))
        .cloned();
    let send_notifications = wrong.note(
        "send_notifications",
        flag(&body, "send_notifications", true),
    );
    let debug = wrong.note("debug", flag(&body, "debug", false));
    match (config, send_notifications, debug) {
        (Some(config), Some(send_notifications), Some(debug)) if wrong.is_empty() => {
            Ok(LaunchRequest {
                pipeline,
                version,
                config,
                send_notifications,
                debug,
                relaunch_of: None,
                step: None,
                idempotency: None,
            })
        }
        _ => Err(Problem::fields(wrong)),
    }
}

fn version(value: Option<&Value>) -> Result<Option<VersionId>, Message> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => read_version(text).map(Some),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(say("version-not-uuid"))
        }
    }
}

fn flag(body: &Map<String, Value>, name: &str, usual: bool) -> Result<bool, Message> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(usual),
        Some(value) => value.as_bool().ok_or_else(|| say("field-flag")),
    }
}
