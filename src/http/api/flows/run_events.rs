//! `GET /flow-runs/{id}/events/`: the history of a run.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::request::{self, query};
use super::texts;
use crate::domain::message::{Message, say};
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::json_types::time;
use crate::http::api::schemas::Results;
use crate::http::error::HttpResult;
use crate::http::event_text::actor;
use crate::service::Bridge;
use crate::service::flows::{RunEvent, RunEventKind, RunView, history};

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
    let language = Language::of(request.headers());
    let row = |event: &RunEvent| RunEventJson {
        at: time(event.at),
        kind: event.kind.as_str(),
        step: event
            .step
            .map(|step| texts::step_id(&view.loaded, step).to_owned()),
        task_id: event.task.map(|task| task.0),
        message: message(&view, event, language),
    };
    Ok(Json(Results {
        results: history(&view).iter().map(row).collect(),
    }))
}

fn message(view: &RunView, event: &RunEvent, language: Language) -> String {
    let run = &view.run;
    let trouble = || texts::joined(&run.trouble, language).unwrap_or_default();
    let sentence = match event.kind {
        RunEventKind::Created => {
            say("flow-event-created").with("by", texts::started_by(run, language))
        }
        RunEventKind::KeysIgnored => {
            say("flow-event-keys-ignored").with("keys", run.start.ignored.join(", "))
        }
        RunEventKind::Waiting => say("flow-event-waiting"),
        RunEventKind::Trouble => say("flow-event-trouble").with("why", trouble()),
        RunEventKind::Refused => say("flow-event-refused").with("why", trouble()),
        RunEventKind::Started => say("flow-event-started"),
        RunEventKind::CancelAsked => {
            let by = run.cancelled_by.as_ref().map(|by| actor(language, by));
            say("flow-event-cancel-asked").with("by", by.unwrap_or_default())
        }
        RunEventKind::Ended => say("flow-event-ended").with("status", run.status.as_str()),
        RunEventKind::StepReused(other) => say("flow-event-reused").with("run", other),
        RunEventKind::AttemptStarted(attempt) => {
            say("flow-event-attempt-started").with("attempt", attempt)
        }
        RunEventKind::AttemptEnded(attempt, status) => say("flow-event-attempt-ended")
            .with("attempt", attempt)
            .with("status", status.as_str()),
        RunEventKind::Retry { attempt, at } => say("flow-event-retry")
            .with("attempt", attempt)
            .with("at", time(at)),
        RunEventKind::StepFailed => failed(view, event, language),
        RunEventKind::StepSkipped | RunEventKind::StepCancelled => {
            return reason(view, event, language).unwrap_or_default();
        }
    };
    language.translate(&sentence)
}

fn failed(view: &RunView, event: &RunEvent, language: Language) -> Message {
    match reason(view, event, language) {
        Some(why) => say("flow-event-failed-because").with("why", why),
        None => say("flow-event-failed"),
    }
}

fn reason(view: &RunView, event: &RunEvent, language: Language) -> Option<String> {
    let step = view.steps.get(event.step?)?;
    texts::reason(view, step, language)
}
