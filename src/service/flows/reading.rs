//! Flows and runs as the API and the pages show them.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::FlowReader;
use super::versions::Loaded;
use crate::domain::flow::document::{FlowDocument, Schedule};
use crate::domain::flow::run::{FlowRun, StepRun};
use crate::domain::flow::schedule::Firing;
use crate::domain::ids::{AccountId, FlowId, FlowRunId, TaskId};
use crate::domain::message::say;
use crate::domain::task::Task;
use crate::service::Error;
use crate::store::flows::{
    self, Flow, FlowListQuery, FlowRunFilter, FlowVersion, FlowVersionRow, LastRun, ScheduleRow,
    TickQuery, TickRow, TriggerRow,
};
use crate::store::{self, Db};

/// How many of the newest runs are shown with a flow.
const LAST_RUNS: i64 = 10;

/// A flow with what is shown in a list.
#[derive(Clone, Debug)]
pub struct FlowView {
    pub flow: Flow,
    pub loaded: Arc<Loaded>,
    pub schedules: Vec<ScheduleRow>,
    pub triggers: Vec<TriggerRow>,
    /// The newest runs, with the times for which they were scheduled.
    pub last_runs: Vec<LastRun>,
}

/// A run with its steps.
#[derive(Clone, Debug)]
pub struct RunView {
    pub run: FlowRun,
    pub loaded: Arc<Loaded>,
    pub steps: Vec<StepView>,
}

/// A step with the tasks of its attempts, the last one with its result.
#[derive(Clone, Debug)]
pub struct StepView {
    pub step: StepRun,
    /// The number of the attempt and its task.
    pub attempts: Vec<(u32, Task)>,
    /// The task whose result the step has: that of its last attempt, or the one that is reused.
    pub task: Option<Task>,
}

/// The state of a run as numbers: another state has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunMark {
    pub revision: i64,
    /// The sum of the revisions of its tasks.
    pub tasks: i64,
    pub has_ended: bool,
}

impl FlowReader {
    /// A flow of the account that is not deleted.
    pub(super) async fn flow(&self, account: AccountId, slug: &str) -> Result<Flow, Error> {
        self.read_of(account, slug, |_, flow| Ok(flow)).await
    }

    /// The current version of such a flow.
    pub(super) async fn current(
        &self,
        account: AccountId,
        slug: &str,
    ) -> Result<Arc<Loaded>, Error> {
        let versions = self.versions.clone();
        self.read_of(account, slug, move |db, flow| {
            versions.load(db, flow.account, flow.id, flow.version)
        })
        .await
    }

    /// Reads something of such a flow, with one connection.
    pub(super) async fn read_of<T: Send + 'static>(
        &self,
        account: AccountId,
        slug: &str,
        read: impl FnOnce(&mut Db<'_>, Flow) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.read_found(flows::flow_by_slug, account, slug, read)
            .await
    }

    /// Reads something of the history of a flow, which stays after it was deleted. If the slug is used again, the new flow is read.
    pub(super) async fn read_history_of<T: Send + 'static>(
        &self,
        account: AccountId,
        slug: &str,
        read: impl FnOnce(&mut Db<'_>, Flow) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.read_found(flows::flow_or_deleted_by_slug, account, slug, read)
            .await
    }

    async fn read_found<T: Send + 'static>(
        &self,
        find: fn(&mut Db<'_>, AccountId, &str) -> Result<Option<Flow>, store::Error>,
        account: AccountId,
        slug: &str,
        read: impl FnOnce(&mut Db<'_>, Flow) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let slug = slug.to_owned();
        self.store
            .read(move |db| {
                let flow = find(db, account, &slug)?.ok_or_else(Error::no_flow)?;
                read(db, flow)
            })
            .await
    }

    pub async fn list(&self, query: FlowListQuery) -> Result<Vec<FlowView>, Error> {
        let flows = self.clone();
        self.store
            .read(move |db| {
                let found = flows::flows(db, &query)?;
                found.into_iter().map(|flow| flows.view(db, flow)).collect()
            })
            .await
    }

    pub async fn get(&self, account: AccountId, slug: &str) -> Result<FlowView, Error> {
        let flows = self.clone();
        self.read_of(account, slug, move |db, flow| flows.view(db, flow))
            .await
    }

    fn view(&self, db: &mut Db<'_>, flow: Flow) -> Result<FlowView, Error> {
        let mut schedules = flows::schedules_of_flow(db, flow.id)?;
        schedules.retain(|row| row.active);
        let mut triggers = flows::triggers_of_flow(db, flow.id)?;
        triggers.retain(|row| row.active);
        Ok(FlowView {
            loaded: self
                .versions
                .load(db, flow.account, flow.id, flow.version)?,
            last_runs: flows::last_runs_of_flow(db, flow.id, LAST_RUNS)?,
            schedules,
            triggers,
            flow,
        })
    }

    /// The newest versions first; with `before`, only earlier ones.
    pub async fn versions_of(
        &self,
        account: AccountId,
        slug: &str,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<FlowVersionRow>, Error> {
        self.read_history_of(account, slug, move |db, flow| {
            Ok(flows::flow_versions(db, account, flow.id, before, limit)?)
        })
        .await
    }

    pub async fn version(
        &self,
        account: AccountId,
        slug: &str,
        number: i64,
    ) -> Result<FlowVersion, Error> {
        self.read_history_of(account, slug, move |db, flow| {
            let found = flows::flow_version(db, account, flow.id, number)?;
            found.ok_or_else(|| Error::NotFound(say("flow-version-not-found")))
        })
        .await
    }

    /// The next firing times of the schedules of a document, in order.
    pub fn firings_of(
        &self,
        document: &FlowDocument,
        from: Option<DateTime<Utc>>,
        count: usize,
    ) -> Vec<(String, Firing)> {
        let from = from.unwrap_or_else(|| self.clock.now());
        upcoming(&document.schedules, from, count)
    }

    /// The next firing times of all schedules of a flow that are not paused, in order.
    pub async fn next(
        &self,
        account: AccountId,
        slug: &str,
        from: Option<DateTime<Utc>>,
        count: usize,
    ) -> Result<Vec<(String, Firing)>, Error> {
        let (versions, now) = (self.versions.clone(), self.clock.now());
        self.read_of(account, slug, move |db, flow| {
            let loaded = versions.load(db, account, flow.id, flow.version)?;
            let rows = flows::schedules_of_flow(db, flow.id)?;
            let firing = not_paused(&flow, &rows, &loaded);
            Ok(upcoming(&firing, from.unwrap_or(now), count))
        })
        .await
    }

    /// The same for a flow that was read.
    pub fn next_of(&self, view: &FlowView, count: usize) -> Vec<(String, Firing)> {
        let firing = not_paused(&view.flow, &view.schedules, &view.loaded);
        upcoming(&firing, self.clock.now(), count)
    }

    pub async fn ticks(&self, query: TickQuery) -> Result<Vec<TickRow>, Error> {
        self.store
            .read(move |db| Ok(flows::ticks_of_flow(db, &query)?))
            .await
    }

    pub async fn flow_id(&self, account: AccountId, slug: &str) -> Result<FlowId, Error> {
        self.read_history_of(account, slug, |_, flow| Ok(flow.id))
            .await
    }

    pub async fn run_list(&self, filter: FlowRunFilter) -> Result<Vec<FlowRun>, Error> {
        self.store
            .read(move |db| Ok(flows::flow_runs(db, &filter)?))
            .await
    }

    pub(super) async fn run_of(&self, account: AccountId, id: FlowRunId) -> Result<FlowRun, Error> {
        let found: Result<Option<FlowRun>, Error> = self
            .store
            .read(move |db| Ok(flows::flow_run_of_account(db, account, id)?))
            .await;
        found?.ok_or_else(Error::no_flow_run)
    }

    /// What changes whenever the run or one of its tasks does.
    pub async fn run_mark(&self, account: AccountId, id: FlowRunId) -> Result<RunMark, Error> {
        self.store
            .snapshot(move |db| {
                let run = flows::flow_run_of_account(db, account, id)?;
                let run = run.ok_or_else(Error::no_flow_run)?;
                let tasks = flows::revisions_of_tasks(db, id)?;
                Ok(RunMark {
                    revision: run.revision,
                    tasks: tasks.into_iter().sum(),
                    has_ended: run.ended_at.is_some(),
                })
            })
            .await
    }

    /// A run with its steps and their tasks, as one snapshot.
    pub async fn run_view(&self, account: AccountId, id: FlowRunId) -> Result<RunView, Error> {
        let versions = self.versions.clone();
        self.store
            .snapshot(move |db| {
                let run = flows::flow_run_of_account(db, account, id)?;
                let run = run.ok_or_else(Error::no_flow_run)?;
                let start = &run.start;
                let loaded = versions.load(db, account, start.flow, start.version)?;
                let steps = step_views(db, &run)?;
                Ok(RunView { run, loaded, steps })
            })
            .await
    }
}

/// The next firing times of several schedules, in order, with the ids of the schedules.
pub fn upcoming(
    schedules: &[Schedule],
    from: DateTime<Utc>,
    count: usize,
) -> Vec<(String, Firing)> {
    let mut all: Vec<(String, Firing)> = schedules
        .iter()
        .flat_map(|schedule| {
            let id = &schedule.id.value;
            let firings = schedule.firings().upcoming(from, count);
            firings.into_iter().map(|firing| (id.clone(), firing))
        })
        .collect();
    all.sort_by(|one, other| (one.1.at, &one.0).cmp(&(other.1.at, &other.0)));
    all.truncate(count);
    all
}

fn step_views(db: &mut Db<'_>, run: &FlowRun) -> Result<Vec<StepView>, Error> {
    let steps = flows::steps_of_run(db, run.id)?;
    let attempts = flows::attempts_of(db, run.id)?;
    let mut ids: Vec<TaskId> = attempts.iter().map(|(_, _, task)| *task).collect();
    ids.extend(steps.iter().filter_map(|step| step.task));
    ids.sort();
    ids.dedup();
    let tasks = store::unscoped_tasks_for_list(db, &ids)?;
    let by_id: HashMap<TaskId, Task> = tasks.into_iter().map(|task| (task.id, task)).collect();
    let views = steps.into_iter().enumerate().map(|(position, step)| {
        let own = attempts.iter().filter(|(at, _, _)| *at == position);
        StepView {
            attempts: own
                .filter_map(|(_, n, task)| Some((*n, by_id.get(task)?.clone())))
                .collect(),
            task: step.task.and_then(|task| by_id.get(&task).cloned()),
            step,
        }
    });
    Ok(views.collect())
}

fn not_paused(flow: &Flow, rows: &[ScheduleRow], loaded: &Loaded) -> Vec<Schedule> {
    let is_paused = |schedule: &&Schedule| {
        let mut own = rows.iter().filter(|row| row.code == schedule.id.value);
        flow.paused || own.any(|row| row.paused)
    };
    let schedules = loaded.flow.schedules.iter();
    schedules.filter(|one| !is_paused(one)).cloned().collect()
}
