//! Runs of flows and their steps as JSON.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::domain::flow::run::{FlowRun, StepRun};
use crate::domain::flow::step_state::StepState;
use crate::domain::principal::{Actor, Principal};
use crate::domain::task::Task;
use crate::http::api::json_types::{time, time_or_null};
use crate::http::api::schemas::{TaskStatus, TaskVersion};
use crate::http::event_text::actor;
use crate::http::flow_text;
use crate::language::Language;
use crate::service::flows::{Loaded, RunView, StepView};

/// A run of a flow.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowRun)]
pub struct FlowRunJson {
    id: i64,
    flow: String,
    version: i64,
    #[schema(value_type = TaskStatus)]
    status: &'static str,
    /// Whether a step that may fail has failed.
    warnings: bool,
    /// manual, schedule, webhook, flow, file, backfill or replay.
    trigger: &'static str,
    /// As whom its pipelines are launched.
    launcher: FlowLauncherJson,
    /// Who or what started it, in words.
    started_by: String,
    #[schema(format = DateTime)]
    scheduled_for: Option<String>,
    interval: Option<IntervalJson>,
    /// The values of the inputs, by name.
    #[schema(value_type = Object)]
    inputs: Map<String, Value>,
    /// The file that started it.
    file: Option<RunFileJson>,
    /// Keys of the message of a webhook that are no inputs.
    ignored: Vec<String>,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    started_at: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    #[schema(format = DateTime)]
    cancel_asked_at: Option<String>,
    replay_of: Option<i64>,
    backfill: Option<i64>,
    /// Why it was refused, or why the last try to prepare it failed.
    trouble: Vec<String>,
    /// Not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    steps: Option<Vec<StepJson>>,
}

/// A user of Iaso, an API key, a key of the settings, or the local user.
#[derive(Serialize, ToSchema)]
#[schema(as = FlowLauncher)]
pub struct FlowLauncherJson {
    kind: &'static str,
    name: String,
    /// The number of the user or API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<i64>,
}

/// From `start` on, before `end`.
#[derive(Serialize, ToSchema)]
#[schema(as = Interval)]
pub struct IntervalJson {
    #[schema(format = DateTime)]
    start: String,
    #[schema(format = DateTime)]
    end: String,
}

/// A file of the workspace, as it was when it started the run.
#[derive(Serialize, ToSchema)]
#[schema(as = RunFile)]
pub struct RunFileJson {
    path: String,
    /// In bytes.
    size: u64,
    #[schema(format = DateTime)]
    modified: String,
}

/// A run that was started.
#[derive(Serialize, ToSchema)]
pub struct FlowRunEnvelope {
    pub run: FlowRunJson,
}

/// A step of a run.
#[derive(Serialize, ToSchema)]
#[schema(as = Step)]
pub struct StepJson {
    id: String,
    pipeline: StepPipelineJson,
    /// The steps that it waits for, also because of references.
    after: Vec<String>,
    /// PENDING, RUNNING, RETRY, SUCCESS, ERROR, SKIPPED or CANCELLED.
    status: &'static str,
    /// Why it failed, was skipped, or is being stopped.
    reason: Option<String>,
    attempts: Vec<AttemptJson>,
    /// When the next attempt starts.
    #[schema(format = DateTime)]
    not_before: Option<String>,
    /// The run whose result is reused.
    reused_from: Option<i64>,
    /// The result of its task. Null also if it is larger than 16 KiB.
    result: Option<Value>,
    /// Only if `result` is too large: its size in bytes. Request the task to get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    result_size: Option<i64>,
    #[schema(format = DateTime)]
    started_at: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

/// The pipeline of a step. Its name and version are known once the run is prepared.
#[derive(Serialize, ToSchema)]
#[schema(as = StepPipeline)]
pub struct StepPipelineJson {
    #[schema(format = "uuid")]
    id: Option<String>,
    code: String,
    name: Option<String>,
    version: Option<TaskVersion>,
}

/// An attempt of a step, which is a task.
#[derive(Serialize, ToSchema)]
#[schema(as = Attempt)]
pub struct AttemptJson {
    n: u32,
    task_id: i64,
    #[schema(value_type = TaskStatus)]
    status: &'static str,
    #[schema(format = DateTime)]
    started_at: Option<String>,
    #[schema(format = DateTime)]
    ended_at: Option<String>,
}

impl FlowRunJson {
    /// Without its steps.
    pub fn short(run: &FlowRun, language: Language) -> Self {
        let start = &run.start;
        Self {
            id: run.id.0,
            flow: run.slug.clone(),
            version: start.version,
            status: run.status.as_str(),
            warnings: run.warnings,
            trigger: start.cause.as_str(),
            launcher: launcher(&start.launcher, language),
            started_by: flow_text::started_by(run, language),
            scheduled_for: time_or_null(start.scheduled_for),
            interval: start.interval.map(|interval| IntervalJson {
                start: time(interval.start),
                end: time(interval.end),
            }),
            inputs: start.inputs.clone(),
            file: start.file.as_ref().map(|file| RunFileJson {
                path: file.path.clone(),
                size: file.size,
                modified: time(file.modified),
            }),
            ignored: start.ignored.clone(),
            created_at: time(run.created_at),
            started_at: time_or_null(run.started_at),
            ended_at: time_or_null(run.ended_at),
            cancel_asked_at: time_or_null(run.cancel_asked_at),
            replay_of: start.replay_of.map(|id| id.0),
            backfill: start.backfill.map(|id| id.0),
            trouble: flow_text::sentences(&run.trouble, language),
            steps: None,
        }
    }

    pub fn of(view: &RunView, language: Language) -> Self {
        let steps = view.steps.iter().enumerate();
        let steps = steps.map(|(position, one)| step(view, position, one, language));
        Self {
            steps: Some(steps.collect()),
            ..Self::short(&view.run, language)
        }
    }
}

fn launcher(who: &Principal, language: Language) -> FlowLauncherJson {
    let person = who.person.as_ref().map(|person| person.id);
    let (kind, id) = match &who.actor {
        Actor::User(_) => ("user", person),
        Actor::Key { id, .. } => ("key", Some(id.0)),
        Actor::SettingsKey(_) => ("settings_key", None),
        Actor::LocalUser => ("local_user", None),
        Actor::CommandLine => ("command_line", None),
        Actor::Iaso => ("iaso", None),
        Actor::Flow(_) => ("flow", None),
    };
    FlowLauncherJson {
        kind,
        name: actor(language, &who.actor),
        id,
    }
}

fn step(view: &RunView, position: usize, one: &StepView, language: Language) -> StepJson {
    let own = &one.step;
    let task = one.task.as_ref();
    StepJson {
        id: own.code.clone(),
        pipeline: pipeline(&view.loaded, position, own),
        after: flow_text::parents(&view.loaded, position),
        status: own.state.as_str(),
        reason: flow_text::reason(view, one, language),
        attempts: one.attempts.iter().map(attempt).collect(),
        not_before: not_before(&own.state),
        reused_from: own.reused_from.map(|id| id.0),
        result: task.and_then(|task| task.data.clone()),
        result_size: task.and_then(|task| task.unread),
        started_at: time_or_null(own.started_at),
        ended_at: time_or_null(own.ended_at),
    }
}

fn not_before(state: &StepState) -> Option<String> {
    if let StepState::Retry { not_before, .. } = state {
        return Some(time(*not_before));
    }
    None
}

fn pipeline(loaded: &Loaded, position: usize, step: &StepRun) -> StepPipelineJson {
    let declared = loaded.flow.steps.get(position);
    let code = declared.map(|step| step.pipeline.value.clone());
    let code = code.unwrap_or_default();
    let known = loaded.pipelines().get(&code).copied();
    let pinned = step.pipeline.as_ref();
    let id = pinned.map(|pinned| pinned.id).or(known);
    StepPipelineJson {
        id: id.map(|id| id.to_string()),
        code,
        name: pinned.map(|pinned| pinned.name.clone()),
        version: pinned
            .and_then(|pinned| pinned.version.as_ref())
            .map(TaskVersion::from),
    }
}

fn attempt((n, task): &(u32, Task)) -> AttemptJson {
    AttemptJson {
        n: *n,
        task_id: task.id.0,
        status: task.status().as_str(),
        started_at: time_or_null(task.started_at),
        ended_at: time_or_null(task.ended_at),
    }
}
