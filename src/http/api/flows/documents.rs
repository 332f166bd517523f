//! `POST /flows/validate/`, `POST /flows/` and `PUT /flows/{slug}/`.

use actix_web::http::header::ETAG;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::document_json;
use super::json::{FiringJson, FlowEnvelope, FlowJson};
use super::request::{self, document_body};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::if_match::expected;
use crate::http::api::schemas::text_or_object;
use crate::http::error::{HttpResult, PlaceJson, Problem, places, sentences};
use crate::http::openapi::error_schemas;
use crate::http::request_extensions::AuditObject;
use crate::service::flows::FlowView;
use crate::service::{Bridge, Error};

/// How many firing times are shown, unless the request says.
const FIRINGS: u32 = 5;
/// The maximum number of firing times.
pub const MOST_FIRINGS: u32 = 100;

/// A document to validate. Nothing is stored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct ValidateFlowBody {
    /// YAML or JSON as text, or the document as an object.
    #[schema(schema_with = text_or_object)]
    document: Value,
    /// The time after which the next firing times are shown; default: now.
    #[schema(format = DateTime)]
    next_from: Option<String>,
    /// How many firing times are shown.
    #[schema(minimum = 1, maximum = 100, default = 5)]
    next_count: Option<u32>,
}

/// A document to save.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct FlowBody {
    /// YAML or JSON as text, or the document as an object.
    #[schema(schema_with = text_or_object)]
    document: Value,
}

/// A document without faults.
#[derive(Serialize, ToSchema)]
pub struct ValidatedFlow {
    valid: bool,
    /// The document as an object, with all defaults.
    #[schema(value_type = Object)]
    flow: Map<String, Value>,
    /// What is allowed but probably not meant, such as "line 3, column 5: …".
    warnings: Vec<String>,
    /// The warnings with their positions.
    places: Vec<PlaceJson>,
    /// The next firing times of its schedules.
    next: Vec<FiringJson>,
}

#[utoipa::path(
    post,
    path = "/api/openhexa/flows/validate/",
    operation_id = "validate_flow",
    tag = "flows",
    request_body = ValidateFlowBody,
    responses(
        (status = 200, body = ValidatedFlow),
        (status = 400, body = error_schemas::FlowInvalidJson),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn validate(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<ValidatedFlow>> {
    let keys = ["next_from", "next_count"];
    let (text, body) = document_body(&request, payload, &keys).await?;
    let from = request::time_or_none(&body, "next_from")?;
    let count = request::number(&body, "next_count", MOST_FIRINGS, FIRINGS)?;
    let checked = Box::pin(bridge.flows.check(who.account, &text)).await?;
    let flow = &checked.parsed.flow;
    let count = usize::try_from(count).unwrap_or_default();
    let next = bridge.flows.reader.firings_of(flow, from, count);
    let language = Language::of(request.headers());
    Ok(Json(ValidatedFlow {
        valid: true,
        flow: document_json::document(flow),
        warnings: sentences(&checked.warnings, language),
        places: places(&checked.warnings, language),
        next: next.iter().map(FiringJson::from).collect(),
    }))
}

#[utoipa::path(
    post,
    path = "/api/openhexa/flows/",
    operation_id = "create_flow",
    tag = "flows",
    request_body = FlowBody,
    responses(
        (status = 201, body = FlowEnvelope, headers(("ETag" = String, description = "api-flow-etag"))),
        (status = 400, body = error_schemas::FlowInvalidJson),
        (status = 409, body = error_schemas::ProblemJson),
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
    let (text, _) = document_body(&request, payload, &[]).await?;
    let saved = Box::pin(bridge.flows.create(&who, text)).await?;
    let slug = saved.flow.slug;
    request.extensions_mut().insert(AuditObject(slug.clone()));
    let view = bridge.flows.reader.get(who.account, &slug).await?;
    Ok(answer(HttpResponse::Created(), &view, &request))
}

/// The same text again creates no new version.
#[utoipa::path(
    put,
    path = "/api/openhexa/flows/{slug}/",
    operation_id = "replace_flow",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("If-Match" = Option<String>, Header, description = "api-flow-if-match"),
    ),
    request_body = FlowBody,
    responses(
        (status = 200, body = FlowEnvelope, headers(("ETag" = String, description = "api-flow-etag"))),
        (status = 400, body = error_schemas::FlowInvalidJson),
        (status = 404),
        (status = 412),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn replace(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let (text, _) = document_body(&request, payload, &[]).await?;
    let slug = request::slug(&slug)?;
    let updating = bridge.flows.update(&who, slug, text, expected(&request));
    Box::pin(updating).await.map_err(|error| {
        if matches!(error, Error::Changed) {
            return Problem::stale(say("flow-changed"));
        }
        error.into()
    })?;
    let view = bridge.flows.reader.get(who.account, slug).await?;
    Ok(answer(HttpResponse::Ok(), &view, &request))
}

fn answer(
    mut response: actix_web::HttpResponseBuilder,
    view: &FlowView,
    request: &HttpRequest,
) -> HttpResponse {
    let language = Language::of(request.headers());
    response
        .insert_header((ETAG, etag(view)))
        .json(FlowEnvelope {
            flow: FlowJson::of(view, language),
        })
}

pub fn etag(view: &FlowView) -> String {
    format!("\"{}\"", view.flow.version)
}
