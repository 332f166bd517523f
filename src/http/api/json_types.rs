//! Tasks as JSON, and times. Pipelines: `pipeline_json.rs`.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::schemas::{TaskFlowRun, TaskStatus, TaskVersion};
use crate::domain::ids::TaskId;
use crate::domain::task::Task;
use crate::domain::validation;
use crate::language::english;
use crate::service::tasks::TaskView;

/// ISO 8601, UTC, milliseconds.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub fn time_or_null(at: Option<DateTime<Utc>>) -> Option<String> {
    at.map(time)
}

/// The eight keys of a task in the response to a launch or a report.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Progress)]
pub struct TaskProgressJson {
    id: i64,
    name: String,
    #[schema(value_type = TaskStatus)]
    status: &'static str,
    progress_message: Option<String>,
    progress_value: i32,
    end_value: i32,
    result: Option<Value>,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl TaskProgressJson {
    pub fn id(&self) -> TaskId {
        TaskId(self.id)
    }
}

impl From<&Task> for TaskProgressJson {
    fn from(task: &Task) -> Self {
        let (progress_value, end_value) = task.shown_progress();
        Self {
            id: task.id.0,
            name: task.name.clone(),
            status: task.status().as_str(),
            progress_message: task.shown_message().map(|shown| shown.text(english)),
            progress_value,
            end_value,
            result: task.shown_result(english),
            updated_at: time(task.updated_at),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct Envelope {
    pub task: TaskProgressJson,
}

impl From<&Task> for Envelope {
    fn from(task: &Task) -> Self {
        Self { task: task.into() }
    }
}

/// A task with all its keys.
#[derive(Serialize, ToSchema)]
#[schema(as = Task)]
pub struct FullTask {
    #[serde(flatten)]
    short: TaskProgressJson,
    confirmed: bool,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    started_at: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    launcher: Option<LauncherJson>,
    pipeline: TaskPipeline,
    run: Option<TaskRun>,
    #[schema(format = DateTime)]
    cancel_asked_at: Option<String>,
    relaunch_of: Option<i64>,
    /// The run and step of the flow that launched it.
    flow_run: Option<TaskFlowRun>,
    /// Only in lists and streams, when `result` is null because it is too large: its size in bytes. Request the task to
    /// get its result.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result_size: Option<i64>,
    /// Only in the response for a single task.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    config: Option<Map<String, Value>>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Launcher)]
struct LauncherJson {
    id: i64,
    username: String,
    full_name: String,
}

#[derive(Serialize, ToSchema)]
struct TaskPipeline {
    #[schema(format = "uuid")]
    id: String,
    code: String,
    name: String,
    version: Option<TaskVersion>,
}

#[derive(Serialize, ToSchema)]
struct TaskRun {
    #[schema(format = "uuid")]
    id: String,
    status: Option<String>,
    progress: i32,
    #[schema(format = "uri")]
    url: Option<String>,
}

impl From<&TaskView> for FullTask {
    fn from(view: &TaskView) -> Self {
        let task = &view.task;
        Self {
            short: task.into(),
            confirmed: task.is_confirmed(),
            created_at: time(task.created_at),
            started_at: time_or_null(task.started_at),
            ended_at: time_or_null(task.ended_at),
            launcher: launcher(task),
            pipeline: pipeline_of(task),
            run: run_of(view),
            cancel_asked_at: time_or_null(task.cancel_asked_at),
            relaunch_of: task.relaunch_of.map(|id| id.0),
            flow_run: task.flow_step.as_ref().map(TaskFlowRun::from),
            result_size: task.unread,
            config: None,
        }
    }
}

impl FullTask {
    pub fn with_config(view: &TaskView) -> Self {
        Self {
            config: Some(validation::masked_by_name(&view.task.run.config)),
            ..view.into()
        }
    }
}

fn launcher(task: &Task) -> Option<LauncherJson> {
    task.launcher.as_ref().map(|person| LauncherJson {
        id: person.id,
        username: person.username.clone(),
        full_name: person.full_name.clone(),
    })
}

fn pipeline_of(task: &Task) -> TaskPipeline {
    TaskPipeline {
        id: task.pipeline.id.to_string(),
        code: task.pipeline.code.clone(),
        name: task.pipeline.name.clone(),
        version: task.pipeline.version.as_ref().map(TaskVersion::from),
    }
}

fn run_of(view: &TaskView) -> Option<TaskRun> {
    let run = &view.task.run;
    run.id.map(|id| TaskRun {
        id: id.to_string(),
        status: run.status.as_ref().map(|status| status.as_str().to_owned()),
        progress: run.progress,
        url: view.run_url.clone(),
    })
}
