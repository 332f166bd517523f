//! `POST /tasks/{id}/relaunch/`.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::idempotency::idempotency_key;
use super::json_types::Envelope;
use super::launch::created;
use super::tasks::task_id;
use crate::domain::principal::Principal;
use crate::domain::validation;
use crate::http::error::{HttpResult, Problem};
use crate::http::openapi::error_schemas;
use crate::http::request_body;
use crate::service::Bridge;
use crate::service::launching::{Operation, RelaunchRequest};

/// A relaunch request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct RelaunchBody {
    /// The secrets of the launch by parameter code, because they are not stored.
    config: Option<Map<String, Value>>,
}

#[utoipa::path(
    post,
    path = "/api/openhexa/tasks/{id}/relaunch/",
    operation_id = "relaunch_task",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "api-task-id"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "api-idempotency-key"),
    ),
    request_body = Option<RelaunchBody>,
    responses(
        (status = 201, body = Envelope),
        (status = 400, body = error_schemas::LaunchRefusedJson),
        (status = 404, body = error_schemas::LaunchRefusedJson),
        (status = 409, body = error_schemas::RelaunchConflictJson),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 429, body = error_schemas::LaunchRefusedJson),
        (status = 502, body = error_schemas::LaunchRefusedJson),
        (status = 504),
    ),
)]
pub async fn relaunch(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let task = task_id(&id)?;
    let body = request_body::object_or_nothing(&request, payload).await?;
    let idempotency = idempotency_key(&bridge, &request, Operation::Relaunch(task), &body)?;
    let secrets = match body.get("config") {
        None | Some(Value::Null) => Map::new(),
        given => validation::object(given)
            .map_err(|sentence| Problem::field("config", sentence))?
            .clone(),
    };
    let wanted = RelaunchRequest {
        task,
        secrets,
        idempotency,
    };
    let task = bridge.launching.relaunch(&who, wanted).await?;
    Ok(created(&request, &task))
}
