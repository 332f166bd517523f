//! Serves the API reference as JSON and as a page. Both are public.

use std::sync::LazyLock;

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse};

use super::page;
use crate::http::accept_language::Language;
use crate::http::error::{HttpResult, internal};

/// The API reference in one language; rendered at the first request.
struct RenderedDocument {
    json: String,
    html: String,
}

type Rendered = serde_json::Result<RenderedDocument>;

static ENGLISH: LazyLock<Rendered> = LazyLock::new(|| render(Language::English));
static FRENCH: LazyLock<Rendered> = LazyLock::new(|| render(Language::French));

fn render(language: Language) -> Rendered {
    Ok(RenderedDocument {
        json: super::text(language)?,
        html: page::page(&super::document(language)?, language),
    })
}

fn pages(request: &HttpRequest) -> HttpResult<&'static RenderedDocument> {
    let rendered = match Language::of(request.headers()) {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
    };
    rendered.as_ref().map_err(|error| internal(error))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/openapi.json",
    operation_id = "get_document",
    tag = "operations",
    responses((status = 200, body = serde_json::Value), (status = 500)),
)]
pub async fn json(request: HttpRequest) -> HttpResult<HttpResponse> {
    let pages = pages(&request)?;
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::json())
        .insert_header((header::VARY, "Accept-Language"))
        .body(pages.json.as_str()))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/docs/",
    operation_id = "get_docs",
    tag = "operations",
    responses((status = 200, body = String, content_type = "text/html"), (status = 500)),
)]
pub async fn html(request: HttpRequest) -> HttpResult<HttpResponse> {
    let pages = pages(&request)?;
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::html())
        .insert_header((header::VARY, "Accept-Language"))
        .insert_header((header::CONTENT_SECURITY_POLICY, page::POLICY.as_str()))
        .body(pages.html.as_str()))
}
