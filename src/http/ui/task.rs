//! `/dashboard/tasks/{id}/`: the progress, messages, outputs, result and history of a task.
//!
//! The page is complete without a script. The script follows the task's stream and, at each change, loads this page
//! again and replaces its live parts, so there is only one way to render them.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::badge::Badge;
use super::layout::{Layout, Section, large_page, set_page_headers, span, task_path};
use super::pipelines::label;
use super::result_view::{Cell, ResultContent, ResultView, cell, result_view};
use super::task_events::{EventItem, LogLine, event_item, lines};
use super::truncate::truncate;
use super::version_defaults;
use crate::domain::ids::TaskId;
use crate::domain::parameters::MASK;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation::{masked_by_name, without_injected};
use crate::http::api::tasks::task_id;
use crate::http::error::{HttpResult, Problem};
use crate::http::event_text;
use crate::language::english;
use crate::service::tasks::{EventsQuery, TaskHistory, TaskView};
use crate::service::tasks::{RunDetails, RunOutput};
use crate::service::{Bridge, Error, PAGE_WAIT, UpstreamError};

/// Maximum number of events and messages, newest kept.
const LINES: usize = 200;
/// Maximum number of characters of a container's log, newest kept.
const LOG: usize = 40_000;

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    page: Layout,
    id: i64,
    /// The page's address without query.
    address: String,
    pipeline: String,
    pipeline_id: String,
    version: Option<String>,
    badge: Badge,
    /// The key of an addition to the status.
    state: Option<&'static str>,
    is_live: bool,
    percent: Option<i64>,
    steps: Option<(i32, i32)>,
    message: Option<String>,
    created_at: DateTime<Utc>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    took: Option<String>,
    launcher: Option<String>,
    relaunch_of: Option<i64>,
    run_url: Option<String>,
    values: Vec<(String, Cell)>,
    /// The default values that were used, when the launch sent none.
    defaults: Vec<(String, Cell)>,
    /// Codes of the secrets that a relaunch needs again, each with its error.
    secrets: Vec<(String, Option<String>)>,
    idempotency_key: String,
    may_cancel: bool,
    may_relaunch: bool,
    messages: Vec<String>,
    result: Option<ResultView>,
    lines: Vec<LogLine>,
    events: Vec<EventItem>,
    outputs: Vec<Output>,
    logs: Option<String>,
    logs_cut: bool,
    unavailable: Option<String>,
}

struct Output {
    kind: String,
    name: String,
    link: Option<String>,
    place: Option<String>,
}

/// The part of the page that comes from OpenHEXA.
struct RunPart {
    lines: Vec<LogLine>,
    outputs: Vec<Output>,
    logs: Option<String>,
    logs_cut: bool,
    /// Why it is missing.
    unavailable: Option<String>,
}

impl RunPart {
    fn new(
        layout: &Layout,
        history: &TaskHistory,
        details: Option<RunDetails>,
        unavailable: Option<String>,
    ) -> Self {
        let (messages, outputs, logs) = details.map_or_else(Default::default, |found| {
            (found.messages, found.outputs, found.logs)
        });
        let (logs, logs_cut) = logs.map_or((None, false), |text| newest_log(&text));
        let outputs = outputs.into_iter();
        Self {
            lines: newest(lines(layout, &history.events, &messages)),
            outputs: outputs.filter_map(|one| output(layout, one)).collect(),
            logs,
            logs_cut,
            unavailable,
        }
    }
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
    render(
        &bridge,
        &who,
        &request,
        task_id(&id)?,
        ActionErrors::default(),
    )
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
    let part = EventsQuery {
        before: None,
        limit: LINES,
        messages_only: false,
    };
    let history = bridge.tasks.history(who.account, id, part).await?;
    let layout = Layout::of(request, Section::Tasks);
    let (details, unavailable) = match details(bridge, &view.task).await {
        Ok(found) => (found, None),
        Err(Error::Upstream(why)) => (None, Some(layout.word(&why.message()))),
        Err(error) => return Err(error.into()),
    };
    let defaults = if unavailable.is_none() && without_injected(&view.task.run.config).is_empty() {
        version_defaults::defaults(bridge, who, &view.task).await
    } else {
        Vec::new()
    };
    let defaults = shown(&layout, defaults.iter().map(|(code, value)| (code, value)));
    let status = action.status;
    large_page(status, move || {
        let run = RunPart::new(&layout, &history, details, unavailable);
        let template = compose(layout, &view, &history, run, action);
        TaskPage {
            defaults,
            ..template
        }
    })
    .await
}

async fn details(bridge: &Bridge, task: &Task) -> Result<Option<RunDetails>, Error> {
    let response = bridge.tasks.run_details(task.id);
    match tokio::time::timeout(PAGE_WAIT, response).await {
        Ok(found) => found,
        Err(_) => Err(Error::Upstream(UpstreamError::TimedOut)),
    }
}

fn compose(
    layout: Layout,
    view: &TaskView,
    history: &TaskHistory,
    run: RunPart,
    action: ActionErrors,
) -> TaskPage {
    let task = &view.task;
    let (events, refused) = (history.events.iter(), history.stop_denied);
    TaskPage {
        id: task.id.0,
        address: layout.path_to(&task_path(task.id)),
        pipeline: task.pipeline.name.clone(),
        pipeline_id: task.pipeline.id.to_string(),
        version: version(task),
        badge: Badge::of_task(&layout, task.status()),
        state: state(task, refused),
        is_live: !task.is_confirmed(),
        percent: percent(task),
        steps: steps(task),
        message: message(&layout, task),
        created_at: task.created_at,
        started_at: task.started_at,
        ended_at: task.ended_at,
        took: took(task),
        launcher: launcher(&layout, task),
        relaunch_of: task.relaunch_of.map(|id| id.0),
        run_url: view.run_url.clone(),
        values: values(&layout, task),
        defaults: Vec::new(),
        secrets: secrets(task, &action),
        idempotency_key: Uuid::new_v4().to_string(),
        may_cancel: layout.may_operate() && may_cancel(task, refused),
        may_relaunch: layout.may_operate() && task.outcome().is_some(),
        messages: action.messages,
        result: task.data.as_ref().map(result_view),
        lines: run.lines,
        events: newest(events.map(|event| event_item(&layout, event)).collect()),
        outputs: run.outputs,
        logs: run.logs,
        logs_cut: run.logs_cut,
        unavailable: run.unavailable,
        page: layout,
    }
}

fn may_cancel(task: &Task, stop_denied: bool) -> bool {
    task.outcome().is_none() && (task.cancel_asked_at.is_none() || stop_denied)
}

fn version(task: &Task) -> Option<String> {
    let version = task.pipeline.version.as_ref();
    version.map(|own| label(own.number, own.name.as_deref()))
}

/// Progress in steps. None with 100 steps, which would repeat the percentage.
fn steps(task: &Task) -> Option<(i32, i32)> {
    let is_shown = (1..).contains(&task.end_value) && task.end_value != 100;
    is_shown.then_some((task.progress_value, task.end_value))
}

/// The end of a log, none if it is blank, and whether its start was cut off.
fn newest_log(text: &str) -> (Option<String>, bool) {
    let (text, is_cut) = end_of(text, LOG);
    (Some(text).filter(|text| !text.trim().is_empty()), is_cut)
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

/// The pipeline's message, or the bridge's note in the user's language.
pub fn message(layout: &Layout, task: &Task) -> Option<String> {
    let shown = task.shown_message()?;
    Some(shown.text(|note| layout.language.note(note)))
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
    let from = task.started_at.unwrap_or(task.created_at);
    task.ended_at
        .map(|end| span((end - from).num_seconds().max(0)))
}

pub fn launcher(layout: &Layout, task: &Task) -> Option<String> {
    let Some(person) = &task.launcher else {
        let actor = task.launched_with.as_ref();
        return actor.map(|actor| event_text::actor(layout.language, actor));
    };
    let full = Some(person.full_name.clone()).filter(|name| !name.trim().is_empty());
    Some(full.unwrap_or_else(|| person.username.clone()))
}

fn values(layout: &Layout, task: &Task) -> Vec<(String, Cell)> {
    let given = masked_by_name(&without_injected(&task.run.config));
    shown(layout, given.iter())
}

fn shown<'a>(
    layout: &Layout,
    values: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Vec<(String, Cell)> {
    let shown = |value: &Value| match value {
        Value::Bool(flag) => cell(&layout.yes_or_no(*flag).into()),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            cell(value)
        }
    };
    values
        .map(|(code, value)| (code.clone(), shown(value)))
        .collect()
}

fn secrets(task: &Task, action: &ActionErrors) -> Vec<(String, Option<String>)> {
    let given = without_injected(&task.run.config);
    let masked = given.into_iter().filter(|(_, value)| *value == MASK);
    let wrong = |code: &String| {
        action
            .errors
            .get(code)
            .and_then(|list| list.first().cloned())
    };
    masked
        .map(|(code, _)| (code.clone(), wrong(&code)))
        .collect()
}

fn newest<T>(mut all: Vec<T>) -> Vec<T> {
    let skip = all.len().saturating_sub(LINES);
    all.drain(..skip);
    all
}

fn end_of(text: &str, most: usize) -> (String, bool) {
    let skip = text.chars().count().saturating_sub(most);
    (text.chars().skip(skip).collect(), skip > 0)
}

fn output(layout: &Layout, output: RunOutput) -> Option<Output> {
    let (kind, name, place) = match output {
        RunOutput::File { name, path, .. } => (layout.say("output-file"), name, Some(path)),
        RunOutput::Table { name } => (layout.say("output-table"), name, None),
        RunOutput::Link { name, kind, uri } => {
            (kind, name.unwrap_or_else(|| uri.clone()), Some(uri))
        }
        RunOutput::Unknown => return None,
    };
    let is_web = |place: &&String| place.starts_with("https://") || place.starts_with("http://");
    Some(Output {
        link: place.as_ref().filter(is_web).cloned(),
        name: truncate(&name, 200).0,
        kind,
        place,
    })
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
