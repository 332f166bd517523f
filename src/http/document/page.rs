//! Serves the document: to programs as it is, to people as a page. Both need no key and say nothing secret.

use std::sync::LazyLock;

use actix_web::http::header::{self, ContentType};
use actix_web::{HttpRequest, HttpResponse};

use super::html;
use crate::http::error::{Answer, internal};
use crate::http::language::Language;

/// What is served in one language; made once, when it is first asked for.
struct Pages {
    json: String,
    html: String,
}

type Made = serde_json::Result<Pages>;

static ENGLISH: LazyLock<Made> = LazyLock::new(|| make(Language::English));
static FRENCH: LazyLock<Made> = LazyLock::new(|| make(Language::French));

fn make(language: Language) -> Made {
    Ok(Pages {
        json: super::text(language)?,
        html: html::page(&super::document(language)?, language),
    })
}

fn pages(request: &HttpRequest) -> Answer<&'static Pages> {
    let made = match Language::of(request.headers()) {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
    };
    made.as_ref().map_err(|error| internal(error))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/openapi.json",
    operation_id = "get_document",
    tag = "operations",
    responses((status = 200, body = serde_json::Value), (status = 500)),
)]
pub async fn json(request: HttpRequest) -> Answer<HttpResponse> {
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
pub async fn html(request: HttpRequest) -> Answer<HttpResponse> {
    let pages = pages(&request)?;
    Ok(HttpResponse::Ok()
        .insert_header(ContentType::html())
        .insert_header((header::VARY, "Accept-Language"))
        .insert_header((header::CONTENT_SECURITY_POLICY, html::POLICY.as_str()))
        .body(pages.html.as_str()))
}
