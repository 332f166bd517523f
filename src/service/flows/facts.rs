//! What is known of the tasks of a run's steps.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::flow::advance::{AttemptEnd, AttemptOutcome, TaskFacts, Tasks};
use crate::domain::flow::run::StepRun;
use crate::domain::flow::step_state::StepState;
use crate::domain::ids::TaskId;
use crate::domain::status::{FinalStatus, RunEnd, Status};
use crate::domain::task::Task;
use crate::service::Error;
use crate::store::{self, Db};

/// A pipeline reports its end before its run ends, but the report can arrive later. So the end of a task that has reported
/// something, but no final status, is used only after this time.
const LATE_REPORT: TimeDelta = TimeDelta::seconds(5);

/// The facts, and the tasks themselves by step.
pub struct Facts {
    pub tasks: BTreeMap<usize, Task>,
    pub known: Tasks,
    /// When the end of a task that has ended can be used.
    pub usable_at: Option<DateTime<Utc>>,
}

/// Of the steps that are running.
pub fn read(db: &mut Db<'_>, steps: &[StepRun], now: DateTime<Utc>) -> Result<Facts, Error> {
    let running: BTreeMap<TaskId, (usize, u32)> = steps
        .iter()
        .enumerate()
        .filter_map(|(position, step)| match step.state {
            StepState::Running { attempt, .. } => Some((step.task?, (position, attempt))),
            StepState::Pending
            | StepState::Retry { .. }
            | StepState::Success { .. }
            | StepState::Error(_)
            | StepState::Skipped(_)
            | StepState::Cancelled(_) => None,
        })
        .collect();
    let ids: Vec<TaskId> = running.keys().copied().collect();
    let mut all = Facts {
        tasks: BTreeMap::new(),
        known: Tasks::new(),
        usable_at: None,
    };
    for task in store::unscoped_tasks_without_result(db, &ids)? {
        if let Some((position, attempt)) = running.get(&task.id) {
            let usable = usable_at(&task).filter(|at| *at > now);
            all.usable_at = all.usable_at.into_iter().chain(usable).min();
            all.known.insert(*position, facts(&task, *attempt, now));
            all.tasks.insert(*position, task);
        }
    }
    Ok(all)
}

fn facts(task: &Task, attempt: u32, now: DateTime<Utc>) -> TaskFacts {
    TaskFacts {
        attempt,
        started_at: task.started_at,
        end: task.outcome().and_then(|outcome| {
            Some(AttemptEnd {
                outcome: attempt_outcome(task.run_end(), outcome.status)?,
                confirmed: outcome.confirmed && usable_at(task).is_none_or(|at| at <= now),
                at: task.ended_at?,
            })
        }),
    }
}

fn usable_at(task: &Task) -> Option<DateTime<Utc>> {
    let waits = task.run_end().is_some() && task.called_back && task.final_report().is_none();
    task.ended_at.filter(|_| waits).map(|at| at + LATE_REPORT)
}

fn attempt_outcome(end: Option<RunEnd>, status: Status) -> Option<AttemptOutcome> {
    if end == Some(RunEnd::Refused) {
        return Some(AttemptOutcome::Refused);
    }
    Some(AttemptOutcome::Task(match status {
        Status::Success => FinalStatus::Success,
        Status::Error => FinalStatus::Error,
        Status::Cancelled => FinalStatus::Cancelled,
        Status::Queued | Status::Running => return None,
    }))
}
