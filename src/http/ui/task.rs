//! `/dashboard/tasks/{id}/`: the progress, messages, outputs, result and history of a task.
//!
//! The page is complete without a script. The script follows the task's stream and, at each change, loads this page
//! again and replaces its live parts, so there is only one way to render them.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use futures_util::future::join3;
use serde_json::Value;
use uuid::Uuid;

use super::badge::Badge;
use super::flows::run_path;
use super::layout::{Layout, Section, duration, large_page, set_page_headers, task_path};
use super::message_filter::{LevelChoice, MessageFilter};
use super::pipelines::label;
use super::result_view::{ResultContent, ResultView, result_view};
use super::task_events::HistoryPart;
use super::task_message::{ErrorText, failure, message};
use super::task_run::{LoadedRun, MAX_LINES, RunPart, load};
use super::task_values::{TaskValues, ValueRow, task_values};
use super::task_waiting::{Waiting, waiting};
use crate::domain::event::Event;
use crate::domain::flow_step::FlowStep;
use crate::domain::ids::TaskId;
use crate::domain::message::say;
use crate::domain::parameters::MASK;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation::without_injected;
use crate::http::api::query::Query;
use crate::http::api::tasks::task_id;
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text;
use crate::language::english;
use crate::service::Bridge;
use crate::service::tasks::{PageHistory, TaskView};

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    page: Layout,
    id: i64,
    /// The page's address without query.
    address: String,
    /// The same with the filter of the messages.
    filtered: String,
    pipeline: String,
    pipeline_id: String,
    badge: Badge,
    /// The key of an addition to the status.
    state: Option<&'static str>,
    is_live: bool,
    percent: Option<i64>,
    steps: Option<(i32, i32)>,
    message: Option<String>,
    /// Why the task failed; then it is shown instead of the message.
    failure: Option<ErrorText>,
    waiting: Option<Waiting>,
    about: AboutPart,
    values: Vec<ValueRow>,
    /// Why names and defaults are missing.
    values_missing: Option<String>,
    /// Whether the pipeline has an earlier task, to compare with.
    has_earlier: bool,
    /// The secrets that a relaunch needs again.
    secrets: Vec<SecretField>,
    idempotency_key: String,
    may_cancel: bool,
    may_relaunch: bool,
    messages: Vec<String>,
    result: Option<ResultView>,
    filter: MessageFilter,
    levels: Vec<LevelChoice>,
    run: RunPart,
    history: HistoryPart,
}

/// Times, launcher and origin of the task.
struct AboutPart {
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    took: Option<String>,
    launcher: Option<String>,
    version: Option<String>,
    relaunch_of: Option<i64>,
    /// The address of the run of a flow, and which attempt of which step the task is.
    flow_run: Option<(String, String)>,
    run_url: Option<String>,
}

/// A secret that a relaunch needs again.
struct SecretField {
    code: String,
    title: String,
    /// Whether the title is another text than the code.
    is_titled: bool,
    error: Option<String>,
}

/// What is loaded for the page in addition to the task.
struct Loaded {
    history: PageHistory,
    run: LoadedRun,
    values: TaskValues,
    waiting: Option<Waiting>,
    filter: MessageFilter,
    has_earlier: bool,
}

/// The status and errors of a cancel or relaunch that was refused.
#[derive(Default)]
pub struct ActionErrors {
    pub status: StatusCode,
    pub messages: Vec<String>,
    pub errors: std::collections::BTreeMap<String, Vec<String>>,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    Box::pin(render(
        &bridge,
        &who,
        &request,
        task_id(&id)?,
        ActionErrors::default(),
    ))
    .await
}

pub async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    id: TaskId,
    action: ActionErrors,
) -> HttpResult<HttpResponse> {
    let view = bridge.tasks.view(who.account, id).await?;
    let filter = MessageFilter::of(&Query::of(request))?;
    let history = bridge
        .tasks
        .page_history(who.account, id, MAX_LINES, filter.find())
        .await?;
    let layout = Layout::of(request, Section::Tasks);
    let (run, values, waiting) = join3(
        load(bridge, &layout, &view.task),
        task_values(bridge, who, &view.task, &history.account_defaults),
        waiting(bridge, &layout, &view.task, &history.events),
    )
    .await;
    let loaded = Loaded {
        run: run?,
        values,
        waiting: waiting?,
        history,
        filter,
        has_earlier: bridge.tasks.previous_task(&view.task).await?.is_some(),
    };
    let status = action.status;
    large_page(status, move || compose(layout, &view, loaded, action)).await
}

fn compose(layout: Layout, view: &TaskView, loaded: Loaded, action: ActionErrors) -> TaskPage {
    let task = &view.task;
    let refused = loaded.history.stop_denied;
    let failure = failure(&layout, task);
    let (why, filter) = (failure.as_ref(), loaded.filter);
    let reported = with_messages(&loaded.history);
    let address = layout.path_to(&task_path(task.id));
    TaskPage {
        id: task.id.0,
        filtered: filter.address(&address),
        pipeline: task.pipeline.name.clone(),
        pipeline_id: task.pipeline.id.to_string(),
        badge: Badge::of_task(&layout, task.status()),
        state: state(task, refused),
        is_live: !task.is_confirmed(),
        percent: percent(task),
        steps: steps(task),
        message: message(&layout, task),
        waiting: loaded.waiting,
        about: AboutPart::new(&layout, view),
        values: rows(&layout, &loaded.values),
        has_earlier: loaded.has_earlier,
        secrets: secrets(task, &loaded.values, &action),
        values_missing: loaded.values.missing.map(|why| layout.word(&why)),
        idempotency_key: Uuid::new_v4().to_string(),
        may_cancel: layout.may_operate() && may_cancel(task, refused),
        may_relaunch: layout.may_operate() && task.outcome().is_some(),
        messages: action.messages,
        result: task.data.as_ref().map(|data| result_view(&layout, data)),
        run: RunPart::new(&layout, reported, loaded.run, &filter, why),
        history: HistoryPart::new(&layout, &loaded.history, why),
        levels: filter.choices(&layout),
        failure,
        address,
        filter,
        page: layout,
    }
}

impl AboutPart {
    fn new(layout: &Layout, view: &TaskView) -> Self {
        let task = &view.task;
        Self {
            created_at: task.created_at,
            started_at: task.started_at,
            ended_at: task.ended_at,
            took: took(task),
            launcher: launcher(layout, task),
            version: version(task),
            relaunch_of: task.relaunch_of.map(|id| id.0),
            flow_run: task.flow_step.as_ref().map(|step| flow_run(layout, step)),
            run_url: view.run_url.clone(),
        }
    }
}

fn flow_run(layout: &Layout, step: &FlowStep) -> (String, String) {
    let sentence = say("flow-task-step")
        .with("flow", &step.flow)
        .with("number", step.run)
        .with("step", &step.step)
        .with("attempt", step.attempt);
    (layout.path_to(&run_path(step.run)), layout.word(&sentence))
}

/// The events whose messages are shown: those that a search has found, otherwise the newest.
fn with_messages(history: &PageHistory) -> Vec<&Event> {
    match &history.found {
        Some(found) => found.iter().collect(),
        None => history.events.iter().chain(&history.progress).collect(),
    }
}

fn rows(layout: &Layout, values: &TaskValues) -> Vec<ValueRow> {
    values.all.iter().map(|value| value.row(layout)).collect()
}

fn may_cancel(task: &Task, stop_denied: bool) -> bool {
    task.outcome().is_none() && (task.cancel_asked_at.is_none() || stop_denied)
}

pub fn version(task: &Task) -> Option<String> {
    let version = task.pipeline.version.as_ref();
    version.map(|own| label(own.number, own.name.as_deref()))
}

/// Progress in steps. None with 100 steps, which would repeat the percentage.
fn steps(task: &Task) -> Option<(i32, i32)> {
    let is_shown = (1..).contains(&task.end_value) && task.end_value != 100;
    is_shown.then_some((task.progress_value, task.end_value))
}

fn state(task: &Task, refused: bool) -> Option<&'static str> {
    let ended = task.outcome().is_some();
    match (ended, task.is_confirmed(), task.cancel_asked_at.is_some()) {
        (false, _, true) if refused => Some("task-stop-refused"),
        (false, _, true) => Some("task-stop-asked"),
        (true, false, _) => Some("task-not-confirmed"),
        (true, true, _) => Some("task-confirmed"),
        (false, _, false) => None,
    }
}

/// The pipeline's progress, else the run's. None before there is any, and after the end.
pub fn percent(task: &Task) -> Option<i64> {
    let own = i64::from(task.progress_value) * 100;
    match (task.outcome().is_some(), task.end_value) {
        (false, 1..) => Some((own / i64::from(task.end_value)).clamp(0, 100)),
        (false, _) if task.run.progress > 0 => Some(task.run.progress.into()),
        (false | true, _) => None,
    }
}

pub fn took(task: &Task) -> Option<String> {
    task.took().map(duration)
}

pub fn launcher(layout: &Layout, task: &Task) -> Option<String> {
    let Some(person) = &task.launcher else {
        let actor = task.launched_with.as_ref();
        return actor.map(|actor| event_text::actor(layout.language, actor));
    };
    let full = Some(person.full_name.clone()).filter(|name| !name.trim().is_empty());
    Some(full.unwrap_or_else(|| person.username.clone()))
}

fn secrets(task: &Task, values: &TaskValues, action: &ActionErrors) -> Vec<SecretField> {
    let given = without_injected(&task.run.config);
    let masked = given.into_iter().filter(|(_, value)| *value == MASK);
    let field = |code: String| {
        let own = values.all.iter().find(|value| value.code == code);
        let title = own.map_or_else(|| code.clone(), |own| own.title.clone());
        let errors = action.errors.get(&code);
        SecretField {
            is_titled: title != code,
            title,
            error: errors.and_then(|list| list.first().cloned()),
            code,
        }
    };
    masked.map(|(code, _)| field(code)).collect()
}

/// Downloads the whole result as JSON.
pub async fn result(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> HttpResult<HttpResponse> {
    let task = bridge.tasks.get(who.account, task_id(&id)?).await?;
    let result = task
        .shown_result(english)
        .ok_or_else(Problem::unknown_route)?;
    let name = format!("attachment; filename=\"task-{}.json\"", task.id);
    let mut answer = HttpResponse::Ok();
    let mut answer = answer
        .insert_header((header::CONTENT_DISPOSITION, name))
        .json(Value::clone(&result));
    set_page_headers(&mut answer);
    Ok(answer)
}
