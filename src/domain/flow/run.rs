//! A run of a flow, and its steps, as they are stored.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::problem::Problem;
use super::reference::FileFound;
use super::schedule::Interval;
use super::step_state::StepState;
use crate::domain::ids::{
    AccountId, BackfillId, FlowId, FlowRunId, PipelineId, ScheduleId, TaskId,
};
use crate::domain::pipeline::VersionLabel;
use crate::domain::principal::{Actor, Principal};
use crate::domain::status::Status;
use crate::domain::words::words;

words! {
    /// What started a run.
    pub enum Cause {
        Manual = "manual";
        Schedule = "schedule";
        Webhook = "webhook";
        /// The end of a run of another flow.
        Flow = "flow";
        File = "file";
        Backfill = "backfill";
        Replay = "replay";
    }
}

words! {
    /// What became of a tick.
    pub enum Outcome {
        /// It has a run.
        Run = "run";
        /// An earlier run of the schedule was active.
        Overlap = "overlap";
        /// The bridge did not run at that time, or the schedule does not catch up with it.
        Missed = "missed";
        /// Its run could not start, for example because a pipeline was deleted.
        Refused = "refused";
    }
}

/// A schedule, and its id in the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRef {
    pub id: ScheduleId,
    pub code: String,
}

/// Which version of which flow a run has, and what started it.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    pub account: AccountId,
    pub flow: FlowId,
    pub version: i64,
    pub cause: Cause,
    /// The caller as whom its pipelines are launched.
    pub launcher: Principal,
    pub schedule: Option<ScheduleRef>,
    pub scheduled_for: Option<DateTime<Utc>>,
    pub interval: Option<Interval>,
    pub inputs: Map<String, Value>,
    pub file: Option<FileFound>,
    /// Keys of the message of a webhook that are no inputs.
    pub ignored: Vec<String>,
    pub replay_of: Option<FlowRunId>,
    pub backfill: Option<BackfillId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FlowRun {
    pub id: FlowRunId,
    /// The id of the flow, as in its address.
    pub slug: String,
    pub start: Start,
    /// Whether it waits for other runs of its flow to end.
    pub waiting: bool,
    /// Whether the versions of its pipelines are fixed and its values were validated.
    pub prepared: bool,
    /// Why it was refused, or could not be prepared the last time.
    pub trouble: Vec<Problem>,
    /// The first of the failures to prepare it.
    pub failing_since: Option<DateTime<Utc>>,
    pub status: Status,
    /// Whether a step that may fail has failed.
    pub warnings: bool,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub cancel_asked_at: Option<DateTime<Utc>>,
    pub cancelled_by: Option<Actor>,
    /// Grows with each change.
    pub revision: i64,
}

impl FlowRun {
    /// A new run, before the database has given it an id.
    pub fn new(start: Start, slug: String, now: DateTime<Utc>) -> Self {
        Self {
            id: FlowRunId(0),
            slug,
            start,
            waiting: false,
            prepared: false,
            trouble: Vec::new(),
            failing_since: None,
            status: Status::Queued,
            warnings: false,
            created_at: now,
            started_at: None,
            ended_at: None,
            cancel_asked_at: None,
            cancelled_by: None,
            revision: 1,
        }
    }

    /// How long it ran, with its wait if no step was started. None: it has not ended.
    pub fn took(&self) -> Option<TimeDelta> {
        let began = self.started_at.unwrap_or(self.created_at);
        self.ended_at.map(|ended| ended - began)
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancel_asked_at.is_some()
    }
}

/// The pipeline of a step, with the version that all attempts of the step run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedPipeline {
    pub id: PipelineId,
    pub name: String,
    /// None: a notebook.
    pub version: Option<VersionLabel>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRun {
    /// The id of the step in the document.
    pub code: String,
    pub state: StepState,
    /// Why it failed before it had a task, or could not start the last time.
    pub problem: Vec<Problem>,
    /// The first of the failures to start it.
    pub failing_since: Option<DateTime<Utc>>,
    /// None: the run is not prepared yet.
    pub pipeline: Option<PinnedPipeline>,
    /// The task of the current attempt, or the one whose result is reused.
    pub task: Option<TaskId>,
    pub reused_from: Option<FlowRunId>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

impl StepRun {
    pub fn new(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            state: StepState::Pending,
            problem: Vec::new(),
            failing_since: None,
            pipeline: None,
            task: None,
            reused_from: None,
            started_at: None,
            ended_at: None,
        }
    }

    /// Changes the state, and what follows from it: the times, and that no problem of the earlier state is left.
    pub fn enter(&mut self, state: StepState, now: DateTime<Utc>) {
        self.problem.clear();
        self.failing_since = None;
        if matches!(state, StepState::Running { .. }) {
            self.started_at.get_or_insert(now);
        }
        if state.has_ended() {
            self.ended_at.get_or_insert(now);
        }
        self.state = state;
    }
}
