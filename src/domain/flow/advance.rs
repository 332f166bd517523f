//! What happens next in a flow run: a pure function of its steps, what is known of their tasks, the cancel wish and the time.
//!
//! Calling it again without anything new returns nothing, and what it returns does not depend on how many ends arrived together
//! or in which order. Only a confirmed end counts: an unconfirmed SUCCESS can still be reverted, and the run of an unconfirmed
//! ERROR may still work.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::document::{FlowDocument, Step};
use super::graph::Graph;
use super::step_state::{CancelReason, ErrorReason, RunIf, SkipReason, StepPlan, StepState, Stop};
use crate::domain::status::{FinalStatus, Status};

/// The steps of a version of a flow and their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowPlan {
    pub steps: Vec<StepPlan>,
    pub graph: Graph,
}

impl FlowPlan {
    pub fn of(flow: &FlowDocument, graph: Graph) -> Self {
        let step = |step: &Step| StepPlan {
            run_if: step.run_if,
            allow_failure: step.allow_failure,
            retry: step.retry,
            time_limit: step.time_limit.as_ref().map(|limit| limit.value),
        };
        let steps = flow.steps.iter().map(step).collect();
        Self { steps, graph }
    }
}

/// What is known of the task of an attempt. It is ignored once the step has gone on to the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskFacts {
    pub attempt: u32,
    /// When OpenHEXA started the run. The time limit counts from here.
    pub started_at: Option<DateTime<Utc>>,
    pub end: Option<AttemptEnd>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptEnd {
    pub outcome: AttemptOutcome,
    pub confirmed: bool,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The final status of the task.
    Task(FinalStatus),
    /// The launch was refused: there is no run.
    Refused,
    /// A reference had no usable value: there is no task.
    WrongReference,
}

/// By step, what is known of the task of its current attempt.
pub type Tasks = BTreeMap<usize, TaskFacts>;

/// Something to store, or to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Evaluate the references of the step and create the task of this attempt.
    Start { step: usize, attempt: u32 },
    /// The step waits for its next attempt.
    Retry {
        step: usize,
        attempt: u32,
        not_before: DateTime<Utc>,
    },
    /// Cancel the task of the step.
    CancelTask { step: usize, why: Stop },
    /// The step ends: SUCCESS, ERROR, SKIPPED or CANCELLED.
    End { step: usize, state: StepState },
    /// The flow run ends. Always the last action.
    Finish { status: FinalStatus, warnings: bool },
}

impl Action {
    /// Changes the step as the action says. Ending the flow run changes no step.
    pub fn apply(&self, states: &mut [StepState]) {
        let (step, state) = match self {
            Self::Start { step, attempt } => (
                *step,
                StepState::Running {
                    attempt: *attempt,
                    stopping: None,
                },
            ),
            Self::Retry {
                step,
                attempt,
                not_before,
            } => {
                let (attempt, not_before) = (*attempt, *not_before);
                (
                    *step,
                    StepState::Retry {
                        attempt,
                        not_before,
                    },
                )
            }
            Self::CancelTask { step, why } => match states.get(*step) {
                Some(StepState::Running { attempt, .. }) => {
                    let (attempt, stopping) = (*attempt, Some(*why));
                    (*step, StepState::Running { attempt, stopping })
                }
                Some(_) | None => return,
            },
            Self::End { step, state } => (*step, state.clone()),
            Self::Finish { .. } => return,
        };
        if let Some(old) = states.get_mut(step) {
            *old = state;
        }
    }
}

/// The status of a flow run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowState {
    pub status: Status,
    /// Whether a step that may fail has failed.
    pub warnings: bool,
}

/// The status of a flow run: a pure function of its steps and the cancel wish.
pub fn flow_state(plan: &FlowPlan, states: &[StepState], cancel: bool) -> FlowState {
    let warnings = plan.steps.iter().zip(states);
    let warnings = warnings
        .filter(|(step, _)| step.allow_failure)
        .any(|(_, state)| matches!(state, StepState::Error(_)));
    let status = match finished(plan, states, cancel) {
        Some(status) => status.status(),
        None if states.iter().all(|state| *state == StepState::Pending) => Status::Queued,
        None => Status::Running,
    };
    FlowState { status, warnings }
}

/// The final status, once all steps have ended.
fn finished(plan: &FlowPlan, states: &[StepState], cancel: bool) -> Option<FinalStatus> {
    if !states.iter().all(StepState::has_ended) {
        return None;
    }
    let mut steps = plan.steps.iter().zip(states);
    let is_error = |(step, state): (&StepPlan, &StepState)| {
        matches!(state, StepState::Error(_)) && !step.allow_failure
    };
    let is_cancelled = |state: &StepState| matches!(state, StepState::Cancelled(_));
    let is_refused = states.contains(&StepState::Skipped(SkipReason::RunRefused));
    Some(if cancel {
        FinalStatus::Cancelled
    } else if is_refused || steps.any(is_error) {
        FinalStatus::Error
    } else if states.iter().any(is_cancelled) {
        FinalStatus::Cancelled
    } else {
        FinalStatus::Success
    })
}

/// What to store and to do now. The caller applies all of it in one transaction and does not call again once the run has ended.
pub fn advance(
    plan: &FlowPlan,
    states: &[StepState],
    tasks: &Tasks,
    cancel: bool,
    now: DateTime<Utc>,
) -> Vec<Action> {
    let mut states = states.to_vec();
    let mut actions = Vec::new();
    for step in plan.graph.order().iter().copied() {
        // A step that starts now has no end yet, so one pass over the steps in their order is enough.
        let moment = Moment {
            cancel,
            now,
            facts: tasks.get(&step),
        };
        if let Some(action) = next(plan, &states, step, moment) {
            action.apply(&mut states);
            actions.push(action);
        }
    }
    if let Some(status) = finished(plan, &states, cancel) {
        let warnings = flow_state(plan, &states, cancel).warnings;
        actions.push(Action::Finish { status, warnings });
    }
    actions
}

/// When `advance` has something to do even if nothing else happens: the next retry or the next time limit.
pub fn next_wake(plan: &FlowPlan, states: &[StepState], tasks: &Tasks) -> Option<DateTime<Utc>> {
    let wake = |(step, state): (usize, &StepState)| match state {
        StepState::Retry { not_before, .. } => Some(*not_before),
        StepState::Running {
            attempt,
            stopping: None,
        } => {
            let facts = tasks.get(&step).filter(|facts| facts.attempt == *attempt);
            facts.and_then(|facts| deadline(&plan.steps[step], facts))
        }
        StepState::Running {
            stopping: Some(_), ..
        }
        | StepState::Pending
        | StepState::Success { .. }
        | StepState::Error(_)
        | StepState::Skipped(_)
        | StepState::Cancelled(_) => None,
    };
    states.iter().enumerate().filter_map(wake).min()
}

/// What decides about a step besides the states.
#[derive(Clone, Copy)]
struct Moment<'a> {
    cancel: bool,
    now: DateTime<Utc>,
    facts: Option<&'a TaskFacts>,
}

fn next(plan: &FlowPlan, states: &[StepState], step: usize, moment: Moment<'_>) -> Option<Action> {
    let own = plan.steps.get(step)?;
    match states.get(step)? {
        StepState::Pending | StepState::Retry { .. } if moment.cancel => {
            let state = StepState::Cancelled(CancelReason::Flow);
            Some(Action::End { step, state })
        }
        StepState::Pending => decided(plan, states, step),
        StepState::Retry {
            attempt,
            not_before,
        } => {
            let attempt = *attempt;
            (moment.now >= *not_before).then_some(Action::Start { step, attempt })
        }
        StepState::Running { attempt, stopping } => {
            let facts = moment.facts.filter(|facts| facts.attempt == *attempt);
            let end = facts.and_then(|facts| facts.end);
            match end.filter(|end| end.confirmed) {
                Some(end) => Some(ended(own, step, (*attempt, *stopping), end, moment.cancel)),
                None if stopping.is_none() => stop(own, step, facts, moment),
                None => None,
            }
        }
        StepState::Success { .. }
        | StepState::Error(_)
        | StepState::Skipped(_)
        | StepState::Cancelled(_) => None,
    }
}

/// Whether a pending step starts or is skipped, once all of its parents have ended.
fn decided(plan: &FlowPlan, states: &[StepState], step: usize) -> Option<Action> {
    let parents: Vec<usize> = plan.graph.parents(step).collect();
    if !parents.iter().all(|parent| states[*parent].has_ended()) {
        return None;
    }
    let run_if = plan.steps[step].run_if;
    let against = parents
        .iter()
        .find_map(|parent| reason_against(run_if, *parent, &states[*parent]));
    Some(match against {
        Some(reason) => Action::End {
            step,
            state: StepState::Skipped(reason),
        },
        None => Action::Start { step, attempt: 1 },
    })
}

/// Why a step does not run after a parent that ended like this.
fn reason_against(run_if: RunIf, parent: usize, state: &StepState) -> Option<SkipReason> {
    let reason = match state {
        StepState::Error(_) => SkipReason::ParentFailed { parent },
        StepState::Cancelled(_) => SkipReason::ParentCancelled { parent },
        StepState::Skipped(_) => SkipReason::ParentSkipped { parent },
        StepState::Success { .. }
        | StepState::Pending
        | StepState::Running { .. }
        | StepState::Retry { .. } => return None,
    };
    let is_skip = matches!(reason, SkipReason::ParentSkipped { .. });
    match run_if {
        RunIf::Success => Some(reason),
        RunIf::NoFailure => (!is_skip).then_some(reason),
        RunIf::Always => None,
    }
}

/// After the confirmed end of an attempt: the end of the step, or its next attempt.
fn ended(
    plan: &StepPlan,
    step: usize,
    (attempt, stopping): (u32, Option<Stop>),
    end: AttemptEnd,
    cancel: bool,
) -> Action {
    let too_long = plan
        .time_limit
        .filter(|_| stopping == Some(Stop::TookTooLong));
    let failed = too_long.map_or(ErrorReason::Task, |limit| ErrorReason::TookTooLong {
        limit,
    });
    let state = match end.outcome {
        AttemptOutcome::Task(FinalStatus::Success) => StepState::Success { attempt },
        AttemptOutcome::Task(FinalStatus::Cancelled) if cancel => {
            StepState::Cancelled(CancelReason::Flow)
        }
        AttemptOutcome::Task(FinalStatus::Cancelled) if too_long.is_none() => {
            StepState::Cancelled(CancelReason::Task)
        }
        AttemptOutcome::Task(FinalStatus::Error | FinalStatus::Cancelled) => {
            return failed_or_retried(plan, step, attempt, (failed, end.at), cancel);
        }
        AttemptOutcome::Refused => StepState::Error(ErrorReason::Refused),
        AttemptOutcome::WrongReference => StepState::Error(ErrorReason::WrongReference),
    };
    Action::End { step, state }
}

/// The wait counts from the end of the attempt, so it does not depend on when the end was noticed.
fn failed_or_retried(
    plan: &StepPlan,
    step: usize,
    attempt: u32,
    (reason, at): (ErrorReason, DateTime<Utc>),
    cancel: bool,
) -> Action {
    if cancel || attempt > plan.retry.times {
        let state = StepState::Error(reason);
        return Action::End { step, state };
    }
    Action::Retry {
        step,
        attempt: attempt + 1,
        not_before: at + plan.retry.wait_after(attempt),
    }
}

/// Whether the task must be cancelled. A task that reported its end is not cancelled, because it is about to end.
fn stop(
    plan: &StepPlan,
    step: usize,
    facts: Option<&TaskFacts>,
    moment: Moment<'_>,
) -> Option<Action> {
    if moment.cancel {
        let why = Stop::FlowCancelled;
        return Some(Action::CancelTask { step, why });
    }
    let facts = facts.filter(|facts| facts.end.is_none())?;
    let is_late = deadline(plan, facts)? <= moment.now;
    let why = Stop::TookTooLong;
    is_late.then_some(Action::CancelTask { step, why })
}

/// When the step has taken too long.
fn deadline(plan: &StepPlan, facts: &TaskFacts) -> Option<DateTime<Utc>> {
    Some(facts.started_at? + plan.time_limit?)
}
