//! `/flows/{slug}/backfills/` and `/backfills/{id}/`.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::request::{self, needed_time, nothing, query, refuse_unknown};
use crate::domain::flow::schedule::{BackfillMode, BackfillRange, BackfillTick, MOST_PARALLEL};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::domain::task::Status;
use crate::http::accept_language::Language;
use crate::http::api::json_types::{time, time_or_null};
use crate::http::api::query::Query;
use crate::http::api::schemas::{Results, TaskStatus};
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text::actor;
use crate::http::openapi::error_schemas;
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::service::Bridge;
use crate::service::flows::{BackfillRequest, BackfillView};

/// The ticks of a schedule in the past to run, from `from` on and before `to`, without those that wait in another backfill.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct BackfillBody {
    /// Needed if the flow has several schedules.
    schedule: Option<String>,
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
    /// missing: ticks without a run; failed: ticks whose newest run failed or was stopped; all: all without an active run.
    #[schema(pattern = "^(missing|failed|all)$")]
    mode: String,
    /// How many runs are active at a time.
    #[schema(minimum = 1, maximum = 4, default = 1)]
    parallel: Option<u32>,
}

/// A backfill with its progress.
#[derive(Serialize, ToSchema)]
#[schema(as = Backfill)]
pub struct BackfillJson {
    id: i64,
    flow: String,
    schedule: String,
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
    mode: &'static str,
    parallel: u32,
    /// RUNNING, DONE or CANCELLED.
    status: &'static str,
    /// The number of ticks.
    total: usize,
    success: usize,
    /// Failed or stopped.
    error: usize,
    running: usize,
    /// Ticks without a run.
    waiting: usize,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    created_by: String,
}

/// A backfill that was started.
#[derive(Serialize, ToSchema)]
pub struct BackfillEnvelope {
    backfill: BackfillJson,
}

/// What a backfill would run.
#[derive(Serialize, ToSchema)]
pub struct BackfillPreview {
    count: usize,
    /// Oldest first.
    ticks: Vec<PreviewTick>,
}

/// A tick, with the status of its newest run.
#[derive(Serialize, ToSchema)]
pub struct PreviewTick {
    #[schema(format = DateTime)]
    scheduled_for: String,
    #[schema(value_type = Option<TaskStatus>)]
    status: Option<&'static str>,
}

impl BackfillJson {
    fn of(view: &BackfillView, language: Language) -> Self {
        let (own, new, counts) = (&view.backfill, &view.backfill.new, view.counts);
        let status = match (own.cancel_asked_at, own.ended_at) {
            (Some(_), _) => "CANCELLED",
            (None, Some(_)) => "DONE",
            (None, None) => "RUNNING",
        };
        Self {
            id: own.id.0,
            flow: view.flow.clone(),
            schedule: own.schedule_code.clone(),
            from: time(new.range.from),
            to: time(new.range.to),
            mode: new.mode.as_str(),
            parallel: new.parallel,
            status,
            total: counts.total,
            success: counts.success,
            error: counts.error,
            running: counts.running,
            waiting: counts.waiting,
            created_at: time(new.created_at),
            ended_at: time_or_null(own.ended_at),
            created_by: actor(language, &new.created_by.actor),
        }
    }
}

/// With `preview=true`, nothing is started.
#[utoipa::path(
    post,
    path = "/api/openhexa/flows/{slug}/backfills/",
    operation_id = "start_flow_backfill",
    tag = "flows",
    params(
        ("slug" = String, Path, description = "api-flow-slug"),
        ("preview" = Option<String>, Query, pattern = "^(true|false)$", description = "api-flow-preview"),
    ),
    request_body = BackfillBody,
    responses(
        (status = 200, body = BackfillPreview),
        (status = 201, body = BackfillEnvelope),
        (status = 400, body = error_schemas::FlowInvalidJson),
        (status = 404),
        (status = 409, body = error_schemas::ProblemJson),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn start(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let is_preview = preview(&query(&request, &["preview"])?)?;
    let body = request_body::object(&request, payload).await?;
    let wanted = read(request::slug(&slug)?, &body)?;
    if is_preview {
        let object = AuditObject(format!("{slug} preview"));
        request.extensions_mut().insert(object);
        let ticks = bridge.flows.preview_backfill(&who, wanted).await?;
        return Ok(HttpResponse::Ok().json(BackfillPreview {
            count: ticks.len(),
            ticks: ticks.iter().map(tick).collect(),
        }));
    }
    let view = Box::pin(bridge.flows.start_backfill(&who, wanted)).await?;
    let object = AuditObject(format!("{slug} backfill {}", view.backfill.id));
    request.extensions_mut().insert(object);
    let language = Language::of(request.headers());
    Ok(HttpResponse::Created().json(BackfillEnvelope {
        backfill: BackfillJson::of(&view, language),
    }))
}

fn preview(query: &Query) -> HttpResult<bool> {
    match query.get("preview") {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Problem::field("preview", say("field-flag"))),
    }
}

fn tick(tick: &BackfillTick) -> PreviewTick {
    PreviewTick {
        scheduled_for: time(tick.scheduled_for),
        status: tick.status.map(Status::as_str),
    }
}

fn read(slug: &str, body: &Map<String, Value>) -> HttpResult<BackfillRequest> {
    let keys = ["schedule", "from", "to", "mode", "parallel"];
    refuse_unknown(body.keys().map(String::as_str), &keys)?;
    let schedule = match body.get("schedule") {
        None | Some(Value::Null) => None,
        Some(value) => {
            let code = value.as_str().map(str::to_owned);
            let unknown = || Problem::field("schedule", say("flow-schedule-not-found"));
            Some(code.ok_or_else(unknown)?)
        }
    };
    let modes = (BackfillMode::ALL, BackfillMode::as_str as fn(_) -> _);
    let mode = request::word(body, "mode", modes)?;
    Ok(BackfillRequest {
        slug: slug.to_owned(),
        schedule,
        range: BackfillRange {
            from: needed_time(body, "from")?,
            to: needed_time(body, "to")?,
        },
        mode: mode.ok_or_else(|| Problem::field("mode", say("body-value-needed")))?,
        parallel: request::number(body, "parallel", MOST_PARALLEL, 1)?,
    })
}

/// The newest backfills of a flow.
#[utoipa::path(
    get,
    path = "/api/openhexa/flows/{slug}/backfills/",
    operation_id = "list_flow_backfills",
    tag = "flows",
    params(("slug" = String, Path, description = "api-flow-slug")),
    responses(
        (status = 200, body = Results<BackfillJson>),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<Results<BackfillJson>>> {
    query(&request, &[])?;
    let slug = request::slug(&slug)?;
    let found = bridge.flows.backfills(who.account, slug).await?;
    let language = Language::of(request.headers());
    let rows = found.iter().map(|view| BackfillJson::of(view, language));
    Ok(Json(Results {
        results: rows.collect(),
    }))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/backfills/{id}/",
    operation_id = "get_backfill",
    tag = "flows",
    params(("id" = i64, Path, description = "api-backfill-id")),
    responses(
        (status = 200, body = BackfillJson),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn detail(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<BackfillJson>> {
    query(&request, &[])?;
    let id = request::backfill_id(&id)?;
    let view = bridge.flows.backfill(who.account, id).await?;
    let language = Language::of(request.headers());
    Ok(Json(BackfillJson::of(&view, language)))
}

/// It starts no further run, and its active runs are stopped.
#[utoipa::path(
    post,
    path = "/api/openhexa/backfills/{id}/cancel/",
    operation_id = "cancel_backfill",
    tag = "flows",
    params(("id" = i64, Path, description = "api-backfill-id")),
    responses(
        (status = 202, body = BackfillJson),
        (status = 400),
        (status = 404),
        (status = 409, body = error_schemas::ProblemJson),
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
    let id = request::backfill_id(&id)?;
    let view = Box::pin(bridge.flows.cancel_backfill(&who, id)).await?;
    let language = Language::of(request.headers());
    Ok(HttpResponse::Accepted().json(BackfillJson::of(&view, language)))
}
