//! What somebody asks of a task on its page: to stop, or to be launched again.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value};

use super::badge::Badge;
use super::fields::{Typed, name_of};
use super::shell::{Here, Shell, see_page};
use super::task::{Beside, draw};
use crate::domain::ids::TaskId;
use crate::domain::principal::Principal;
use crate::domain::task::Status;
use crate::http::api::tasks::task_id;
use crate::http::body;
use crate::http::error::{Answer, Problem, listed};
use crate::http::language::Language;
use crate::http::marks::Made;
use crate::service::launching::Operation;
use crate::service::launching::RelaunchRequest;
use crate::service::{Bridge, Error};

pub async fn cancel(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let task = task_id(&id)?;
    match bridge.runs.stopper.cancel(&who, task).await {
        Ok(()) => Ok(see_page(&request, &place(task))),
        Err(error) => refused(&bridge, &who, &request, task, error).await,
    }
}

pub async fn relaunch(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let task = task_id(&id)?;
    let typed = Typed::new(body::pairs(&request, payload).await?);
    let secrets = secrets(&typed);
    let once = typed.last("once").map(|key| {
        let asked = Operation::Relaunch(task);
        bridge
            .launching
            .idempotency(key.chars().take(64).collect(), asked, &secrets)
    });
    let wanted = RelaunchRequest {
        task,
        secrets,
        idempotency: once,
    };
    match bridge.launching.relaunch(&who, wanted).await {
        Ok(made) => {
            request.extensions_mut().insert(Made(made.id));
            Ok(see_page(&request, &place(made.id)))
        }
        // It has a page of its own, which says why.
        Err(Error::Refused { task, .. }) => Ok(see_page(&request, &place(task.id))),
        Err(error) => refused(&bridge, &who, &request, task, error).await,
    }
}

fn place(task: TaskId) -> String {
    format!("/tasks/{task}/")
}

fn secrets(typed: &Typed) -> Map<String, Value> {
    let prefix = name_of("");
    let own = typed.names().filter_map(|name| {
        let (code, value) = (name.strip_prefix(&prefix)?, typed.last(name)?);
        Some((code.to_owned(), Value::from(value)))
    });
    own.collect()
}

/// The task as it is now, with why it was not done.
async fn refused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    task: TaskId,
    error: Error,
) -> Answer<HttpResponse> {
    if matches!(error, Error::NotFound(_) | Error::Internal(_) | Error::Busy) {
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
    let mut told: Vec<String> = others.collect();
    if told.is_empty() {
        told.push(match ended {
            Some((key, status)) => conflict(request, key, status),
            None => language.word(problem.sentence()),
        });
    }
    let beside = Beside {
        status: problem.status_code(),
        told,
        errors,
    };
    draw(bridge, who, request, task, beside).await
}

/// The API's own sentence, with the status as pages have it.
fn conflict(request: &HttpRequest, key: &'static str, status: Status) -> String {
    let shell = Shell::of(request, Here::Tasks);
    let word = Badge::of_task(&shell, status).word;
    shell.with(key, "status", word)
}
