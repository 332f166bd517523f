//! Advances runs: takes the leases of runs that are due, stores what follows from the ends of their tasks, and starts steps.
//!
//! Everything is decided from stored rows under the lock of the run, so a cycle that runs twice, late, or on two replicas changes
//! nothing more, and one that is interrupted is continued by the next.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::stream::{self, StreamExt as _};

use super::alerting::{run_ended, steps_ended};
use super::facts::{self, Facts};
use super::triggers::start_other_flows;
use super::versions::Loaded;
use super::{CHECKED_EVERY, FlowRunner};
use crate::domain::flow::advance::{Action, advance, flow_state, next_wake};
use crate::domain::flow::run::{FlowRun, StepRun};
use crate::domain::flow::step_state::StepState;
use crate::domain::ids::{FlowRunId, TaskId};
use crate::domain::principal::{Actor, Principal};
use crate::domain::task::Task;
use crate::service::{Error, causes};
use crate::store::Db;
use crate::store::flows::{self, lease_due_flow_runs};

/// How many runs are leased at a time.
const LEASED: usize = 32;
/// How many of them are advanced concurrently, at most. They send requests to OpenHEXA, so the limit of polls applies too.
const CONCURRENT: usize = 8;
/// How many runs one cycle advances.
const CYCLE_LIMIT: usize = 1_000;

/// A run after what follows from its facts was stored.
pub struct Advanced {
    pub run: FlowRun,
    pub steps: Vec<StepRun>,
    pub loaded: Arc<Loaded>,
    /// Attempts that can start: the position of the step, and the number of the attempt.
    pub starts: Vec<(usize, u32)>,
    /// Tasks to cancel.
    cancels: Vec<TaskId>,
}

impl FlowRunner {
    /// Advances all runs that are due. Returns how many there were.
    pub async fn advance_due(&self) -> Result<usize, Error> {
        let mut advanced = 0;
        while !self.stop.is_cancelled() && advanced < CYCLE_LIMIT {
            let now = self.clock.now();
            let due = move |db: &mut Db<'_>| Ok(flows::has_due_flow_run(db, now)?);
            let due: Result<bool, Error> = self.store.read(due).await;
            if !due? {
                break;
            }
            let lease = self.runs.writer.lease(LEASED);
            let owner = lease.owner.clone();
            let leasing = move |db: &mut Db<'_>| Ok(lease_due_flow_runs(db, &lease)?);
            let leased: Result<Vec<FlowRunId>, Error> = self.store.write(leasing).await;
            let leased = leased?;
            advanced += leased.len();
            if leased.is_empty() {
                break;
            }
            let advancing = leased.iter().map(|id| self.advance_leased(*id, &owner));
            let concurrent = CONCURRENT.min(self.runs.rules().concurrent_polls);
            stream::iter(advancing)
                .for_each_concurrent(concurrent, |advancing| advancing)
                .await;
        }
        Ok(advanced)
    }

    /// After an error the run is advanced again later.
    async fn advance_leased(&self, id: FlowRunId, owner: &str) {
        if let Err(error) = Box::pin(self.advance(id)).await {
            tracing::warn!(
                flow_run = id.0,
                error = causes(&error),
                "cannot advance the run of a flow; it is tried again"
            );
            self.postpone(id).await;
        }
        let owner = owner.to_owned();
        let released: Result<(), Error> = self
            .store
            .write(move |db| Ok(flows::release_flow_run(db, id, &owner)?))
            .await;
        if let Err(error) = released {
            tracing::warn!(
                flow_run = id.0,
                error = causes(&error),
                "cannot release the lease of the run of a flow; it expires by itself"
            );
        }
    }

    /// So that a run with an error does not keep the others waiting. Its lease still protects it.
    async fn postpone(&self, id: FlowRunId) {
        let at = self.clock.now() + self.runs.rules().polls.usual;
        let postponed: Result<(), Error> = self
            .store
            .write(move |db| Ok(flows::postpone_flow_run(db, id, at)?))
            .await;
        if let Err(error) = postponed {
            tracing::warn!(
                flow_run = id.0,
                error = causes(&error),
                "cannot postpone the run of a flow"
            );
        }
    }

    async fn advance(&self, id: FlowRunId) -> Result<(), Error> {
        let Some((run, loaded)) = self.loaded_run(id).await? else {
            return Ok(());
        };
        if run.waiting {
            self.fill_slots(run.start.flow).await?;
        }
        if !run.waiting && !run.prepared && !run.is_cancelled() {
            let prepared = self.preparation.prepare(&run, &loaded).await?;
            if !prepared {
                return Ok(());
            }
        }
        // A step that fails before it has a task can change what its successors do, so the run is advanced again.
        while let Some(advanced) = self.store_progress(id).await? {
            for task in &advanced.cancels {
                self.cancel_task(&advanced.run, *task).await?;
            }
            let mut again = false;
            for (step, attempt) in &advanced.starts {
                again |= self.start_step(&advanced, *step, *attempt).await?;
            }
            if advanced.run.ended_at.is_some() {
                self.fill_slots(advanced.run.start.flow).await?;
            }
            if !again {
                break;
            }
        }
        Ok(())
    }

    /// None: it has ended.
    async fn loaded_run(&self, id: FlowRunId) -> Result<Option<(FlowRun, Arc<Loaded>)>, Error> {
        let versions = self.versions.clone();
        self.store
            .read(move |db| {
                let run = flows::flow_run(db, id)?.filter(|run| run.ended_at.is_none());
                let Some(run) = run else { return Ok(None) };
                let start = &run.start;
                let loaded = versions.load(db, start.account, start.flow, start.version)?;
                Ok(Some((run, loaded)))
            })
            .await
    }

    /// Stores everything that follows from the facts. None: the run has ended, or waits.
    async fn store_progress(&self, id: FlowRunId) -> Result<Option<Advanced>, Error> {
        let (versions, now) = (self.versions.clone(), self.clock.now());
        self.store
            .write(move |db| {
                let run = flows::lock_flow_run(db, id)?;
                let Some(run) = run.filter(|run| run.ended_at.is_none()) else {
                    return Ok(None);
                };
                if run.waiting {
                    flows::save_flow_run(db, &run, Some(now + CHECKED_EVERY))?;
                    return Ok(None);
                }
                // It has just been started: it is due, and is prepared first.
                if !run.prepared && !run.is_cancelled() {
                    return Ok(None);
                }
                let start = &run.start;
                let loaded = versions.load(db, start.account, start.flow, start.version)?;
                let advanced = progress(db, run, loaded, now)?;
                if advanced.run.ended_at.is_some() {
                    start_other_flows(db, &versions, &advanced.run, now)?;
                }
                Ok(Some(advanced))
            })
            .await
    }

    /// The task of a step is cancelled like any other task. It can have ended meanwhile.
    async fn cancel_task(&self, run: &FlowRun, task: TaskId) -> Result<(), Error> {
        let by = run.cancelled_by.clone();
        let who = Principal {
            actor: by.unwrap_or_else(|| Actor::Flow(run.slug.clone())),
            ..run.start.launcher.clone()
        };
        match self.runs.stopper.cancel(&who, task).await {
            Ok(()) | Err(Error::Conflict { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Applies all actions but the starts of attempts, which create their tasks in their own transactions.
fn progress(
    db: &mut Db<'_>,
    mut run: FlowRun,
    loaded: Arc<Loaded>,
    now: DateTime<Utc>,
) -> Result<Advanced, Error> {
    let mut steps = flows::steps_of_run(db, run.id)?;
    let known = facts::read(db, &steps, now)?;
    let mut states: Vec<StepState> = steps.iter().map(|step| step.state.clone()).collect();
    let before = states.clone();
    let cancel = run.is_cancelled();
    let mut starts = Vec::new();
    for action in advance(&loaded.plan, &states.clone(), &known.known, cancel, now) {
        match action {
            Action::Start { step, attempt } => starts.push((step, attempt)),
            Action::Finish { .. } => run.ended_at = Some(now),
            Action::Retry { .. } | Action::CancelTask { .. } | Action::End { .. } => {
                action.apply(&mut states);
            }
        }
    }
    let mut ended = Vec::new();
    for (position, state) in states.iter().enumerate() {
        if *state != before[position] {
            let at = ended_at(&known, position, now);
            steps[position].enter(state.clone(), at);
            flows::save_step(db, run.id, position, &steps[position])?;
            if state.has_ended() {
                ended.push(position);
            }
        }
    }
    let changed = states != before || run.ended_at.is_some();
    let shown = flow_state(&loaded.plan, &states, cancel);
    (run.status, run.warnings) = (shown.status, shown.warnings);
    run.revision += i64::from(changed);
    let next = next_at(&loaded, &states, &known, now);
    flows::save_flow_run(db, &run, run.ended_at.is_none().then_some(next))?;
    steps_ended(db, (&run, &loaded), &steps, &ended, now)?;
    if run.ended_at.is_some() {
        run_ended(db, &run, &loaded, &steps, now)?;
    }
    Ok(Advanced {
        cancels: cancels(&steps, &known),
        run,
        steps,
        loaded,
        starts,
    })
}

/// A step ends when its task has ended.
fn ended_at(known: &Facts, step: usize, now: DateTime<Utc>) -> DateTime<Utc> {
    let task = known.tasks.get(&step);
    task.and_then(|task| task.ended_at).unwrap_or(now)
}

fn next_at(
    loaded: &Loaded,
    states: &[StepState],
    known: &Facts,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let planned = next_wake(&loaded.plan, states, &known.known);
    // What is due already is done now. If it fails, it is planned again.
    let planned = planned.into_iter().chain(known.usable_at);
    let later = planned.filter(|at| *at > now);
    later.fold(now + CHECKED_EVERY, DateTime::min)
}

/// The tasks of steps that are being stopped and whose cancel is not stored yet. A cancel that was interrupted is found here
/// again.
fn cancels(steps: &[StepRun], known: &Facts) -> Vec<TaskId> {
    let tasks = known.tasks.iter();
    let tasks = tasks.filter(|(position, task)| is_stopping(steps, **position) && wants(task));
    tasks.map(|(_, task)| task.id).collect()
}

fn is_stopping(steps: &[StepRun], position: usize) -> bool {
    let state = steps.get(position).map(|step| &step.state);
    matches!(
        state,
        Some(StepState::Running {
            stopping: Some(_),
            ..
        })
    )
}

fn wants(task: &Task) -> bool {
    task.outcome().is_none() && task.cancel_asked_at.is_none()
}
