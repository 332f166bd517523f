//! `GET /flow-runs/{id}/events/`: the history of a run.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::request::{self, query};
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::json_types::time;
use crate::http::api::schemas::Results;
use crate::http::error::HttpResult;
use crate::http::flow_text::{self, Wording};
use crate::service::Bridge;
use crate::service::flows::{RunEvent, history};

/// An entry of the history of a run.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowRunEvent)]
pub struct RunEventJson {
    #[schema(format = DateTime)]
    at: String,
    /// What happened, as a stable code.
    kind: &'static str,
    step: Option<String>,
    task_id: Option<i64>,
    /// What happened, in words.
    message: String,
}

/// Oldest first.
#[utoipa::path(
    get,
    path = "/api/openhexa/flow-runs/{id}/events/",
    operation_id = "list_flow_run_events",
    tag = "flows",
    params(("id" = i64, Path, description = "api-flow-run-id")),
    responses(
        (status = 200, body = Results<RunEventJson>),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn events(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<Results<RunEventJson>>> {
    query(&request, &[])?;
    let id = request::run_id(&id)?;
    let view = bridge.flows.reader.run_view(who.account, id).await?;
    let wording = Wording {
        language: Language::of(request.headers()),
        status: &|status| status.as_str().to_owned(),
        time: &time,
    };
    let row = |event: &RunEvent| RunEventJson {
        at: time(event.at),
        kind: event.kind.as_str(),
        step: event
            .step
            .map(|step| flow_text::step_id(&view.loaded, step).to_owned()),
        task_id: event.task.map(|task| task.0),
        message: flow_text::event(&view, event, &wording),
    };
    Ok(Json(Results {
        results: history(&view).iter().map(row).collect(),
    }))
}
