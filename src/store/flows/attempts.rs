//! Attempts of steps. An attempt and its task are committed in one transaction, and an attempt has one task.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::due_runs::wake_flow_run;
use super::runs::{lock_flow_run, save_flow_run_state};
use super::steps::{position, save_step, steps_of_run};
use crate::domain::flow::run::{FlowRun, StepRun};
use crate::domain::flow::step_state::StepState;
use crate::domain::ids::{FlowRunId, TaskId};
use crate::domain::status::Status;
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::attempt;
use crate::store::schema::task;

/// An attempt to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewAttempt {
    pub run: FlowRunId,
    /// The position of the step in the document.
    pub step: usize,
    /// From 1.
    pub attempt: u32,
    pub now: DateTime<Utc>,
    /// When the run is checked again, if it is not due earlier.
    pub next_at: DateTime<Utc>,
}

/// Whether an attempt can start.
pub enum AttemptStart {
    /// The transaction has locked the run. The caller creates the task, then calls [`StartedAttempt::record`].
    Wanted(Box<StartedAttempt>),
    /// It has this task already.
    Exists(TaskId),
    /// The run was cancelled or has ended, or the step has another state by now.
    NotWanted,
}

pub struct StartedAttempt {
    new: NewAttempt,
    run: FlowRun,
    step: StepRun,
}

pub fn start_attempt(db: &mut Db<'_>, new: &NewAttempt) -> Result<AttemptStart, Error> {
    let Some(run) = lock_flow_run(db, new.run)? else {
        return Ok(AttemptStart::NotWanted);
    };
    if let Some(task) = task_of_attempt(db, new)? {
        return Ok(AttemptStart::Exists(task));
    }
    let step = steps_of_run(db, new.run)?.into_iter().nth(new.step);
    let is_live = run.ended_at.is_none() && !run.is_cancelled() && !run.waiting;
    Ok(match step {
        Some(step) if is_live && is_next(&step.state, new) => {
            let new = *new;
            AttemptStart::Wanted(Box::new(StartedAttempt { new, run, step }))
        }
        Some(_) | None => AttemptStart::NotWanted,
    })
}

fn is_next(state: &StepState, new: &NewAttempt) -> bool {
    match state {
        StepState::Pending => new.attempt == 1,
        StepState::Retry {
            attempt,
            not_before,
        } => *attempt == new.attempt && *not_before <= new.now,
        StepState::Running { .. }
        | StepState::Success { .. }
        | StepState::Error(_)
        | StepState::Skipped(_)
        | StepState::Cancelled(_) => false,
    }
}

fn task_of_attempt(db: &mut Db<'_>, new: &NewAttempt) -> Result<Option<TaskId>, Error> {
    let key = (new.run.0, position(new.step)?, number(new.attempt)?);
    let task: Option<i64> = on!(db, |conn| attempt::table
        .find(key)
        .select(attempt::task_id)
        .first(conn)
        .optional())?;
    Ok(task.map(TaskId))
}

fn number(attempt: u32) -> Result<i32, Error> {
    i32::try_from(attempt).map_err(|_| Error::Corrupt("number of an attempt"))
}

impl StartedAttempt {
    /// Records the task of the attempt: the step and its run are RUNNING from now on.
    pub fn record(mut self, db: &mut Db<'_>, task: TaskId) -> Result<(), Error> {
        let new = self.new;
        let row = (
            attempt::flow_run_id.eq(new.run.0),
            attempt::step.eq(position(new.step)?),
            attempt::n.eq(number(new.attempt)?),
            attempt::task_id.eq(task.0),
        );
        on!(db, |conn| diesel::insert_into(attempt::table)
            .values(row)
            .execute(conn))?;
        let running = StepState::Running {
            attempt: new.attempt,
            stopping: None,
        };
        self.step.enter(running, new.now);
        self.step.task = Some(task);
        save_step(db, new.run, new.step, &self.step)?;
        self.run.status = Status::Running;
        self.run.started_at.get_or_insert(new.now);
        self.run.revision += 1;
        save_flow_run_state(db, &self.run)?;
        wake_flow_run(db, new.run, new.next_at)
    }
}

/// The attempts of a run: the position of the step, the number of the attempt, and its task.
pub fn attempts_of(db: &mut Db<'_>, run: FlowRunId) -> Result<Vec<(usize, u32, TaskId)>, Error> {
    let rows: Vec<(i32, i32, i64)> = on!(db, |conn| attempt::table
        .filter(attempt::flow_run_id.eq(run.0))
        .order((attempt::step, attempt::n))
        .select((attempt::step, attempt::n, attempt::task_id))
        .load(conn))?;
    let one = |(step, n, task): (i32, i32, i64)| {
        let step = usize::try_from(step).map_err(|_| Error::Corrupt("position of a step"));
        let n = u32::try_from(n).map_err(|_| Error::Corrupt("number of an attempt"));
        Ok((step?, n?, TaskId(task)))
    };
    rows.into_iter().map(one).collect()
}

/// The revisions of all tasks of a run, which grow with each change of a task.
pub fn revisions_of_tasks(db: &mut Db<'_>, run: FlowRunId) -> Result<Vec<i64>, Error> {
    Ok(on!(db, |conn| attempt::table
        .inner_join(task::table)
        .filter(attempt::flow_run_id.eq(run.0))
        .select(task::revision)
        .load(conn))?)
}
