//! `POST /pipelines/{id}/validate/` and `POST /pipelines/{id}/launch/`.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::again;
use super::pipelines::{pipeline_id, read_version};
use super::view::Envelope;
use crate::domain::ids::VersionId;
use crate::domain::principal::Principal;
use crate::domain::sentence::{FieldErrors, Sentence, say};
use crate::domain::validation;
use crate::http::body;
use crate::http::document::problem;
use crate::http::error::{Answer, Problem, listed};
use crate::http::language::Language;
use crate::http::marks::Made;
use crate::service::Bridge;
use crate::service::launching::LaunchRequest;
use crate::service::launching::Operation;

/// A launch request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of a body, for the document")]
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
pub struct Judged {
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
        (status = 200, body = Judged),
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
) -> Answer<Json<Judged>> {
    let wanted = read(&id, body::object(&request, payload).await?)?;
    let found = bridge.launching.validate(&who, &wanted).await?;
    let warnings = listed(&found.warnings, Language::of(request.headers()));
    Ok(Json(Judged {
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
        (status = 400, body = problem::Refused),
        (status = 404, body = problem::Refused),
        (status = 409, body = problem::Problem),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 429, body = problem::Refused),
        (status = 502, body = problem::Refused),
        (status = 504),
    ),
)]
pub async fn launch(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let mut body = body::form_or_object(&request, payload).await?;
    if body::is_form(&request) {
        body::spell_out(&mut body, &["config", "send_notifications", "debug"]);
        // The digits of an id without dashes may spell a JSON number.
        body::drop_empty(&mut body, "version");
    }
    let asked = Operation::Launch(pipeline_id(&id)?);
    let once = again::once(&bridge, &request, asked, &body)?;
    let wanted = LaunchRequest {
        idempotency: once,
        ..read(&id, body)?
    };
    let task = bridge.launching.launch(&who, wanted).await?;
    request.extensions_mut().insert(Made(task.id));
    Ok(HttpResponse::Created().json(Envelope::from(&task)))
}

fn read(id: &str, body: Map<String, Value>) -> Answer<LaunchRequest> {
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
                idempotency: None,
            })
        }
        _ => Err(Problem::fields(wrong)),
    }
}

fn version(value: Option<&Value>) -> Result<Option<VersionId>, Sentence> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => read_version(text).map(Some),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(say("version-not-uuid"))
        }
    }
}

fn flag(body: &Map<String, Value>, name: &str, usual: bool) -> Result<bool, Sentence> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(usual),
        Some(value) => value.as_bool().ok_or_else(|| say("field-flag")),
    }
}
