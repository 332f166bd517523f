//! `/alerts/`: list, read and mute.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path, Payload};
use serde::Serialize;
use utoipa::ToSchema;

use super::flows::{page_query, time_or_none};
use super::json_types::{time, time_or_null};
use super::known_keys::{body, nothing, query, query_word};
use super::query::Query;
use crate::domain::alert::{Alert, AlertCause, AlertSubject};
use crate::domain::ids::AlertId;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text::actor;
use crate::http::flow_text::sentences;
use crate::service::alerts::{AlertFilter, alert_title};
use crate::service::{Bridge, Error};

/// What is wrong with a flow, or with a pipeline that was launched by itself. At most one alert is open per flow or pipeline,
/// cause and step.
#[derive(Serialize, ToSchema)]
#[schema(as = Alert)]
pub struct AlertJson {
    id: i64,
    #[schema(pattern = "^(failed|duration|records|errors|late|missed)$")]
    cause: &'static str,
    /// The id of the flow.
    flow: Option<String>,
    pipeline: Option<AlertPipelineJson>,
    /// The id of the step.
    step: Option<String>,
    /// The id of the schedule or trigger, for late and missed runs.
    schedule: Option<String>,
    /// One sentence.
    title: String,
    /// More about it, such as the error of the task.
    details: Vec<String>,
    /// Seconds, records, or a share from 0 to 1.
    figure: Option<f64>,
    /// The limit that the figure is beyond, in the same unit.
    limit: Option<f64>,
    flow_run: Option<i64>,
    task: Option<i64>,
    #[schema(format = DateTime)]
    scheduled_for: Option<String>,
    /// How often it was raised.
    occurrences: i64,
    #[schema(format = DateTime)]
    opened_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// Null: it is open.
    #[schema(format = DateTime)]
    resolved_at: Option<String>,
    /// Until then it sends no messages.
    #[schema(format = DateTime)]
    muted_until: Option<String>,
    muted_by: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = AlertPipeline)]
pub struct AlertPipelineJson {
    #[schema(format = "uuid")]
    id: String,
    name: String,
}

/// A page of alerts, the last opened first.
#[derive(Serialize, ToSchema)]
#[schema(as = Alerts)]
pub struct AlertsJson {
    results: Vec<AlertJson>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// How long an alert is muted.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
pub struct MuteBody {
    /// A time with an offset, at most 30 days from now; default: 24 hours from now.
    #[schema(format = DateTime)]
    until: Option<String>,
}

impl AlertJson {
    pub fn of(alert: &Alert, language: Language) -> Self {
        let part = Some(alert.key.part.clone()).filter(|part| !part.is_empty());
        let (step, schedule) = match alert.key.cause {
            AlertCause::Late | AlertCause::Missed => (None, part),
            AlertCause::Failed
            | AlertCause::Duration
            | AlertCause::Records
            | AlertCause::Errors => (part, None),
        };
        let (flow, pipeline) = match alert.key.subject {
            AlertSubject::Flow(_) => (Some(alert.name.clone()), None),
            AlertSubject::Pipeline(id) => {
                let (id, name) = (id.to_string(), alert.name.clone());
                (None, Some(AlertPipelineJson { id, name }))
            }
        };
        let (facts, state) = (&alert.facts, &alert.state);
        let by = alert.muted_by.as_ref();
        Self {
            id: alert.id.0,
            cause: alert.key.cause.as_str(),
            flow,
            pipeline,
            step,
            schedule,
            title: alert_title(alert, language),
            details: sentences(&facts.sample, language),
            figure: facts.figure,
            limit: facts.limit,
            flow_run: facts.flow_run.map(|id| id.0),
            task: facts.task.map(|id| id.0),
            scheduled_for: time_or_null(facts.scheduled_for),
            occurrences: alert.occurrences,
            opened_at: time(state.opened_at),
            updated_at: time(alert.updated_at),
            resolved_at: time_or_null(state.resolved_at),
            muted_until: time_or_null(state.muted_until),
            muted_by: by.map(|by| actor(language, by)),
        }
    }
}

pub fn alert_id(text: &str) -> HttpResult<AlertId> {
    let id = text.parse().map(AlertId);
    id.map_err(|_| Error::NotFound(say("alert-not-found")).into())
}

fn filter(query: &Query) -> HttpResult<AlertFilter> {
    let flag = |open| if open { "true" } else { "false" };
    let causes = (AlertCause::ALL, AlertCause::as_str as fn(_) -> _);
    let pipeline = query.given("pipeline").map(str::parse).transpose();
    Ok(AlertFilter {
        open: query_word("open", query.given("open"), (&[true, false], flag))?,
        cause: query_word("cause", query.given("cause"), causes)?,
        flow: query.text("flow")?,
        pipeline: pipeline.map_err(|_| Problem::field("pipeline", say("query-uuid")))?,
    })
}

fn shown(request: &HttpRequest, alert: &Alert) -> Json<AlertJson> {
    Json(AlertJson::of(alert, Language::of(request.headers())))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/alerts/",
    operation_id = "list_alerts",
    tag = "alerts",
    params(
        ("open" = Option<String>, Query, pattern = "^(true|false)$", description = "api-alert-open"),
        ("cause" = Option<String>, Query, pattern = "^(failed|duration|records|errors|late|missed)$", description = "api-alert-cause"),
        ("flow" = Option<String>, Query, max_length = 200, description = "api-flow-slug"),
        ("pipeline" = Option<String>, Query, format = "uuid", description = "api-alert-pipeline"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "api-limit"),
        ("cursor" = Option<String>, Query, description = "api-flow-cursor"),
    ),
    responses(
        (status = 200, body = AlertsJson),
        (status = 400),
    ),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<AlertsJson>> {
    let allowed = ["open", "cause", "flow", "pipeline", "limit", "cursor"];
    let query = query(&request, &allowed)?;
    let (filter, part) = (filter(&query)?, page_query(&query)?);
    let page = bridge.alerts.page(who.account, filter, &part).await?;
    let language = Language::of(request.headers());
    let rows = page.rows.iter();
    Ok(Json(AlertsJson {
        results: rows.map(|alert| AlertJson::of(alert, language)).collect(),
        next: page.next,
    }))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/alerts/{id}/",
    operation_id = "get_alert",
    tag = "alerts",
    params(("id" = i64, Path, description = "api-alert-id")),
    responses(
        (status = 200, body = AlertJson),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn detail(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<AlertJson>> {
    query(&request, &[])?;
    let alert = bridge.alerts.get(who.account, alert_id(&id)?).await?;
    Ok(shown(&request, &alert))
}

/// A muted alert sends no messages, neither when it is resolved. If it is still open when the mute ends, subscribers are notified then.
#[utoipa::path(
    post,
    path = "/api/openhexa/alerts/{id}/mute/",
    operation_id = "mute_alert",
    tag = "alerts",
    params(("id" = i64, Path, description = "api-alert-id")),
    request_body = Option<MuteBody>,
    responses(
        (status = 200, body = AlertJson),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn mute(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<AlertJson>> {
    let body = body(&request, payload, &["until"]).await?;
    let until = time_or_none(&body, "until")?;
    let alert = bridge.alerts.mute(&who, alert_id(&id)?, until).await?;
    Ok(shown(&request, &alert))
}

#[utoipa::path(
    post,
    path = "/api/openhexa/alerts/{id}/unmute/",
    operation_id = "unmute_alert",
    tag = "alerts",
    params(("id" = i64, Path, description = "api-alert-id")),
    responses(
        (status = 200, body = AlertJson),
        (status = 400),
        (status = 404),
        (status = 413),
        (status = 415),
    ),
)]
pub async fn unmute(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<AlertJson>> {
    nothing(&request, payload).await?;
    let alert = bridge.alerts.unmute(&who, alert_id(&id)?).await?;
    Ok(shown(&request, &alert))
}
