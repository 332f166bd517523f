//! A launch whose outcome is not known: our run is looked for among its pipeline's own.
//!
//! A match needs our token's user, a date not before the attempt, an id that no task of ours owns, and our task's id in
//! the config, or, where the version does not declare it, a config equal to the one sent. Never guess: two that match
//! are none.

use serde_json::{Map, Value};

use super::observe::Fact;
use super::{Bridge, Error};
use crate::domain::connection::Connection;
use crate::domain::ids::{RunId, TaskId};
use crate::domain::observation::Observation;
use crate::domain::pipeline::RunCandidate;
use crate::domain::task::Task;
use crate::store::{self, Source};

const SEVERAL: &str = "several runs could be this launch's; none is taken";
pub const NEVER_CONFIRMED: &str = "OpenHEXA never confirmed the launch";

impl Bridge {
    pub(super) async fn search(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
    ) -> Result<(), Error> {
        let found = self.candidates(task, &connection).await;
        if found.is_err() || (matches!(found, Ok(None)) && task.run.unseen_since.is_some()) {
            self.look_failed(task).await?;
        }
        match found?.as_deref() {
            // Not visible: the look proves nothing by itself.
            None => self.hidden(task, &connection).await,
            Some([only]) => self.adopt(task, *only).await,
            Some([]) => self.not_found(task, connection, owner).await,
            Some([_, _, ..]) => self.undecided(task).await,
        }
    }

    /// Others of its pipeline may wait for this launch, so it does not stay unsure for ever.
    async fn undecided(&self, task: &Task) -> Result<(), Error> {
        let now = self.now();
        let reported = task.called_back && !self.rules().is_overdue(task, now);
        if reported || now - task.created_at < self.rules().give_up_after {
            return self.tell_once(task, SEVERAL).await.map(|_| ());
        }
        self.gone(task, "launch never confirmed", SEVERAL).await
    }

    async fn adopt(&self, task: &Task, run: RunId) -> Result<(), Error> {
        let fact = Fact::new(Source::OpenHexa, "run found", Observation::RunKnown { run });
        self.observe(task.id, fact.detail(run.to_string()))
            .await
            .map(|_| ())
    }

    async fn not_found(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
    ) -> Result<(), Error> {
        let now = self.now();
        self.learn(task, "run not found yet", Observation::RunUnseen)
            .await?;
        let since = task.run.unseen_since.unwrap_or(now);
        if now - since < self.rules().grace {
            return Ok(());
        }
        // A report proves that there is a run, so it is looked for as long as it may live.
        if task.called_back && !self.rules().is_overdue(task, now) {
            return Ok(());
        }
        let may_repeat = task.run.names_task && !task.called_back && task.may_be_launched();
        if may_repeat && now - task.created_at < self.rules().give_up_after {
            return self.repeat(task, connection, owner).await;
        }
        self.gone(task, "launch never confirmed", NEVER_CONFIRMED)
            .await
    }

    async fn repeat(&self, task: &Task, connection: Connection, owner: &str) -> Result<(), Error> {
        self.tell_once(task, "no run was made; asking again")
            .await?;
        self.try_again(task, connection, owner).await
    }

    /// Runs that can only be this launch's. None: the pipeline is not visible, so the look proves nothing.
    async fn candidates(
        &self,
        task: &Task,
        connection: &Connection,
    ) -> Result<Option<Vec<RunId>>, Error> {
        // A run that names its task may be of any attempt; another one only of the last.
        let attempted = task.run.attempted_at.filter(|_| !task.run.names_task);
        let since = attempted.unwrap_or(task.created_at) - self.rules().clock_skew;
        let target = &connection.target;
        let runs = self
            .openhexa()
            .recent_runs(target, task.pipeline.id, since)
            .await?;
        let Some(mut runs) = runs else {
            return Ok(None);
        };
        let user = match task.run.launched_as {
            Some(user) => user,
            None => self.openhexa().me(target).await?,
        };
        let (config, saved) = self.kept(task).await?;
        let expected = laid_over(saved, config);
        runs.retain(|run| run.user == Some(user) && is_ours(run, task, &expected));
        let mut ids: Vec<RunId> = runs.into_iter().map(|run| run.id).collect();
        let (instance, asked) = (connection.instance.clone(), ids.clone());
        let owned = self
            .store()
            .read(move |db| Ok::<_, Error>(store::owned_runs(db, &instance, &asked)?))
            .await?;
        ids.retain(|id| !owned.contains(id));
        Ok(Some(ids))
    }

    /// Whether it had not been told before.
    pub(super) async fn tell_once(&self, task: &Task, what: &'static str) -> Result<bool, Error> {
        let (id, account, now) = (task.id, task.account, self.now());
        self.store()
            .write(move |db| {
                let news = !store::has_event(db, id, what)?;
                if news {
                    let event = store::Event::new(now, Source::Bridge, what);
                    store::add_event(db, account, id, &event)?;
                }
                Ok(news)
            })
            .await
    }
}

fn is_ours(run: &RunCandidate, task: &Task, expected: &Map<String, Value>) -> bool {
    if run.execution_date.is_none() {
        return false;
    }
    if task.run.names_task {
        return names(&run.config, task.id);
    }
    task.run.drops_config || run.config == *expected
}

/// Whether a config names this task, in whichever type it was declared.
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

/// What OpenHEXA makes of a launch: what was sent over what the version has saved.
fn laid_over(mut saved: Map<String, Value>, sent: Map<String, Value>) -> Map<String, Value> {
    saved.extend(sent);
    saved
}
