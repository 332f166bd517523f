//! Searches for the run of a launch whose outcome is unknown, among the runs of its pipeline.
//!
//! A run matches if the OpenHEXA user of the token launched it, if it is not older than the attempt, if no other task has it, and
//! if its config contains the task's id; if the version has no parameter `task_id`, its config must equal the one that was sent.
//! If two runs match, the task gets neither.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::apply::Update;
use super::fingerprint::run_config;
use super::retry::LaunchRetry;
use super::task_writer::TaskWriter;
use crate::domain::connection::Connection;
use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::ids::{RunId, TaskId};
use crate::domain::json_numbers;
use crate::domain::note::NoteCode;
use crate::domain::observation::Observation;
use crate::domain::pipeline::RunCandidate;
use crate::domain::run::{Absence, RecentRuns};
use crate::domain::task::Task;
use crate::openhexa::OpenHexa;
use crate::service::Error;
use crate::store;

/// The result of a search.
enum SearchResult {
    Runs(Vec<RunId>),
    NoPipeline(Absence),
}

#[derive(Clone)]
pub struct RunSearch {
    pub(super) openhexa: Arc<dyn OpenHexa>,
    pub(super) writer: TaskWriter,
    pub(super) retry: LaunchRetry,
}

impl RunSearch {
    pub async fn search(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
    ) -> Result<(), Error> {
        // A response is at least as old as its request.
        let asked_at = self.writer.now();
        let found = self.candidates(task, &connection).await;
        if found.is_err() {
            self.writer.poll_failed(task).await?;
        }
        match found? {
            SearchResult::NoPipeline(absence) if absence.proves_deletion(task.run.launched_as) => {
                self.deleted(task, asked_at).await
            }
            // The pipeline is not visible, which proves nothing by itself.
            SearchResult::NoPipeline(absence) => self.writer.run_hidden(task, absence).await,
            SearchResult::Runs(runs) => match runs.as_slice() {
                [only] => self.assign_run(task, *only).await,
                [] => self.not_found(task, connection, owner, asked_at).await,
                [_, _, ..] => self.several_match(task).await,
            },
        }
    }

    /// Several runs match. Other launches of the pipeline can wait for this one, so the search ends after a time.
    async fn several_match(&self, task: &Task) -> Result<(), Error> {
        let now = self.writer.now();
        let reported = task.called_back && !self.writer.rules.is_overdue(task, now);
        if reported || now - task.created_at < self.writer.rules.give_up_after {
            return self
                .writer
                .record_once(task, EventKind::RunAmbiguous)
                .await
                .map(|_| ());
        }
        self.writer
            .never_confirmed(task, NoteCode::SeveralRuns)
            .await
    }

    async fn assign_run(&self, task: &Task, run: RunId) -> Result<(), Error> {
        let known = Observation::RunKnown { run };
        let update = Update::new(Source::OpenHexa, EventKind::RunFound, known);
        self.writer
            .apply(task.id, update.data(EventData::default().run(run)))
            .await
            .map(|_| ())
    }

    async fn not_found(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
        asked_at: DateTime<Utc>,
    ) -> Result<(), Error> {
        if !self.is_grace_over(task, asked_at).await? {
            return Ok(());
        }
        let now = self.writer.now();
        // A report proves that there is a run, so the search continues until the deadline.
        if task.called_back && !self.writer.rules.is_overdue(task, now) {
            return Ok(());
        }
        let may_repeat = task.run.names_task && !task.called_back && task.may_be_launched();
        if may_repeat && now - task.created_at < self.writer.rules.give_up_after {
            return self.repeat(task, connection, owner).await;
        }
        self.writer
            .never_confirmed(task, NoteCode::NeverConfirmed)
            .await
    }

    /// The pipeline is deleted: there can be no run, and none can be launched.
    async fn deleted(&self, task: &Task, asked_at: DateTime<Utc>) -> Result<(), Error> {
        if !self.is_grace_over(task, asked_at).await? {
            return Ok(());
        }
        self.writer
            .never_confirmed(task, NoteCode::DeletedUnconfirmed)
            .await
    }

    /// Whether the grace period is over: it begins with the first successful search that did not find the run, and ends
    /// with one that was sent at least `launch.grace` later. Failed searches in between change nothing.
    async fn is_grace_over(&self, task: &Task, asked_at: DateTime<Utc>) -> Result<bool, Error> {
        self.writer
            .observe(task, EventKind::RunNotFoundYet, Observation::RunUnseen)
            .await?;
        let since = task.run.unseen_since;
        Ok(since.is_some_and(|since| asked_at - since >= self.writer.rules.grace))
    }

    async fn repeat(&self, task: &Task, connection: Connection, owner: &str) -> Result<(), Error> {
        self.writer
            .record_once(task, EventKind::LaunchRepeated)
            .await?;
        self.retry.retry(task, connection, owner).await
    }

    /// The runs that match.
    async fn candidates(
        &self,
        task: &Task,
        connection: &Connection,
    ) -> Result<SearchResult, Error> {
        // A run that contains the task id can be of any attempt, another one only of the last.
        let attempted = task.run.attempted_at.filter(|_| !task.run.names_task);
        let since = attempted.unwrap_or(task.created_at) - self.writer.rules.clock_skew;
        let target = &connection.target;
        let recent = self
            .openhexa
            .recent_runs(target, task.pipeline.id, since)
            .await?;
        let mut runs = match recent {
            RecentRuns::Runs(runs) => runs,
            RecentRuns::NoPipeline(absence) => return Ok(SearchResult::NoPipeline(absence)),
        };
        let user = match task.run.launched_as {
            Some(user) => user,
            None => self.openhexa.me(target).await?,
        };
        let (config, saved) = self.retry.stored_config(task).await?;
        let expected = run_config(saved, config);
        runs.retain(|run| run.user == Some(user) && matches_launch(run, task, &expected));
        let mut ids: Vec<RunId> = runs.into_iter().map(|run| run.id).collect();
        let (instance, asked) = (connection.instance.clone(), ids.clone());
        let owned = self
            .writer
            .store
            .read(move |db| Ok::<_, Error>(store::known_runs(db, &instance, &asked)?))
            .await?;
        ids.retain(|id| !owned.contains(id));
        Ok(SearchResult::Runs(ids))
    }
}

fn matches_launch(run: &RunCandidate, task: &Task, expected: &Map<String, Value>) -> bool {
    if run.execution_date.is_none() {
        return false;
    }
    if task.run.names_task {
        return names(&run.config, task.id);
    }
    task.run.drops_config || are_same(&run.config, expected)
}

/// OpenHEXA's database can write a number in another way: `1e16` comes back as `10000000000000000`.
fn are_same(found: &Map<String, Value>, sent: &Map<String, Value>) -> bool {
    let in_found = |(key, value): (&String, &Value)| {
        let found = found.get(key);
        found.is_some_and(|found| json_numbers::equal_values(found, value))
    };
    found.len() == sent.len() && sent.iter().all(in_found)
}

/// Whether a config contains the id of this task, as a number or as text.
fn names(config: &Map<String, Value>, task: TaskId) -> bool {
    match config.get("task_id") {
        Some(Value::Number(number)) => {
            #[allow(clippy::cast_precision_loss, reason = "no task's number is that large")]
            let same = number.as_f64() == Some(task.0 as f64);
            number.as_i64() == Some(task.0) || same
        }
        Some(Value::String(text)) => text.trim() == task.0.to_string(),
        Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => false,
    }
}
