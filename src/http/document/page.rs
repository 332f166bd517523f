//! x
use super::super::Language;
use super::super::error::{Answer, internal};
use actix_web::HttpRequest;
use actix_web::HttpResponse;
#[utoipa::path(
    get,
    path = "/api/openhexa/openapi.json",
    operation_id = "get_document",
    tag = "operations",
    responses((status = 200, body = serde_json::Value)),
)]
pub async fn json(request: HttpRequest) -> Answer<HttpResponse> {
    let text = super::text(Language::of(request.headers())).map_err(|error| internal(&error))?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(text))
}
#[utoipa::path(
    get,
    path = "/api/openhexa/docs/",
    operation_id = "get_docs",
    tag = "operations",
    responses((status = 200, body = String, content_type = "text/html")),
)]
pub async fn html(_request: HttpRequest) -> Answer<HttpResponse> {
    Ok(HttpResponse::Ok().finish())
}
