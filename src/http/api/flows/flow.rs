//! `/flows/`: list, read, delete, pause and resume.

use actix_web::http::header::ETAG;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::documents::etag;
use super::json::{FlowDetailJson, FlowEnvelope, FlowJson};
use super::request::{self, nothing, query};
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::if_match::expected;
use crate::http::api::query::Query;
use crate::http::error::HttpResult;
use crate::http::request_extensions::AuditObject;
use crate::service::Bridge;
use crate::service::PageQuery;

/// How many rows a page has, unless the request says.
const USUAL_LIMIT: usize = 20;

/// A page of flows.
#[derive(Serialize, ToSchema)]
#[schema(as = Flows)]
pub struct FlowsJson {
    results: Vec<FlowJson>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// The part of a list that a request wants.
pub fn page_query(query: &Query) -> HttpResult<PageQuery> {
    Ok(PageQuery {
        cursor: query.get("cursor").unwrap_or_default().to_owned(),
        limit: query.limit_or(USUAL_LIMIT)?,
    })
}

#[utoipa::path(
    get,
    path = "/api/openhexa/flows/",
    operation_id = "list_flows",
    tag = "flows",
    params(
        ("search" = Option<String>, Query, max_length = 200, description = "api-flow-search"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "api-limit"),
        ("cursor" = Option<String>, Query, description = "api-flow-cursor"),
    ),
    responses(
        (status = 200, body = FlowsJson),
        (status = 400),
    ),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<FlowsJson>> {
    let query = query(&request, &["search", "limit", "cursor"])?;
    let (search, part) = (query.text("search")?, page_query(&query)?);
    let page = bridge
        .flows
        .reader
        .flow_page(who.account, search, &part)
        .await?;
    let language = Language::of(request.headers());
    let rows = page.rows.iter();
    Ok(Json(FlowsJson {
        results: rows.map(|view| FlowJson::of(view, language)).collect(),
        next: page.next,
    }))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/flows/{slug}/",
    operation_id = "get_flow",
    tag = "flows",
    params(("slug" = String, Path, description = "api-flow-slug")),
    responses(
        (status = 200, body = FlowDetailJson, headers(("ETag" = String, description = "api-flow-etag"))),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn detail(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    query(&request, &[])?;
    let view = bridge
        .flows
        .reader
        .get(who.account, request::slug(&slug)?)
        .await?;
    let language = Language::of(request.headers());
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, etag(&view)))
        .json(FlowDetailJson::of(&view, language)))
}

/// Its history stays readable. Runs that have not ended are stopped.
#[utoipa::path(
    delete,
    path = "/api/openhexa/flows/{slug}/",
    operation_id = "delete_flow",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("If-Match" = Option<String>, Header, description = "api-flow-if-match"),
    ),
    responses(
        (status = 204),
        (status = 400),
        (status = 404),
        (status = 412),
    ),
)]
pub async fn delete(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    nothing(&request, payload).await?;
    let slug = request::slug(&slug)?;
    bridge.flows.delete(&who, slug, expected(&request)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Runs that have started are not affected.
#[utoipa::path(
    post,
    path = "/api/openhexa/flows/{slug}/pause/",
    operation_id = "pause_flow",
    tag = "flows",
    params(("slug" = String, Path, description = "api-flow-slug")),
    responses(
        (status = 200, body = FlowEnvelope),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn pause(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<FlowEnvelope>> {
    nothing(&request, payload).await?;
    set_paused(&bridge, &who, &request, (&slug, None), true).await
}

/// Each schedule continues with its next time in the future.
#[utoipa::path(
    post,
    path = "/api/openhexa/flows/{slug}/resume/",
    operation_id = "resume_flow",
    tag = "flows",
    params(("slug" = String, Path, description = "api-flow-slug")),
    responses(
        (status = 200, body = FlowEnvelope),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn resume(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<FlowEnvelope>> {
    nothing(&request, payload).await?;
    set_paused(&bridge, &who, &request, (&slug, None), false).await
}

#[utoipa::path(
    post,
    path = "/api/openhexa/flows/{slug}/schedules/{schedule}/pause/",
    operation_id = "pause_flow_schedule",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("schedule" = String, Path, description = "api-flow-schedule"),
    ),
    responses(
        (status = 200, body = FlowEnvelope),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn pause_schedule(
    bridge: Data<Bridge>,
    who: Principal,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<FlowEnvelope>> {
    nothing(&request, payload).await?;
    let (slug, schedule) = path.into_inner();
    set_paused(&bridge, &who, &request, (&slug, Some(schedule)), true).await
}

#[utoipa::path(
    post,
    path = "/api/openhexa/flows/{slug}/schedules/{schedule}/resume/",
    operation_id = "resume_flow_schedule",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("schedule" = String, Path, description = "api-flow-schedule"),
    ),
    responses(
        (status = 200, body = FlowEnvelope),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn resume_schedule(
    bridge: Data<Bridge>,
    who: Principal,
    path: Path<(String, String)>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<FlowEnvelope>> {
    nothing(&request, payload).await?;
    let (slug, schedule) = path.into_inner();
    set_paused(&bridge, &who, &request, (&slug, Some(schedule)), false).await
}

async fn set_paused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    (slug, schedule): (&str, Option<String>),
    paused: bool,
) -> HttpResult<Json<FlowEnvelope>> {
    let slug = request::slug(slug)?;
    if let Some(schedule) = &schedule {
        let object = AuditObject(format!("{slug} schedule {schedule}"));
        request.extensions_mut().insert(object);
    }
    let changing = bridge.flows.set_paused(who, slug, schedule, paused);
    changing.await?;
    let view = bridge.flows.reader.get(who.account, slug).await?;
    let language = Language::of(request.headers());
    Ok(Json(FlowEnvelope {
        flow: FlowJson::of(&view, language),
    }))
}
