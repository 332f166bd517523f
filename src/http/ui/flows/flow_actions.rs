//! Actions of a flow's page: run, pause and resume.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value};

use super::flow::{RunFormState, render};
use super::{flow_path, inputs, interval_form, run_path};
use crate::domain::flow::run::{Cause, FlowRun};
use crate::domain::flow::schedule::Interval;
use crate::domain::message::{FieldErrors, say};
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::flows;
use crate::http::error::{HttpResult, Problem, listed};
use crate::http::request_body;
use crate::http::request_extensions::AuditObject;
use crate::http::ui::error_page::has_own_page;
use crate::http::ui::form_fields::FormInput;
use crate::http::ui::layout::redirect_to_page;
use crate::service::flows::RunRequest;
use crate::service::{Bridge, Error};

pub async fn run(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let submitted = FormInput::new(request_body::pairs(&request, payload).await?);
    let slug = flows::slug(&slug)?;
    let view = bridge.flows.reader.get(who.account, slug).await?;
    let language = Language::of(request.headers());
    let (values, unread) = inputs::read(language, &view.loaded.flow, &submitted);
    let interval = interval_form::read(&view.loaded.flow.timezone, &submitted);
    let unread_interval = interval.as_ref().err().cloned();
    let started = match interval {
        Ok(interval) if unread.is_empty() => {
            start(&bridge, &who, slug, (values, interval), &submitted).await
        }
        Ok(_) | Err(_) => Err(Error::inputs(unread)),
    };
    match started {
        Ok(run) => {
            request.extensions_mut().insert(AuditObject::flow_run(&run));
            Ok(redirect_to_page(&request, &run_path(run.id)))
        }
        Err(error) => {
            let mut refused = refused(error, language, &submitted)?;
            if unread_interval.is_some() {
                // Its message is at its field.
                refused.messages.clear();
                refused.interval = unread_interval;
            }
            render(&bridge, &who, &request, slug, refused).await
        }
    }
}

async fn start(
    bridge: &Bridge,
    who: &Principal,
    slug: &str,
    (inputs, interval): (Map<String, Value>, Option<Interval>),
    submitted: &FormInput,
) -> Result<FlowRun, Error> {
    let key = submitted.idempotency_key();
    let idempotency = key.map(|key| bridge.flows.run_key(key, slug, &inputs, interval));
    let wanted = RunRequest {
        slug: slug.to_owned(),
        inputs,
        interval,
        cause: Cause::Manual,
        ignored: Vec::new(),
        idempotency,
    };
    Box::pin(bridge.flows.run(who, wanted)).await
}

/// The form again, with the errors at their fields.
fn refused(
    error: Error,
    language: Language,
    submitted: &FormInput,
) -> HttpResult<RunFormState<'_>> {
    if has_own_page(&error) {
        return Err(error.into());
    }
    let wrong = error.invalid();
    let errors = wrong.map(|wrong| listed(&wrong.inputs, language));
    let errors = errors.unwrap_or_default();
    let mut messages = messages(&error, language);
    let is_other = matches!(error, Error::OtherRequest(_));
    let problem = Problem::from(error);
    if is_other {
        messages.push(language.translate(&say("flow-form-used")));
    } else if messages.is_empty() && errors.is_empty() {
        messages.push(language.translate(problem.sentence()));
    }
    Ok(RunFormState {
        status: problem.status_code(),
        submitted: Some(submitted),
        messages,
        errors,
        interval: None,
    })
}

/// The errors that are not about an input: those of the parameters of steps name their step.
pub fn messages(error: &Error, language: Language) -> Vec<String> {
    let Some(wrong) = error.invalid() else {
        return Vec::new();
    };
    let all = |errors: &FieldErrors| listed(errors, language).into_values().flatten();
    let of_steps = wrong.steps.iter().flat_map(|(step, errors)| {
        let about = move |text: String| {
            let sentence = say("flow-problem-field").with("name", step);
            language.translate(&sentence.with("message", text))
        };
        all(errors).map(about).collect::<Vec<_>>()
    });
    let of_request = all(&wrong.fields).chain(all(&wrong.config));
    of_request.chain(of_steps).collect()
}

pub async fn pause(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    set_paused(&bridge, &who, &request, (&slug, None), true).await
}

pub async fn resume(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    set_paused(&bridge, &who, &request, (&slug, None), false).await
}

pub async fn pause_schedule(
    bridge: Data<Bridge>,
    who: Principal,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let (slug, schedule) = path.into_inner();
    set_paused(&bridge, &who, &request, (&slug, Some(schedule)), true).await
}

pub async fn resume_schedule(
    bridge: Data<Bridge>,
    who: Principal,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let (slug, schedule) = path.into_inner();
    set_paused(&bridge, &who, &request, (&slug, Some(schedule)), false).await
}

async fn set_paused(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    (slug, schedule): (&str, Option<String>),
    paused: bool,
) -> HttpResult<HttpResponse> {
    let slug = flows::slug(slug)?;
    if let Some(schedule) = &schedule {
        let object = AuditObject(format!("{slug} schedule {schedule}"));
        request.extensions_mut().insert(object);
    }
    let changing = bridge.flows.set_paused(who, slug, schedule, paused);
    changing.await?;
    Ok(redirect_to_page(request, &flow_path(slug)))
}
