//! `POST /hooks/{id}/`: a message of another system. The sender proves that it has the secret of the webhook; it has no role.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::json::StartedJson;
use crate::domain::ids::HookId;
use crate::domain::webhook::{Authentication, Hook, PresentedCredential};
use crate::http::api::idempotency::single_id;
use crate::http::api::pipelines::hyphenated;
use crate::http::error::{HttpResult, Problem};
use crate::http::openapi::error_schemas;
use crate::http::rate_limit;
use crate::http::request_body;
use crate::http::request_extensions::CreatedTask;
use crate::service::Bridge;
use crate::service::hooks::{ReceivedMessage, Started};

const MESSAGE_ID: &str = "webhook-id";
const TIMESTAMP: &str = "webhook-timestamp";
const SIGNATURE: &str = "webhook-signature";
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// The most that a message may have, if `server.body_limit` allows more.
const MAX_BODY: usize = 1_048_576;

/// Any JSON object. The inputs are taken by their name, or by the mapping of the webhook.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
#[schema(as = HookMessage)]
pub struct HookMessageBody(Map<String, Value>);

#[utoipa::path(
    post,
    path = "/api/openhexa/hooks/{id}/",
    operation_id = "receive_hook_message",
    tag = "hooks",
    params(
        ("id" = String, Path, format = "uuid", description = "api-hook-id"),
        ("webhook-id" = Option<String>, Header, min_length = 1, max_length = 255, description = "api-webhook-id"),
        ("webhook-timestamp" = Option<String>, Header, description = "api-webhook-timestamp"),
        ("webhook-signature" = Option<String>, Header, description = "api-webhook-signature"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "api-webhook-key"),
    ),
    request_body = HookMessageBody,
    responses(
        (status = 202, body = StartedJson),
        (status = 400),
        (status = 401),
        (status = 404),
        (status = 409, body = error_schemas::ProblemJson),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 500),
        (status = 502),
        (status = 503),
        (status = 504),
    ),
    security(("hook_signature" = []), ("hook_bearer" = []), ("hook_basic" = [])),
)]
pub async fn receive(
    bridge: Data<Bridge>,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    // Before the sender is known, because a signature is that of the body.
    let body = request_body::raw(&request, payload, MAX_BODY).await?;
    let credential = presented(request.headers(), &body);
    let id = hyphenated(&id).map(HookId);
    let hook = bridge.hooks.authenticate(id, &credential).await?;
    if let Some(who) = &hook.created_by {
        // For the audit log: the runs are launched as this caller.
        request.extensions_mut().insert(who.clone());
    }
    rate_limit::check_hook(&request, &hook)?;
    let received = ReceivedMessage {
        id: message_id(&request, &hook)?,
        body: request_body::object_in(&request, body)?,
    };
    let started = Box::pin(bridge.hooks.receive(&hook, received)).await?;
    if let Started::Task(task) = &started {
        request.extensions_mut().insert(CreatedTask(task.id));
    }
    Ok(HttpResponse::Accepted().json(StartedJson::from(&started)))
}

/// A header that occurs several times counts as absent: which of its values would be checked?
fn presented<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> PresentedCredential<'a> {
    let one = |name: &str| {
        let mut values = headers.get_all(name);
        let value = values.next()?.to_str().ok();
        value.filter(|_| values.next().is_none())
    };
    PresentedCredential {
        authorization: one(AUTHORIZATION.as_str()),
        id: one(MESSAGE_ID),
        timestamp: one(TIMESTAMP),
        signatures: one(SIGNATURE),
        body,
    }
}

/// Of a signed message only its own id counts, because the signature does not protect other headers.
fn message_id(request: &HttpRequest, hook: &Hook) -> Result<Option<String>, Problem> {
    match (single_id(request, MESSAGE_ID)?, &hook.authentication) {
        (None, Authentication::Bearer | Authentication::Basic { .. }) => {
            single_id(request, IDEMPOTENCY_KEY)
        }
        (id, _) => Ok(id),
    }
}
