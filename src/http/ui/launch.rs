//! Handles the submitted launch form: launches, or shows the form again with the input and its errors.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use super::form_controls::is_key;
use super::form_fields::{FormInput, InitialValues, read};
use super::layout::{redirect_to_page, task_path};
use super::pipeline::{LaunchFormState, render};
use crate::domain::message::{FieldErrors, say};
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::http::accept_language::Language;
use crate::http::api::pipelines::{pipeline_id, version_id};
use crate::http::error::{HttpResult, Problem, listed};
use crate::http::request_body;
use crate::http::request_extensions::CreatedTask;
use crate::service::catalog::Form;
use crate::service::launching::{LaunchRequest, Operation, ShownWarning};
use crate::service::{Bridge, Error};

pub async fn send(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    let form = form(&bridge, &who, &id, &input).await?;
    let mut shown = as_typed(&input);
    let (config, unread) = read(&form, Language::of(request.headers()), &input);
    let wanted = wanted(&bridge, &form, config, &input);
    if unread.is_empty() {
        let warnings = bridge.launching.warnings(&who, &wanted).await;
        let confirmed = input.all("confirmed");
        let is_shown = |warning: &ShownWarning| confirmed.contains(&warning.hash.as_str());
        if !warnings.iter().all(is_shown) {
            warn(&mut shown, warnings, Language::of(request.headers()));
            return render(&bridge, &who, &request, &form, shown).await;
        }
    }
    match launch(&bridge, &who, wanted, unread).await {
        Ok(task) => {
            request.extensions_mut().insert(CreatedTask(task.id));
            Ok(redirect_to_page(&request, &task_path(task.id)))
        }
        Err(refused) => {
            refused.show_in(&mut shown, Language::of(request.headers()));
            render(&bridge, &who, &request, &form, shown).await
        }
    }
}

/// Shows the form again with the warnings; nothing is launched. Sent again, it launches unless there are other warnings.
fn warn(shown: &mut LaunchFormState<'_>, warnings: Vec<ShownWarning>, language: Language) {
    shown.status = StatusCode::UNPROCESSABLE_ENTITY;
    shown.confirmed.clear();
    for warning in warnings {
        let own = shown.warnings.entry(warning.code).or_default();
        own.push(language.translate(&warning.message));
        shown.confirmed.push(warning.hash);
    }
}

/// Shows the form again with the choices of one more field; nothing is launched.
pub async fn choices(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<HttpResponse> {
    let input = FormInput::new(request_body::pairs(&request, payload).await?);
    let form = form(&bridge, &who, &id, &input).await?;
    let mut shown = as_typed(&input);
    shown.load.extend(input.last("load").map(str::to_owned));
    render(&bridge, &who, &request, &form, shown).await
}

/// The form for the version that was submitted.
pub async fn form(
    bridge: &Bridge,
    who: &Principal,
    id: &str,
    input: &FormInput,
) -> HttpResult<Form> {
    let version = input.last("version").map(version_id).transpose()?;
    Ok(bridge
        .catalog
        .form(who.account, pipeline_id(id)?, version)
        .await?)
}

pub fn as_typed(input: &FormInput) -> LaunchFormState<'_> {
    LaunchFormState {
        notify: input.last("send_notifications") == Some("true"),
        debug: input.last("debug") == Some("true"),
        load: input.all("loaded").into_iter().map(str::to_owned).collect(),
        confirmed: confirmed(input),
        ..LaunchFormState::with_values(InitialValues::Submitted(input))
    }
}

/// The hashes of warnings that the form has shown, at most as many as there can be parameters.
fn confirmed(input: &FormInput) -> Vec<String> {
    const MAX_CONFIRMED: usize = 1000;
    let all = input.all("confirmed").into_iter();
    let own = all.filter(|hash| is_key(hash)).take(MAX_CONFIRMED);
    own.map(str::to_owned).collect()
}

pub fn wanted(
    bridge: &Bridge,
    form: &Form,
    config: Map<String, Value>,
    input: &FormInput,
) -> LaunchRequest {
    let pipeline = form.pipeline.id;
    let version = form.version.as_ref().map(|version| version.label.id);
    let send_notifications = input.last("send_notifications") == Some("true");
    let debug = input.last("debug") == Some("true");
    let body = json!({
        "version": version.map(|id| id.to_string()),
        "config": config,
        "send_notifications": send_notifications,
        "debug": debug,
    });
    let idempotency_key = input.idempotency_key().zip(body.as_object());
    LaunchRequest {
        idempotency: idempotency_key.map(|(key, body)| {
            bridge
                .launching
                .idempotency(key, Operation::Launch(pipeline), body)
        }),
        pipeline,
        version,
        config,
        send_notifications,
        debug,
        relaunch_of: None,
        step: None,
    }
}

/// If fields could not be read, nothing is launched; the others are validated too, so that all errors are shown
/// together.
async fn launch(
    bridge: &Bridge,
    who: &Principal,
    wanted: LaunchRequest,
    unread: FieldErrors,
) -> Result<Task, LaunchFailure> {
    if unread.is_empty() {
        return bridge
            .launching
            .launch(who, wanted)
            .await
            .map_err(LaunchFailure::by);
    }
    let mut refused = LaunchFailure::by(Error::config(unread.clone()));
    if let Err(Error::Invalid(wrong)) = bridge.launching.validate(who, &wanted).await {
        for (code, sentences) in wrong.config.0 {
            refused.config.0.entry(code).or_insert(sentences);
        }
    }
    Err(refused)
}

/// Why the launch failed.
pub struct LaunchFailure {
    problem: Problem,
    pub config: FieldErrors,
    fields: FieldErrors,
    is_other: bool,
    task: Option<i64>,
}

impl LaunchFailure {
    pub fn by(error: Error) -> Self {
        let wrong = error
            .invalid()
            .map(|wrong| (wrong.config.clone(), wrong.fields.clone()));
        let (config, fields) = wrong.unwrap_or_default();
        let task = if let Error::Refused { task, .. } = &error {
            Some(task.id.0)
        } else {
            None
        };
        Self {
            config,
            fields,
            task,
            is_other: matches!(error, Error::OtherRequest(_)),
            problem: error.into(),
        }
    }

    pub fn show_in(self, shown: &mut LaunchFormState<'_>, language: Language) {
        shown.status = self.problem.status_code();
        shown.task = self.task;
        shown.errors = listed(&self.config, language);
        let fields = listed(&self.fields, language).into_values().flatten();
        shown.messages.extend(fields);
        if self.is_other {
            shown.messages.push(language.translate(&say("form-used")));
        } else if shown.errors.is_empty() && shown.messages.is_empty() {
            shown
                .messages
                .push(language.translate(self.problem.sentence()));
        }
    }
}
