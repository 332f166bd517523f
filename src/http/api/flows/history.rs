//! `GET /flows/{slug}/versions/`, `…/next/` and `…/ticks/`.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::documents::MOST_FIRINGS;
use super::flow::page_query;
use super::json::{FiringJson, TickJson, VersionJson};
use super::request::{self, query};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::schemas::Results;
use crate::http::error::HttpResult;
use crate::service::flows::FlowVersionRow;
use crate::service::{Bridge, Error};

/// How many firing times are shown, unless the request says.
const FIRINGS: usize = 5;
/// How many versions are listed.
const VERSIONS: i64 = 200;

/// A page of ticks.
#[derive(Serialize, ToSchema)]
#[schema(as = Ticks)]
pub struct TicksJson {
    results: Vec<TickJson>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

#[utoipa::path(
    get,
    path = "/api/openhexa/flows/{slug}/versions/",
    operation_id = "list_flow_versions",
    tag = "flows",
    params(("slug" = String, Path, description = "api-flow-slug")),
    responses(
        (status = 200, body = Results<VersionJson>),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn versions(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<Results<VersionJson>>> {
    query(&request, &[])?;
    let slug = request::slug(&slug)?;
    let found = bridge
        .flows
        .reader
        .versions_of(who.account, slug, None, VERSIONS)
        .await?;
    let language = Language::of(request.headers());
    let row = |version: &FlowVersionRow| VersionJson::of(version, language);
    Ok(Json(Results {
        results: found.iter().map(row).collect(),
    }))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/flows/{slug}/versions/{number}/",
    operation_id = "get_flow_version",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("number" = i64, Path, description = "api-flow-version"),
    ),
    responses(
        (status = 200, body = VersionJson),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn version(
    bridge: Data<Bridge>,
    who: Principal,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResult<Json<VersionJson>> {
    query(&request, &[])?;
    let (slug, number) = path.into_inner();
    let slug = request::slug(&slug)?;
    let unknown = |_| Error::NotFound(say("flow-version-not-found"));
    let number = number.parse().map_err(unknown)?;
    let found = bridge
        .flows
        .reader
        .version(who.account, slug, number)
        .await?;
    let language = Language::of(request.headers());
    Ok(Json(VersionJson::with_document(&found, language)))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/flows/{slug}/next/",
    operation_id = "list_flow_firings",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("count" = Option<u32>, Query, minimum = 1, maximum = 100, description = "api-flow-firings"),
        ("from" = Option<String>, Query, description = "api-flow-firings-from"),
    ),
    responses(
        (status = 200, body = Results<FiringJson>),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn next(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<Results<FiringJson>>> {
    let query = query(&request, &["count", "from"])?;
    let most = usize::try_from(MOST_FIRINGS).unwrap_or(FIRINGS);
    let count = query.number("count", most)?.unwrap_or(FIRINGS);
    let from = query.time("from", false)?;
    let slug = request::slug(&slug)?;
    let found = bridge
        .flows
        .reader
        .next(who.account, slug, from, count)
        .await?;
    Ok(Json(Results {
        results: found.iter().map(FiringJson::from).collect(),
    }))
}

/// Newest first.
#[utoipa::path(
    get,
    path = "/api/openhexa/flows/{slug}/ticks/",
    operation_id = "list_flow_ticks",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("from" = Option<String>, Query, description = "api-flow-from"),
        ("to" = Option<String>, Query, description = "api-flow-to"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "api-limit"),
        ("cursor" = Option<String>, Query, description = "api-flow-cursor"),
    ),
    responses(
        (status = 200, body = TicksJson),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn ticks(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<TicksJson>> {
    let query = query(&request, &["from", "to", "limit", "cursor"])?;
    let range = (query.time("from", false)?, query.time("to", true)?);
    let (slug, part) = (request::slug(&slug)?, page_query(&query)?);
    let reading = bridge
        .flows
        .reader
        .tick_page(who.account, slug, range, &part);
    let page = reading.await?;
    let language = Language::of(request.headers());
    let rows = page.rows.iter();
    Ok(Json(TicksJson {
        results: rows.map(|tick| TickJson::of(tick, language)).collect(),
        next: page.next,
    }))
}
