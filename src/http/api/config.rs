//! `GET /pipelines/config/` for every signed-in user; `/config/` for administrators.

use actix_web::http::header::ETAG;
use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::if_match::expected;
use super::json_types::time;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text::stored_actor;
use crate::http::openapi::error_schemas;
use crate::http::request_body;
use crate::service::Bridge;
use crate::service::configuration::{ChangeMode, Check, ConfigEdit, ConfigRecord};

/// The part of the configuration that every signed-in user can read.
#[derive(Serialize, ToSchema)]
pub struct PublicConfig {
    configured: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    config: Option<Map<String, Value>>,
}

/// The configuration, with a masked token.
#[derive(Serialize, ToSchema)]
#[schema(as = Config)]
pub struct RecordJson {
    slug: &'static str,
    content: Map<String, Value>,
    #[schema(format = DateTime)]
    updated_at: String,
    updated_by: Option<String>,
    version: i64,
}

/// A configuration to save or to test.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct ConfigBody {
    content: ConfigContentBody,
}

/// Keys with other names are stored unchanged.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
#[schema(as = ConfigContent)]
pub struct ConfigContentBody {
    /// The URL of OpenHEXA's GraphQL endpoint.
    #[schema(format = "uri")]
    openhexa_url: Option<String>,
    #[schema(write_only)]
    openhexa_token: Option<String>,
    workspace_slug: Option<String>,
    /// The account's default parameters.
    pipelines: Option<Vec<ConfigPipeline>>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct ConfigPipeline {
    #[schema(format = "uuid")]
    id: String,
    parameters: Option<Map<String, Value>>,
}

/// A configuration to test; default: the stored configuration.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct CheckBody {
    content: Option<ConfigContentBody>,
}

/// The result of a configuration test.
#[derive(Serialize, ToSchema)]
#[schema(as = Checks)]
pub struct ChecksJson {
    ok: bool,
    checks: Vec<CheckJson>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Check)]
pub struct CheckJson {
    name: &'static str,
    ok: bool,
    detail: String,
}

#[utoipa::path(
    get,
    path = "/api/openhexa/pipelines/config/",
    operation_id = "get_public_config",
    tag = "pipelines",
    responses(
        (status = 200, body = PublicConfig),
    ),
)]
pub async fn public(
    bridge: Data<Bridge>,
    who: Option<Principal>,
) -> HttpResult<Json<PublicConfig>> {
    // A user of Iaso without a profile has no account. Iaso responds in the same way.
    let config = match who {
        Some(who) => bridge.configuration.public(who.account).await?,
        None => None,
    };
    Ok(Json(PublicConfig {
        configured: config.is_some(),
        config,
    }))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/config/",
    operation_id = "get_config",
    tag = "configuration",
    responses(
        (status = 200, body = RecordJson, headers(("ETag" = String, description = "api-etag"))),
        (status = 404),
    ),
)]
pub async fn read(bridge: Data<Bridge>, who: Principal) -> HttpResult<HttpResponse> {
    Ok(answer(bridge.configuration.record(who.account).await?))
}

#[utoipa::path(
    put,
    path = "/api/openhexa/config/",
    operation_id = "replace_config",
    tag = "configuration",
    params(
        ("If-Match" = Option<String>, Header, description = "api-if-match"),
    ),
    request_body = ConfigBody,
    responses(
        (status = 200, body = RecordJson, headers(("ETag" = String, description = "api-etag"))),
        (status = 400),
        (status = 409, body = error_schemas::ProblemJson),
        (status = 412),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn replace(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    change(&bridge, &who, &request, payload, ChangeMode::Replace).await
}

#[utoipa::path(
    patch,
    path = "/api/openhexa/config/",
    operation_id = "amend_config",
    tag = "configuration",
    params(
        ("If-Match" = Option<String>, Header, description = "api-if-match"),
    ),
    request_body = ConfigBody,
    responses(
        (status = 200, body = RecordJson, headers(("ETag" = String, description = "api-etag"))),
        (status = 400),
        (status = 409, body = error_schemas::ProblemJson),
        (status = 412),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn amend(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    change(&bridge, &who, &request, payload, ChangeMode::Merge).await
}

async fn change(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    payload: Payload,
    mode: ChangeMode,
) -> HttpResult<HttpResponse> {
    let body = request_body::object(request, payload).await?;
    let content =
        content(&body)?.ok_or_else(|| Problem::field("content", say("config-content")))?;
    let change = ConfigEdit {
        mode,
        content,
        expected: expected(request),
        by_form: false,
        by: Some(who.actor.stored()),
    };
    Ok(answer(
        bridge.defaults.change_record(who.account, change).await?,
    ))
}

#[utoipa::path(
    delete,
    path = "/api/openhexa/config/",
    operation_id = "delete_config",
    tag = "configuration",
    params(("If-Match" = Option<String>, Header, description = "api-if-match")),
    responses(
        (status = 204),
        (status = 404),
        (status = 409, body = error_schemas::ProblemJson),
        (status = 412),
    ),
)]
pub async fn delete(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let expected = expected(&request);
    bridge
        .configuration
        .delete(who.account, expected, who.actor.stored())
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    post,
    path = "/api/openhexa/config/check/",
    operation_id = "check_config",
    tag = "configuration",
    request_body = Option<CheckBody>,
    responses(
        (status = 200, body = ChecksJson),
        (status = 400),
        (status = 413),
        (status = 415),
        (status = 422),
    ),
)]
pub async fn check(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<ChecksJson>> {
    let body = request_body::object_or_nothing(&request, payload).await?;
    // The stored token is only sent to the stored URL, so a content to test must contain its own token.
    let trial = content(&body)?.map(|content| (ChangeMode::Replace, content));
    let checks = bridge
        .configuration
        .test_connection(who.account, trial)
        .await?;
    let language = Language::of(request.headers());
    let row = |check: &Check| CheckJson {
        name: check.name,
        ok: check.ok,
        detail: language.translate(&check.detail),
    };
    Ok(Json(ChecksJson {
        ok: checks.iter().all(|check| check.ok),
        checks: checks.iter().map(row).collect(),
    }))
}

fn answer(record: ConfigRecord) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{}\"", record.version)))
        .json(RecordJson {
            slug: "openhexa-config",
            content: record.content,
            updated_at: time(record.updated_at),
            updated_by: record
                .updated_by
                .map(|by| stored_actor(Language::English, &by)),
            version: record.version,
        })
}

fn content(body: &Map<String, Value>) -> HttpResult<Option<Map<String, Value>>> {
    match body.get("content") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let content = value.as_object().cloned();
            content
                .map(Some)
                .ok_or_else(|| Problem::field("content", say("config-content")))
        }
    }
}
