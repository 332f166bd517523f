//! Actions of a task's page: cancel and relaunch.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value};

use super::badge::Badge;
use super::error_page::has_own_page;
use super::form_fields::{FormInput, name_of};
use super::layout::{Layout, Section, redirect_to_page, task_path};
use super::task::{ActionErrors, render};
use crate::domain::ids::TaskId;
use crate::domain::principal::Principal;
use crate::domain::task::Status;
use crate::http::accept_language::Language;
use crate::http::api::tasks::task_id;
use crate::http::error::{HttpResult, Problem, listed};
use crate::http::request_body;
use crate::http::request_extensions::CreatedTask;
use crate::service::launching::{Operation, RelaunchRequest};
use crate::service::{Bridge, Error};

pub async fn cancel(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let task = task_id(&id)?;
    match bridge.runs.stopper.cancel(&who, task).await {
        Ok(()) => Ok(redirect_to_page(&request, &task_path(task))),
        Err(error) => refused(&bridge, &who, &request, task, error).await,
    }
}

pub async fn relaunch(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let task = task_id(&id)?;
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    let secrets = secrets(&input);
    let idempotency = input.last("idempotency_key").map(|key| {
        let operation = Operation::Relaunch(task);
        bridge
            .launching
            .idempotency(key.chars().take(64).collect(), operation, &secrets)
    });
    let wanted = RelaunchRequest {
        task,
        secrets,
        idempotency,
    };
    match bridge.launching.relaunch(&who, wanted).await {
        Ok(made) => {
            request.extensions_mut().insert(CreatedTask(made.id));
            Ok(redirect_to_page(&request, &task_path(made.id)))
        }
        // The page of the new task shows the reason.
        Err(Error::Refused { task, .. }) => Ok(redirect_to_page(&request, &task_path(task.id))),
        Err(error) => refused(&bridge, &who, &request, task, error).await,
    }
}

fn secrets(input: &FormInput) -> Map<String, Value> {
    let prefix = name_of("");
    let own = input.names().filter_map(|name| {
        let (code, value) = (name.strip_prefix(&prefix)?, input.last(name)?);
        Some((code.to_owned(), Value::from(value)))
    });
    own.collect()
}

/// Shows the task's page with the error.
async fn refused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    task: TaskId,
    error: Error,
) -> HttpResult<HttpResponse> {
    if has_own_page(&error) {
        return Err(error.into());
    }
    let language = Language::of(request.headers());
    let wrong = error.invalid().map(|wrong| listed(&wrong.config, language));
    let errors = wrong.unwrap_or_default();
    let ended = if let Error::Conflict { sentence, status } = &error {
        Some((sentence.key, *status))
    } else {
        None
    };
    let problem = Problem::from(error);
    let others = errors.values().flatten().cloned();
    let mut messages: Vec<String> = others.collect();
    if messages.is_empty() {
        messages.push(match ended {
            Some((key, status)) => conflict(request, key, status),
            None => language.translate(problem.sentence()),
        });
    }
    let errors_shown = ActionErrors {
        status: problem.status_code(),
        messages,
        errors,
    };
    Box::pin(render(bridge, who, request, task, errors_shown)).await
}

/// The API's message, with the name of the status as on pages.
pub fn conflict(request: &HttpRequest, key: &'static str, status: Status) -> String {
    let layout = Layout::of(request, Section::Tasks);
    let word = Badge::of_task(&layout, status).word;
    layout.with(key, "status", word)
}
