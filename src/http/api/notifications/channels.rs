//! `/channels/`: where notifications are sent, for administrators.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use utoipa::ToSchema;

use super::channel_body::{CHANGE, NEW, channel_edit, new_channel};
use super::json::{
    ChannelJson, ChannelKindJson, ChannelLanguageJson, ChannelWithSecretJson, TestJson,
};
use crate::domain::ids::ChannelId;
use crate::domain::notification::ChannelLanguage;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::known_keys::{body, nothing, query};
use crate::http::api::schemas::Results;
use crate::http::error::HttpResult;
use crate::http::request_extensions::AuditObject;
use crate::service::{Bridge, Error};

/// A new channel: `url` for the kind `webhook`, `recipients` for the kind `email`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct NewChannelBody {
    #[schema(min_length = 1, max_length = 64)]
    name: String,
    kind: ChannelKindJson,
    url: Option<String>,
    #[schema(min_items = 1, max_items = 20)]
    recipients: Option<Vec<String>>,
    /// Of the e-mails; default: the language of the request.
    language: Option<ChannelLanguageJson>,
}

/// What to change; an absent key stays as it is. The kind cannot be changed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct ChannelChangeBody {
    #[schema(min_length = 1, max_length = 64)]
    name: Option<String>,
    url: Option<String>,
    #[schema(min_items = 1, max_items = 20)]
    recipients: Option<Vec<String>>,
    language: Option<ChannelLanguageJson>,
    /// true: it gets no messages, and waiting ones are not sent.
    disabled: Option<bool>,
}

#[utoipa::path(
    get,
    path = "/api/openhexa/channels/",
    operation_id = "list_channels",
    tag = "notifications",
    responses((status = 200, body = Results<ChannelJson>), (status = 400)),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<Results<ChannelJson>>> {
    query(&request, &[])?;
    let found = bridge.notifications.channels(who.account).await?;
    let language = Language::of(request.headers());
    let row = |channel| ChannelJson::new(channel, language);
    Ok(Json(Results {
        results: found.iter().map(row).collect(),
    }))
}

#[utoipa::path(
    post,
    path = "/api/openhexa/channels/",
    operation_id = "create_channel",
    tag = "notifications",
    request_body = NewChannelBody,
    responses(
        (status = 201, body = ChannelWithSecretJson),
        (status = 400),
        (status = 409, body = crate::http::openapi::error_schemas::ProblemJson),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn create(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let language = Language::of(request.headers());
    let usual = match language {
        Language::English => ChannelLanguage::English,
        Language::French => ChannelLanguage::French,
    };
    let wanted = new_channel(&body(&request, payload, &NEW).await?, usual)?;
    let created = bridge.notifications.create_channel(&who, wanted).await?;
    let object = AuditObject(created.channel.id.to_string());
    request.extensions_mut().insert(object);
    Ok(HttpResponse::Created().json(ChannelWithSecretJson::new(&created, language)))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/channels/{id}/",
    operation_id = "get_channel",
    tag = "notifications",
    params(("id" = i64, Path, description = "api-channel-id")),
    responses((status = 200, body = ChannelJson), (status = 400), (status = 404)),
)]
pub async fn read(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<ChannelJson>> {
    query(&request, &[])?;
    let found = bridge.notifications.channel(who.account, channel_id(&id)?);
    let language = Language::of(request.headers());
    Ok(Json(ChannelJson::new(&found.await?, language)))
}

#[utoipa::path(
    patch,
    path = "/api/openhexa/channels/{id}/",
    operation_id = "change_channel",
    tag = "notifications",
    params(("id" = i64, Path, description = "api-channel-id")),
    request_body = ChannelChangeBody,
    responses(
        (status = 200, body = ChannelJson),
        (status = 400),
        (status = 404),
        (status = 409, body = crate::http::openapi::error_schemas::ProblemJson),
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
) -> HttpResult<Json<ChannelJson>> {
    let id = channel_id(&id)?;
    let edit = channel_edit(&body(&request, payload, &CHANGE).await?)?;
    let changed = bridge.notifications.change_channel(who.account, id, edit);
    let language = Language::of(request.headers());
    Ok(Json(ChannelJson::new(&changed.await?, language)))
}

#[utoipa::path(
    delete,
    path = "/api/openhexa/channels/{id}/",
    operation_id = "delete_channel",
    tag = "notifications",
    params(("id" = i64, Path, description = "api-channel-id")),
    responses((status = 204), (status = 404)),
)]
pub async fn delete(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let id = channel_id(&id)?;
    bridge.notifications.delete_channel(who.account, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[utoipa::path(
    post,
    path = "/api/openhexa/channels/{id}/secret/",
    operation_id = "rotate_channel_secret",
    tag = "notifications",
    params(("id" = i64, Path, description = "api-channel-id")),
    responses(
        (status = 201, body = ChannelWithSecretJson),
        (status = 400),
        (status = 404),
        (status = 409, body = crate::http::openapi::error_schemas::ProblemJson),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn rotate(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let id = channel_id(&id)?;
    nothing(&request, payload).await?;
    let rotated = bridge.notifications.rotate_channel(who.account, id).await?;
    let language = Language::of(request.headers());
    Ok(HttpResponse::Created().json(ChannelWithSecretJson::new(&rotated, language)))
}

#[utoipa::path(
    post,
    path = "/api/openhexa/channels/{id}/test/",
    operation_id = "test_channel",
    tag = "notifications",
    params(("id" = i64, Path, description = "api-channel-id")),
    responses(
        (status = 200, body = TestJson),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn test(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<TestJson>> {
    let id = channel_id(&id)?;
    nothing(&request, payload).await?;
    let tested = bridge.notifications.test_channel(who.account, id).await?;
    let language = Language::of(request.headers());
    Ok(Json(TestJson::new(&tested, language)))
}

/// A text that is not an id returns 404, like an unknown id.
fn channel_id(text: &str) -> HttpResult<ChannelId> {
    let id = text.parse().map(ChannelId);
    id.map_err(|_| Error::no_channel().into())
}
