//! Actions of the page of a run: stop and replay.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::Map;

use super::flow_actions::{idempotency_key, messages, note_for_audit};
use super::run::{Refusal, render};
use super::run_path;
use crate::domain::ids::FlowRunId;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::flows;
use crate::http::error::{HttpResult, Problem};
use crate::http::request_body;
use crate::http::ui::badge::Badge;
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::{Layout, Section, redirect_to_page};
use crate::service::flows::ReplayVersion;
use crate::service::{Bridge, Error};

pub async fn cancel(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let id = flows::run_id(&id)?;
    match bridge.flows.cancel(&who, id).await {
        Ok(_) => Ok(redirect_to_page(&request, &run_path(id))),
        Err(error) => refused(&bridge, &who, &request, id, error).await,
    }
}

pub async fn replay(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let submitted = FormInput::new(request_body::pairs(&request, payload).await?);
    let id = flows::run_id(&id)?;
    let (version, word) = match submitted.last("version") {
        Some("latest") => (ReplayVersion::Latest, "latest"),
        Some(_) | None => (ReplayVersion::Same, "same"),
    };
    let idempotency = idempotency_key(&submitted).map(|key| {
        let own = Map::from_iter([("version".to_owned(), word.into())]);
        let operation = ["replay", &id.to_string()];
        bridge.flows.idempotency(key, operation, &own)
    });
    let replaying = bridge.flows.replay(&who, id, version, idempotency);
    match Box::pin(replaying).await {
        Ok(run) => {
            note_for_audit(&request, &run);
            Ok(redirect_to_page(&request, &run_path(run.id)))
        }
        Err(error) => refused(&bridge, &who, &request, id, error).await,
    }
}

/// Shows the page of the run with the error.
async fn refused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    id: FlowRunId,
    error: Error,
) -> HttpResult<HttpResponse> {
    if matches!(error, Error::NotFound(_) | Error::Internal(_) | Error::Busy) {
        return Err(error.into());
    }
    let language = Language::of(request.headers());
    let mut messages = messages(&error, language);
    if let Some(wrong) = error.invalid() {
        let inputs = crate::http::error::listed(&wrong.inputs, language);
        messages.extend(inputs.into_values().flatten());
    }
    // The API's message, with the name of the status as on pages.
    if let Error::Conflict { sentence, status } = &error {
        let layout = Layout::of(request, Section::Flows);
        let word = Badge::of_task(&layout, *status).word;
        messages.push(layout.with(sentence.key, "status", word));
    }
    let problem = Problem::from(error);
    if messages.is_empty() {
        messages.push(language.translate(problem.sentence()));
    }
    let refusal = Refusal {
        status: problem.status_code(),
        messages,
    };
    render(bridge, who, request, id, refusal).await
}
