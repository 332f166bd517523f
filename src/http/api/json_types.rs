//! Tasks, pipelines and versions as JSON.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::schemas::{TaskFlowRun, TaskStatus, TaskVersion};
use crate::domain::ids::TaskId;
use crate::domain::parameters::{Parameter, masked};
use crate::domain::pipeline::{Pipeline, PipelineSummary, RunSummary, Version, VersionLabel};
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

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PipelineRow)]
pub struct PipelineItem {
    #[schema(format = "uuid")]
    id: String,
    name: Option<String>,
    code: String,
    #[serde(rename = "type")]
    kind: String,
    functional_type: Option<String>,
    tags: Vec<String>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    current_version: Option<LabelJson>,
    last_run: Option<RunJson>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VersionLabel)]
pub struct LabelJson {
    #[schema(format = "uuid")]
    id: String,
    version_number: i64,
    version_name: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LastRun)]
struct RunJson {
    #[schema(format = "uuid")]
    id: String,
    status: String,
    #[schema(format = DateTime)]
    execution_date: Option<String>,
    duration: Option<i64>,
}

impl From<&PipelineSummary> for PipelineItem {
    fn from(pipeline: &PipelineSummary) -> Self {
        Self {
            id: pipeline.id.to_string(),
            name: pipeline.name.clone(),
            code: pipeline.code.clone(),
            kind: pipeline.kind.clone(),
            functional_type: pipeline.functional_type.clone(),
            tags: pipeline.tags.clone(),
            created_at: time_or_null(pipeline.created_at),
            current_version: pipeline.current_version.as_ref().map(label),
            last_run: pipeline.last_run.as_ref().map(run),
        }
    }
}

pub fn label(version: &VersionLabel) -> LabelJson {
    LabelJson {
        id: version.id.to_string(),
        version_number: version.number,
        version_name: version.name.clone(),
    }
}

fn run(run: &RunSummary) -> RunJson {
    RunJson {
        id: run.id.to_string(),
        status: run.status.as_str().to_owned(),
        execution_date: time_or_null(run.execution_date),
        duration: run.duration,
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pipeline)]
pub struct PipelineJson {
    #[schema(format = "uuid")]
    id: String,
    name: Option<String>,
    code: String,
    #[serde(rename = "type")]
    kind: String,
    description: Option<String>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    permissions: Permissions,
    current_version: Option<VersionJson>,
}

#[derive(Serialize, ToSchema)]
struct Permissions {
    run: bool,
    stop: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Version)]
struct VersionJson {
    #[serde(flatten)]
    label: LabelJson,
    config: Map<String, Value>,
    timeout: Option<i64>,
    parameters: Vec<ParameterJson>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Parameter)]
pub struct ParameterJson {
    code: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    required: bool,
    multiple: bool,
    default: Option<Value>,
    choices: Option<Vec<Value>>,
    choices_from_file: Option<ChoicesJson>,
    help: Option<String>,
    widget: Option<String>,
    connection: Option<String>,
    directory: Option<String>,
    disables: Vec<String>,
    disable_when: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChoicesFile)]
struct ChoicesJson {
    path: String,
    format: String,
    column: Option<String>,
}

impl From<&Pipeline> for PipelineJson {
    fn from(pipeline: &Pipeline) -> Self {
        Self {
            id: pipeline.id.to_string(),
            name: pipeline.name.clone(),
            code: pipeline.code.clone(),
            kind: pipeline.kind.clone(),
            description: pipeline.description.clone(),
            created_at: time_or_null(pipeline.created_at),
            permissions: Permissions {
                run: pipeline.may_run,
                stop: pipeline.may_stop,
            },
            current_version: pipeline.current_version.as_ref().map(version),
        }
    }
}

fn version(version: &Version) -> VersionJson {
    VersionJson {
        label: label(&version.label),
        config: validation::masked(&version.parameters, &version.config),
        timeout: version.timeout_seconds,
        parameters: declared(&version.parameters),
    }
}

/// The parameters of a version. The default of a parameter is masked if it is secret by its type or its name.
pub fn declared(all: &[Parameter]) -> Vec<ParameterJson> {
    all.iter().map(|parameter| one_of(all, parameter)).collect()
}

fn one_of(all: &[Parameter], parameter: &Parameter) -> ParameterJson {
    let default = parameter.default.clone();
    ParameterJson {
        code: parameter.code.clone(),
        name: parameter.name.clone(),
        kind: parameter.kind.as_str().to_owned(),
        required: parameter.required,
        multiple: parameter.multiple,
        default: default.map(|value| {
            if validation::is_hidden(all, &parameter.code, &value) {
                masked(&value)
            } else {
                value
            }
        }),
        // The error message for an invalid value does not list the choices of a secret either.
        choices: parameter.choices.clone().filter(|_| !parameter.is_secret()),
        choices_from_file: parameter
            .choices_from_file
            .as_ref()
            .map(|file| ChoicesJson {
                path: file.path.clone(),
                format: file.format.clone(),
                column: file.column.clone(),
            }),
        help: parameter.help.clone(),
        widget: parameter.widget.clone(),
        connection: parameter.connection.clone(),
        directory: parameter.directory.clone(),
        disables: parameter.disables.clone(),
        disable_when: parameter.disable_when,
    }
}
