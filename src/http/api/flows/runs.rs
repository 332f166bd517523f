//! `POST /flows/{slug}/run/` and `/flow-runs/`: start, list, read, cancel and replay runs.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::flow::page_query;
use super::request::{self, body, nothing, query};
use super::run_json::{FlowRunEnvelope, FlowRunJson};
use crate::domain::flow::run::{Cause, FlowRun};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::idempotency::key_of;
use crate::http::api::query::Query;
use crate::http::api::tasks::statuses;
use crate::http::error::HttpResult;
use crate::http::openapi::error_schemas;
use crate::http::request_extensions::AuditObject;
use crate::service::Bridge;
use crate::service::flows::{FlowRunFilter, ReplayVersion, RunRequest};

/// A run to start.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct RunFlowBody {
    /// Values by name. An input without a value has its default.
    #[schema(value_type = Option<Object>)]
    inputs: Option<Map<String, Value>>,
    /// The time that its data covers.
    interval: Option<IntervalBody>,
}

/// Times with an offset; `end` is later than `start`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct IntervalBody {
    #[schema(format = DateTime)]
    start: String,
    #[schema(format = DateTime)]
    end: String,
}

/// How to run again what failed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct ReplayBody {
    /// same: the version of the earlier run; latest: the current one, if it does not change a step whose result is reused.
    #[schema(pattern = "^(same|latest)$", default = "same")]
    version: Option<String>,
}

/// A page of runs, without their steps.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowRuns)]
pub struct FlowRunsJson {
    results: Vec<FlowRunJson>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

#[utoipa::path(
    post,
    path = "/api/openhexa/flows/{slug}/run/",
    operation_id = "run_flow",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "api-flow-idempotency-key"),
    ),
    request_body = Option<RunFlowBody>,
    responses(
        (status = 201, body = FlowRunEnvelope),
        (status = 400, body = error_schemas::FlowInvalidJson),
        (status = 404),
        (status = 409, body = error_schemas::ProblemJson),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn run(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let body = body(&request, payload, &["inputs", "interval"]).await?;
    let slug = request::slug(&slug)?;
    let inputs = request::object(&body, "inputs")?;
    let interval = request::interval(&body)?;
    let key = key_of(&request)?;
    let idempotency = key.map(|key| bridge.flows.run_key(key, slug, &inputs, interval));
    let wanted = RunRequest {
        slug: slug.to_owned(),
        inputs,
        interval,
        cause: Cause::Manual,
        idempotency,
        ignored: Vec::new(),
    };
    let run = Box::pin(bridge.flows.run(&who, wanted)).await?;
    created(&bridge, &who, &request, &run).await
}

/// The run is noted for the audit log.
async fn created(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    run: &FlowRun,
) -> HttpResult<HttpResponse> {
    request.extensions_mut().insert(AuditObject::flow_run(run));
    let view = bridge.flows.reader.run_view(who.account, run.id).await?;
    let language = Language::of(request.headers());
    Ok(HttpResponse::Created().json(FlowRunEnvelope {
        run: FlowRunJson::of(&view, language),
    }))
}

/// Newest first.
#[utoipa::path(
    get,
    path = "/api/openhexa/flow-runs/",
    operation_id = "list_flow_runs",
    tag = "flows",
    params(
        ("flow" = Option<String>, Query, max_length = 200, description = "api-flow-run-flow"),
        ("status" = Option<String>, Query, description = "api-flow-run-statuses"),
        ("trigger" = Option<String>, Query, description = "api-flow-run-triggers"),
        ("from" = Option<String>, Query, description = "api-flow-run-from"),
        ("to" = Option<String>, Query, description = "api-flow-run-to"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "api-limit"),
        ("cursor" = Option<String>, Query, description = "api-flow-cursor"),
    ),
    responses(
        (status = 200, body = FlowRunsJson),
        (status = 400),
    ),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<FlowRunsJson>> {
    let keys = ["flow", "status", "trigger", "from", "to", "limit", "cursor"];
    let query = query(&request, &keys)?;
    let part = page_query(&query)?;
    let page = bridge
        .flows
        .reader
        .run_page(filter(&who, &query)?, &part)
        .await?;
    let language = Language::of(request.headers());
    let rows = page.rows.iter();
    Ok(Json(FlowRunsJson {
        results: rows.map(|run| FlowRunJson::short(run, language)).collect(),
        next: page.next,
    }))
}

fn filter(who: &Principal, query: &Query) -> HttpResult<FlowRunFilter> {
    Ok(FlowRunFilter {
        account: who.account,
        flow: query.text("flow")?,
        statuses: statuses(query)?,
        causes: causes(query)?,
        from: query.time("from", false)?,
        to: query.time("to", true)?,
        after: None,
        limit: 0,
    })
}

fn causes(query: &Query) -> HttpResult<Vec<Cause>> {
    let parse = |word: &str| Cause::parse(&word.to_ascii_lowercase());
    query.words("trigger", parse, || {
        let words: Vec<&str> = Cause::ALL.iter().map(|cause| cause.as_str()).collect();
        say("query-words").with("allowed", words.join(", "))
    })
}

#[utoipa::path(
    get,
    path = "/api/openhexa/flow-runs/{id}/",
    operation_id = "get_flow_run",
    tag = "flows",
    params(("id" = i64, Path, description = "api-flow-run-id")),
    responses(
        (status = 200, body = FlowRunJson),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn detail(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<FlowRunJson>> {
    query(&request, &[])?;
    let id = request::run_id(&id)?;
    let view = bridge.flows.reader.run_view(who.account, id).await?;
    let language = Language::of(request.headers());
    Ok(Json(FlowRunJson::of(&view, language)))
}

/// The request is stored at once; the run ends when the tasks of its steps have ended.
#[utoipa::path(
    post,
    path = "/api/openhexa/flow-runs/{id}/cancel/",
    operation_id = "cancel_flow_run",
    tag = "flows",
    params(("id" = i64, Path, description = "api-flow-run-id")),
    responses(
        (status = 202, body = FlowRunJson),
        (status = 400),
        (status = 404),
        (status = 409),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn cancel(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    nothing(&request, payload).await?;
    let id = request::run_id(&id)?;
    bridge.flows.cancel(&who, id).await?;
    let view = bridge.flows.reader.run_view(who.account, id).await?;
    let language = Language::of(request.headers());
    Ok(HttpResponse::Accepted().json(FlowRunJson::of(&view, language)))
}

/// Successful results are reused; the other steps run.
#[utoipa::path(
    post,
    path = "/api/openhexa/flow-runs/{id}/replay/",
    operation_id = "replay_flow_run",
    tag = "flows",
    params(
        ("id" = i64, Path, description = "api-flow-run-id"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "api-flow-idempotency-key"),
    ),
    request_body = Option<ReplayBody>,
    responses(
        (status = 201, body = FlowRunEnvelope),
        (status = 400, body = error_schemas::FlowInvalidJson),
        (status = 404),
        (status = 409, body = error_schemas::RelaunchConflictJson),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn replay(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let body = body(&request, payload, &["version"]).await?;
    let id = request::run_id(&id)?;
    let words = (ReplayVersion::ALL, ReplayVersion::as_str as fn(_) -> _);
    let version = request::word(&body, "version", words)?;
    let version = version.unwrap_or(ReplayVersion::Same);
    let key = key_of(&request)?;
    let idempotency = key.map(|key| bridge.flows.replay_key(key, id, version));
    let replaying = bridge.flows.replay(&who, id, version, idempotency);
    let run = Box::pin(replaying).await?;
    created(&bridge, &who, &request, &run).await
}
