//! `/subscriptions/`: which channel is notified of what, for operators.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::json::{LevelJson, SubscriptionJson};
use crate::domain::ids::SubscriptionId;
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::notification::Level;
use crate::domain::principal::Principal;
use crate::http::api::known_keys::{body, query, word};
use crate::http::api::pipelines::pipeline_id;
use crate::http::api::schemas::Results;
use crate::http::error::{HttpResult, Problem};
use crate::http::request_extensions::AuditObject;
use crate::service::notifications::{WantedScope, WantedSubscription};
use crate::service::{Bridge, Error};

/// A new subscription. With neither `flow` nor `pipeline`, the channel is notified of everything.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct NewSubscriptionBody {
    /// The name of the channel.
    channel: String,
    /// The id of the flow.
    flow: Option<String>,
    #[schema(format = "uuid")]
    pipeline: Option<String>,
    /// `ALL`: every end; `ERROR` (default): failures and alerts.
    level: Option<LevelJson>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct SubscriptionChangeBody {
    level: LevelJson,
}

#[utoipa::path(
    get,
    path = "/api/openhexa/subscriptions/",
    operation_id = "list_subscriptions",
    tag = "notifications",
    responses((status = 200, body = Results<SubscriptionJson>), (status = 400)),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<Results<SubscriptionJson>>> {
    query(&request, &[])?;
    let found = bridge.notifications.subscriptions(who.account).await?;
    Ok(Json(Results {
        results: found.iter().map(SubscriptionJson::from).collect(),
    }))
}

#[utoipa::path(
    post,
    path = "/api/openhexa/subscriptions/",
    operation_id = "create_subscription",
    tag = "notifications",
    request_body = NewSubscriptionBody,
    responses(
        (status = 201, body = SubscriptionJson),
        (status = 400),
        (status = 409, body = crate::http::openapi::error_schemas::ProblemJson),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn create(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let keys = ["channel", "flow", "pipeline", "level"];
    let wanted = wanted(&body(&request, payload, &keys).await?)?;
    let created = bridge.notifications.subscribe(&who, wanted).await?;
    let object = AuditObject(created.id.to_string());
    request.extensions_mut().insert(object);
    Ok(HttpResponse::Created().json(SubscriptionJson::from(&created)))
}

#[utoipa::path(
    patch,
    path = "/api/openhexa/subscriptions/{id}/",
    operation_id = "change_subscription",
    tag = "notifications",
    params(("id" = i64, Path, description = "api-subscription-id")),
    request_body = SubscriptionChangeBody,
    responses(
        (status = 200, body = SubscriptionJson),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn change(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<SubscriptionJson>> {
    let id = subscription_id(&id)?;
    let body = body(&request, payload, &["level"]).await?;
    let level = level(&body)?;
    let level = level.ok_or_else(|| Problem::field("level", say("field-required")))?;
    let changed = bridge.notifications.set_level(who.account, id, level);
    Ok(Json(SubscriptionJson::from(&changed.await?)))
}

#[utoipa::path(
    delete,
    path = "/api/openhexa/subscriptions/{id}/",
    operation_id = "delete_subscription",
    tag = "notifications",
    params(("id" = i64, Path, description = "api-subscription-id")),
    responses((status = 204), (status = 404)),
)]
pub async fn delete(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let id = subscription_id(&id)?;
    bridge.notifications.unsubscribe(who.account, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn wanted(body: &Map<String, Value>) -> HttpResult<WantedSubscription> {
    let mut wrong = FieldErrors::default();
    let text = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(say("field-text"))
        }
    };
    let required = |text: Option<String>| text.ok_or_else(|| say("field-required"));
    let channel = wrong.note("channel", text("channel").and_then(required));
    let flow = wrong.note("flow", text("flow"));
    let pipeline = wrong.note("pipeline", text("pipeline"));
    let scope = scope(flow.flatten(), pipeline.flatten());
    let scope = wrong.note("pipeline", scope);
    let level = level(body)?;
    match (channel, scope) {
        (Some(channel), Some(scope)) if wrong.is_empty() => Ok(WantedSubscription {
            channel,
            scope,
            level: level.unwrap_or(Level::Error),
        }),
        (Some(_) | None, Some(_) | None) => Err(Problem::fields(wrong)),
    }
}

fn scope(flow: Option<String>, pipeline: Option<String>) -> Result<WantedScope, Message> {
    match (flow, pipeline) {
        (None, None) => Ok(WantedScope::Everything),
        (Some(slug), None) => Ok(WantedScope::Flow(slug)),
        (None, Some(id)) => {
            let id = pipeline_id(&id).map_err(|_| say("query-uuid"))?;
            Ok(WantedScope::Pipeline(id))
        }
        (Some(_), Some(_)) => Err(say("subscription-scope")),
    }
}

fn level(body: &Map<String, Value>) -> HttpResult<Option<Level>> {
    word(body, "level", (Level::ALL, Level::as_str))
}

/// A text that is not an id returns 404, like an unknown id.
fn subscription_id(text: &str) -> HttpResult<SubscriptionId> {
    let id = text.parse().map(SubscriptionId);
    id.map_err(|_| Error::no_subscription().into())
}
