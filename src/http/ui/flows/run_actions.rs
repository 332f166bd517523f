//! Actions of the page of a run: stop and replay.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};

use super::flow_actions::messages;
use super::run::{Refusal, render};
use super::run_path;
use crate::domain::ids::FlowRunId;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::flows;
use crate::http::error::{HttpResult, Problem, listed};
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::http::ui::error_page::has_own_page;
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::redirect_to_page;
use crate::http::ui::task_actions::conflict;
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
    let version = submitted.last("version").and_then(ReplayVersion::parse);
    let version = version.unwrap_or(ReplayVersion::Same);
    let key = submitted.idempotency_key();
    let idempotency = key.map(|key| bridge.flows.replay_key(key, id, version));
    let replaying = bridge.flows.replay(&who, id, version, idempotency);
    match Box::pin(replaying).await {
        Ok(run) => {
            request.extensions_mut().insert(AuditObject::flow_run(&run));
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
    if has_own_page(&error) {
        return Err(error.into());
    }
    let language = Language::of(request.headers());
    let mut messages = messages(&error, language);
    if let Some(wrong) = error.invalid() {
        let inputs = listed(&wrong.inputs, language);
        messages.extend(inputs.into_values().flatten());
    }
    if let Error::Conflict { sentence, status } = &error {
        messages.push(conflict(request, sentence.key, *status));
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
