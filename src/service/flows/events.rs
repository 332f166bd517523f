//! The history of a run, derived from its stored rows and those of its tasks.

use chrono::{DateTime, Utc};

use super::reading::{RunView, StepView};
use crate::domain::flow::step_state::StepState;
use crate::domain::ids::{FlowRunId, TaskId};
use crate::domain::status::Status;

/// An entry of the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEvent {
    pub at: DateTime<Utc>,
    /// The position of the step that it is about.
    pub step: Option<usize>,
    pub task: Option<TaskId>,
    pub kind: RunEventKind,
}

/// What happened. The run and its steps have the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEventKind {
    Created,
    /// The message of a webhook had keys that are no inputs.
    KeysIgnored,
    /// It waits for an earlier run of its schedule.
    Waiting,
    /// The last try to prepare it failed.
    Trouble,
    Refused,
    Started,
    CancelAsked,
    StepReused(FlowRunId),
    AttemptStarted(u32),
    AttemptEnded(u32, Status),
    Retry {
        attempt: u32,
        at: DateTime<Utc>,
    },
    StepSkipped,
    StepFailed,
    StepCancelled,
    Ended,
}

impl RunEventKind {
    /// The word that the API shows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::KeysIgnored => "keys_ignored",
            Self::Waiting => "waiting",
            Self::Trouble => "trouble",
            Self::Refused => "refused",
            Self::Started => "started",
            Self::CancelAsked => "cancel_asked",
            Self::StepReused(_) => "step_reused",
            Self::AttemptStarted(_) => "attempt_started",
            Self::AttemptEnded(..) => "attempt_ended",
            Self::Retry { .. } => "retry",
            Self::StepSkipped => "step_skipped",
            Self::StepFailed => "step_failed",
            Self::StepCancelled => "step_cancelled",
            Self::Ended => "ended",
        }
    }
}

/// Oldest first. Events of the same moment are in the order in which they follow from each other.
pub fn history(view: &RunView) -> Vec<RunEvent> {
    let mut events = of_run(view);
    for (position, step) in view.steps.iter().enumerate() {
        events.extend(of_attempts(view, position, step));
        events.extend(of_end(position, step));
    }
    let ended = view.run.ended_at.map(|at| event(at, RunEventKind::Ended));
    events.extend(ended);
    // The sort is stable.
    events.sort_by_key(|event| event.at);
    if let Some(at) = view.run.cancel_asked_at {
        let follows = |event: &RunEvent| event.at > at || (event.at == at && is_stop(event.kind));
        let place = events.iter().position(follows).unwrap_or(events.len());
        events.insert(place, event(at, RunEventKind::CancelAsked));
    }
    events
}

/// Whether it can follow from the cancel of the run.
fn is_stop(kind: RunEventKind) -> bool {
    matches!(
        kind,
        RunEventKind::StepCancelled
            | RunEventKind::AttemptEnded(_, Status::Cancelled)
            | RunEventKind::Ended
    )
}

fn event(at: DateTime<Utc>, kind: RunEventKind) -> RunEvent {
    RunEvent {
        at,
        step: None,
        task: None,
        kind,
    }
}

fn of_run(view: &RunView) -> Vec<RunEvent> {
    let run = &view.run;
    let mut events = vec![event(run.created_at, RunEventKind::Created)];
    if !run.start.ignored.is_empty() {
        events.push(event(run.created_at, RunEventKind::KeysIgnored));
    }
    events.extend(reused(view));
    if run.waiting {
        events.push(event(run.created_at, RunEventKind::Waiting));
    }
    match (run.trouble.is_empty(), run.prepared, run.ended_at) {
        (true, ..) => {}
        (false, false, _) => {
            let at = run.failing_since.unwrap_or(run.created_at);
            events.push(event(at, RunEventKind::Trouble));
        }
        (false, true, ended) => {
            let at = ended.unwrap_or(run.created_at);
            events.push(event(at, RunEventKind::Refused));
        }
    }
    let started = run.started_at.map(|at| event(at, RunEventKind::Started));
    events.into_iter().chain(started).collect()
}

/// The steps whose results were there from the start.
fn reused(view: &RunView) -> impl Iterator<Item = RunEvent> {
    let steps = view.steps.iter().enumerate();
    steps.filter_map(|(position, step)| {
        let kind = RunEventKind::StepReused(step.step.reused_from?);
        Some(RunEvent {
            step: Some(position),
            task: step.step.task,
            ..event(view.run.created_at, kind)
        })
    })
}

fn of_attempts(view: &RunView, position: usize, step: &StepView) -> Vec<RunEvent> {
    let plan = view.loaded.plan.steps.get(position);
    let last = step.attempts.last().map_or(0, |(n, _)| *n);
    let mut events = Vec::new();
    for (n, task) in &step.attempts {
        let own = |at, kind| RunEvent {
            at,
            step: Some(position),
            task: Some(task.id),
            kind,
        };
        events.push(own(task.created_at, RunEventKind::AttemptStarted(*n)));
        let Some(ended) = task.ended_at else {
            continue;
        };
        events.push(own(ended, RunEventKind::AttemptEnded(*n, task.status())));
        let attempt = n + 1;
        let wait = plan
            .map(|plan| plan.retry.wait_after(*n))
            .unwrap_or_default();
        let next = if *n < last {
            Some(ended + wait)
        } else if let StepState::Retry { not_before, .. } = &step.step.state {
            Some(*not_before)
        } else {
            None
        };
        events.extend(next.map(|at| own(ended, RunEventKind::Retry { attempt, at })));
    }
    events
}

fn of_end(position: usize, step: &StepView) -> Option<RunEvent> {
    let own = &step.step;
    let kind = match &own.state {
        StepState::Error(_) => RunEventKind::StepFailed,
        StepState::Skipped(_) => RunEventKind::StepSkipped,
        StepState::Cancelled(_) => RunEventKind::StepCancelled,
        StepState::Pending
        | StepState::Running { .. }
        | StepState::Retry { .. }
        | StepState::Success { .. } => return None,
    };
    let task = step.attempts.last().map(|(_, task)| task.id);
    Some(RunEvent {
        step: Some(position),
        task,
        ..event(own.ended_at?, kind)
    })
}
