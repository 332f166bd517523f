//! Webhooks for administrators: list, create, read, change, delete, and new secrets.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::body::{hook_edit, new_hook};
use super::json::{HookAuthentication, HookJson, HookListJson, HookWithSecretJson};
use crate::domain::ids::HookId;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::pipelines::hyphenated;
use crate::http::error::HttpResult;
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::service::{Bridge, Error};

/// A new webhook. Exactly one of `flow` and `pipeline`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct NewHookBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    flow: Option<String>,
    #[schema(format = "uuid")]
    pipeline: Option<String>,
    /// Default: `signature`.
    authentication: Option<HookAuthentication>,
    /// Required for the authentication `basic`.
    #[schema(max_length = 100)]
    username: Option<String>,
    /// Where the values are in the body, as JSON pointers by the name of the input.
    mapping: Option<BTreeMap<String, String>>,
}

/// What to change; an absent key stays as it is. The authentication cannot be changed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct HookChangeBody {
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    flow: Option<String>,
    #[schema(format = "uuid")]
    pipeline: Option<String>,
    #[schema(max_length = 100)]
    username: Option<String>,
    mapping: Option<BTreeMap<String, String>>,
}

#[utoipa::path(
    get,
    path = "/api/openhexa/hooks/",
    operation_id = "list_hooks",
    tag = "hooks",
    responses((status = 200, body = HookListJson)),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<HookListJson>> {
    let language = Language::of(request.headers());
    let found = bridge.hooks.list(who.account).await?;
    let results = found.iter();
    Ok(Json(HookListJson {
        results: results
            .map(|hook| HookJson::new(&bridge.hooks, hook, language))
            .collect(),
    }))
}

#[utoipa::path(
    post,
    path = "/api/openhexa/hooks/",
    operation_id = "create_hook",
    tag = "hooks",
    request_body = NewHookBody,
    responses(
        (status = 201, body = HookWithSecretJson),
        (status = 400),
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
    let wanted = new_hook(&request_body::object(&request, payload).await?)?;
    let created = bridge.hooks.create(&who, wanted).await?;
    let object = AuditObject(created.hook.id.to_string());
    request.extensions_mut().insert(object);
    let language = Language::of(request.headers());
    let shown = HookWithSecretJson::new(&bridge.hooks, &created, language);
    Ok(HttpResponse::Created().json(shown))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/hooks/{id}/",
    operation_id = "get_hook",
    tag = "hooks",
    params(("id" = String, Path, format = "uuid", description = "api-hook-id")),
    responses((status = 200, body = HookJson), (status = 404)),
)]
pub async fn read(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<HookJson>> {
    let hook = bridge.hooks.get(who.account, hook_id(&id)?).await?;
    let language = Language::of(request.headers());
    Ok(Json(HookJson::new(&bridge.hooks, &hook, language)))
}

#[utoipa::path(
    patch,
    path = "/api/openhexa/hooks/{id}/",
    operation_id = "change_hook",
    tag = "hooks",
    params(("id" = String, Path, format = "uuid", description = "api-hook-id")),
    request_body = HookChangeBody,
    responses(
        (status = 200, body = HookJson),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn change(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<HookJson>> {
    let id = hook_id(&id)?;
    let edit = hook_edit(&request_body::object(&request, payload).await?)?;
    let hook = bridge.hooks.change(who.account, id, edit).await?;
    let language = Language::of(request.headers());
    Ok(Json(HookJson::new(&bridge.hooks, &hook, language)))
}

#[utoipa::path(
    delete,
    path = "/api/openhexa/hooks/{id}/",
    operation_id = "delete_hook",
    tag = "hooks",
    params(("id" = String, Path, format = "uuid", description = "api-hook-id")),
    responses((status = 204), (status = 404)),
)]
pub async fn delete(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    bridge.hooks.delete(who.account, hook_id(&id)?).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    post,
    path = "/api/openhexa/hooks/{id}/secret/",
    operation_id = "rotate_hook_secret",
    tag = "hooks",
    params(("id" = String, Path, format = "uuid", description = "api-hook-id")),
    responses((status = 201, body = HookWithSecretJson), (status = 404)),
)]
pub async fn rotate(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let rotated = bridge.hooks.rotate(who.account, hook_id(&id)?).await?;
    let language = Language::of(request.headers());
    let shown = HookWithSecretJson::new(&bridge.hooks, &rotated, language);
    Ok(HttpResponse::Created().json(shown))
}

/// A text that is not an id returns 404, like an unknown id.
fn hook_id(text: &str) -> HttpResult<HookId> {
    let id = hyphenated(text).map(HookId);
    id.ok_or_else(|| Error::no_hook().into())
}
