//! `/dashboard/tasks/{id}/`: how far a launch is, what it said and left behind, and why it has its status.
//!
//! The page is whole without a script. With one it follows the task's stream and takes its live parts anew from this
//! same page, so that there is one way to draw it.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::badge::Badge;
use super::events::{Happened, Line, happened, lines};
use super::pipelines::label;
use super::result::{Cell, Form, Readable, cell, readable};
use super::shell::{Here, Shell, guarded, large_page, span};
use super::short::shortened;
use super::used;
use crate::domain::ids::TaskId;
use crate::domain::parameters::MASK;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation::{masked_by_name, without_injected};
use crate::http::api::tasks::task_id;
use crate::http::error::{Answer, Problem};
use crate::http::history;
use crate::language::english;
use crate::service::tasks::{EventsPart, TaskHistory, TaskView};
use crate::service::tasks::{RunDetails, RunOutput};
use crate::service::{Bridge, Error, PAGE_WAIT, Upstream};

/// Lines of history and of messages, newest kept.
const LINES: usize = 200;
/// Letters of a container's log, newest kept.
const LOG: usize = 40_000;

#[derive(Template)]
#[template(path = "task.html")]
struct TaskPage {
    page: Shell,
    id: i64,
    /// The page's address without anything asked of it.
    here: String,
    pipeline: String,
    pipeline_id: String,
    version: Option<String>,
    badge: Badge,
    /// What the status alone does not tell.
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
    /// Codes of secrets that a relaunch needs again, each with what is wrong with it.
    secrets: Vec<(String, Option<String>)>,
    once: String,
    may_cancel: bool,
    may_relaunch: bool,
    told: Vec<String>,
    result: Option<Readable>,
    lines: Vec<Line>,
    events: Vec<Happened>,
    outputs: Vec<Output>,
    logs: Option<String>,
    logs_cut: bool,
    away: Option<String>,
}

struct Output {
    kind: String,
    name: String,
    link: Option<String>,
    place: Option<String>,
}

/// The part of the page that comes from OpenHEXA.
struct RunPart {
    lines: Vec<Line>,
    outputs: Vec<Output>,
    logs: Option<String>,
    logs_cut: bool,
    /// Why it is missing.
    away: Option<String>,
}

impl RunPart {
    fn new(
        shell: &Shell,
        history: &TaskHistory,
        details: Option<RunDetails>,
        away: Option<String>,
    ) -> Self {
        let (messages, outputs, logs) = details.map_or_else(Default::default, |found| {
            (found.messages, found.outputs, found.logs)
        });
        let (logs, logs_cut) = logs.map_or((None, false), |text| newest_log(&text));
        let outputs = outputs.into_iter();
        Self {
            lines: newest(lines(shell, &history.events, &messages)),
            outputs: outputs.filter_map(|one| output(shell, one)).collect(),
            logs,
            logs_cut,
            away,
        }
    }
}

/// What a page says beside the task: a refusal of what was asked of it.
#[derive(Default)]
pub struct Beside {
    pub status: StatusCode,
    pub told: Vec<String>,
    pub errors: std::collections::BTreeMap<String, Vec<String>>,
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    draw(&bridge, &who, &request, task_id(&id)?, Beside::default()).await
}

pub async fn draw(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    id: TaskId,
    beside: Beside,
) -> Answer<HttpResponse> {
    let seen = bridge.tasks.view(who.account, id).await?;
    let part = EventsPart {
        before: None,
        limit: LINES,
        messages_only: false,
    };
    let history = bridge.tasks.history(who.account, id, part).await?;
    let shell = Shell::of(request, Here::Tasks);
    let (details, away) = match details(bridge, &seen.task).await {
        Ok(found) => (found, None),
        Err(Error::Upstream(why)) => (None, Some(shell.word(&why.sentence()))),
        Err(error) => return Err(error.into()),
    };
    let defaults = if away.is_none() && without_injected(&seen.task.run.config).is_empty() {
        used::defaults(bridge, who, &seen.task).await
    } else {
        Vec::new()
    };
    let defaults = shown(&shell, defaults.iter().map(|(code, value)| (code, value)));
    let status = beside.status;
    large_page(status, move || {
        let run = RunPart::new(&shell, &history, details, away);
        let template = compose(shell, &seen, &history, run, beside);
        TaskPage {
            defaults,
            ..template
        }
    })
    .await
}

async fn details(bridge: &Bridge, task: &Task) -> Result<Option<RunDetails>, Error> {
    let asking = bridge.tasks.run_details(task.id);
    match tokio::time::timeout(PAGE_WAIT, asking).await {
        Ok(found) => found,
        Err(_) => Err(Error::Upstream(Upstream::TimedOut)),
    }
}

fn compose(
    shell: Shell,
    seen: &TaskView,
    history: &TaskHistory,
    run: RunPart,
    beside: Beside,
) -> TaskPage {
    let task = &seen.task;
    let (events, refused) = (history.events.iter(), history.stop_denied);
    TaskPage {
        id: task.id.0,
        here: shell.below(&format!("/tasks/{}/", task.id)),
        pipeline: task.pipeline.name.clone(),
        pipeline_id: task.pipeline.id.to_string(),
        version: version(task),
        badge: Badge::of_task(&shell, task.status()),
        state: state(task, refused),
        is_live: !task.confirmed(),
        percent: percent(task),
        steps: steps(task),
        message: message(&shell, task),
        created_at: task.created_at,
        started_at: task.started_at,
        ended_at: task.ended_at,
        took: took(task),
        launcher: launcher(&shell, task),
        relaunch_of: task.relaunch_of.map(|id| id.0),
        run_url: seen.run_url.clone(),
        values: values(&shell, task),
        defaults: Vec::new(),
        secrets: secrets(task, &beside),
        once: Uuid::new_v4().to_string(),
        may_cancel: shell.operates() && may_cancel(task, refused),
        may_relaunch: shell.operates() && task.verdict().is_some(),
        told: beside.told,
        result: task.data.as_ref().map(readable),
        lines: run.lines,
        events: newest(events.map(|event| happened(&shell, event)).collect()),
        outputs: run.outputs,
        logs: run.logs,
        logs_cut: run.logs_cut,
        away: run.away,
        page: shell,
    }
}

fn may_cancel(task: &Task, stop_denied: bool) -> bool {
    task.verdict().is_none() && (task.cancel_asked_at.is_none() || stop_denied)
}

fn version(task: &Task) -> Option<String> {
    let version = task.pipeline.version.as_ref();
    version.map(|own| label(own.number, own.name.as_deref()))
}

/// Progress in steps, unless there are a hundred: then the percentage says the same.
fn steps(task: &Task) -> Option<(i32, i32)> {
    let is_shown = (1..).contains(&task.end_value) && task.end_value != 100;
    is_shown.then_some((task.progress_value, task.end_value))
}

/// The end of a log, unless it is blank, and whether its beginning was cut off.
fn newest_log(text: &str) -> (Option<String>, bool) {
    let (text, is_cut) = end_of(text, LOG);
    (Some(text).filter(|text| !text.trim().is_empty()), is_cut)
}

fn state(task: &Task, refused: bool) -> Option<&'static str> {
    let ended = task.verdict().is_some();
    match (ended, task.confirmed(), task.cancel_asked_at.is_some()) {
        (false, _, true) if refused => Some("task-stop-refused"),
        (false, _, true) => Some("task-stop-asked"),
        (true, false, _) => Some("task-not-confirmed"),
        (true, true, _) => Some("task-confirmed"),
        (false, _, false) => None,
    }
}

/// The pipeline's own, or in the reader's words what only the bridge knows.
pub fn message(shell: &Shell, task: &Task) -> Option<String> {
    let shown = task.shown_message()?;
    Some(shown.in_words(|note| shell.language.note(note)))
}

/// Of what the pipeline counts, or else of what OpenHEXA says; none before there is anything to tell.
pub fn percent(task: &Task) -> Option<i64> {
    let own = i64::from(task.progress_value) * 100;
    match (task.verdict().is_some(), task.end_value) {
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

pub fn launcher(shell: &Shell, task: &Task) -> Option<String> {
    let Some(person) = &task.launcher else {
        let actor = task.launched_with.as_ref();
        return actor.map(|actor| history::actor(shell.language, actor));
    };
    let full = Some(person.full_name.clone()).filter(|name| !name.trim().is_empty());
    Some(full.unwrap_or_else(|| person.username.clone()))
}

fn values(shell: &Shell, task: &Task) -> Vec<(String, Cell)> {
    let given = masked_by_name(&without_injected(&task.run.config));
    shown(shell, given.iter())
}

fn shown<'a>(
    shell: &Shell,
    values: impl Iterator<Item = (&'a String, &'a Value)>,
) -> Vec<(String, Cell)> {
    let shown = |value: &Value| match value {
        Value::Bool(flag) => cell(&shell.yes_or_no(*flag).into()),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            cell(value)
        }
    };
    values
        .map(|(code, value)| (code.clone(), shown(value)))
        .collect()
}

fn secrets(task: &Task, beside: &Beside) -> Vec<(String, Option<String>)> {
    let given = without_injected(&task.run.config);
    let masked = given.into_iter().filter(|(_, value)| *value == MASK);
    let wrong = |code: &String| {
        beside
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

fn output(shell: &Shell, output: RunOutput) -> Option<Output> {
    let (kind, name, place) = match output {
        RunOutput::File { name, path, .. } => (shell.say("output-file"), name, Some(path)),
        RunOutput::Table { name } => (shell.say("output-table"), name, None),
        RunOutput::Link { name, kind, uri } => {
            (kind, name.unwrap_or_else(|| uri.clone()), Some(uri))
        }
        RunOutput::Unknown => return None,
    };
    let is_web = |place: &&String| place.starts_with("https://") || place.starts_with("http://");
    Some(Output {
        link: place.as_ref().filter(is_web).cloned(),
        name: shortened(&name, 200).0,
        kind,
        place,
    })
}

/// The whole result, as the API has it.
pub async fn result(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let task = bridge.tasks.get(who.account, task_id(&id)?).await?;
    let result = task
        .shown_result(english)
        .ok_or_else(Problem::unknown_route)?;
    let name = format!("attachment; filename=\"task-{}.json\"", task.id);
    let mut answer = HttpResponse::Ok();
    let mut answer = answer
        .insert_header((header::CONTENT_DISPOSITION, name))
        .json(Value::clone(&result));
    guarded(&mut answer);
    Ok(answer)
}
