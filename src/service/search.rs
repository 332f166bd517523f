//! A launch whose outcome is not known: our run is looked for among its pipeline's own.
//!
//! A match needs our token's user, a date not before the attempt, an id that no task of ours owns, and our task's id in
//! the config, or, where the version does not declare it, a config equal to the one sent. Never guess: two that match
//! are none.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::observe::Fact;
use super::{Bridge, Error};
use crate::domain::connection::Connection;
use crate::domain::event::{Event, EventData, EventKind, Source};
use crate::domain::ids::{RunId, TaskId};
use crate::domain::note::NoteCode;
use crate::domain::numbers;
use crate::domain::observation::Observation;
use crate::domain::pipeline::RunCandidate;
use crate::domain::run::{Absence, Recent};
use crate::domain::task::Task;
use crate::store;

/// What a search for a lost run found.
enum Found {
    Runs(Vec<RunId>),
    NoPipeline(Absence),
}

impl Bridge {
    pub(super) async fn search(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
    ) -> Result<(), Error> {
        // What a response shows is at least as old as its request.
        let asked_at = self.now();
        let found = self.candidates(task, &connection).await;
        if found.is_err() {
            self.look_failed(task).await?;
        }
        match found? {
            Found::NoPipeline(absence) if absence.proves_deletion(task.run.launched_as) => {
                self.deleted(task, asked_at).await
            }
            // Not visible: the response proves nothing by itself.
            Found::NoPipeline(absence) => self.hidden(task, absence).await,
            Found::Runs(runs) => match runs.as_slice() {
                [only] => self.adopt(task, *only).await,
                [] => self.not_found(task, connection, owner, asked_at).await,
                [_, _, ..] => self.undecided(task).await,
            },
        }
    }

    /// Others of its pipeline may wait for this launch, so it does not stay unsure for ever.
    async fn undecided(&self, task: &Task) -> Result<(), Error> {
        let now = self.now();
        let reported = task.called_back && !self.rules().is_overdue(task, now);
        if reported || now - task.created_at < self.rules().give_up_after {
            return self
                .tell_once(task, EventKind::RunAmbiguous)
                .await
                .map(|_| ());
        }
        self.never_confirmed(task, NoteCode::SeveralRuns).await
    }

    async fn adopt(&self, task: &Task, run: RunId) -> Result<(), Error> {
        let known = Observation::RunKnown { run };
        let fact = Fact::new(Source::OpenHexa, EventKind::RunFound, known);
        self.observe(task.id, fact.data(EventData::default().run(run)))
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
        if !self.unseen_for_long(task, asked_at).await? {
            return Ok(());
        }
        let now = self.now();
        // A report proves that there is a run, so it is looked for as long as it may live.
        if task.called_back && !self.rules().is_overdue(task, now) {
            return Ok(());
        }
        let may_repeat = task.run.names_task && !task.called_back && task.may_be_launched();
        if may_repeat && now - task.created_at < self.rules().give_up_after {
            return self.repeat(task, connection, owner).await;
        }
        self.never_confirmed(task, NoteCode::NeverConfirmed).await
    }

    pub(super) async fn never_confirmed(&self, task: &Task, why: NoteCode) -> Result<(), Error> {
        self.gone(task, EventKind::LaunchNeverConfirmed, why).await
    }

    /// With its pipeline deleted there can be no run, and none can be launched.
    async fn deleted(&self, task: &Task, asked_at: DateTime<Utc>) -> Result<(), Error> {
        if !self.unseen_for_long(task, asked_at).await? {
            return Ok(());
        }
        self.never_confirmed(task, NoteCode::DeletedUnconfirmed)
            .await
    }

    /// Whether the grace is over: it begins with the first successful poll that did not find the run and ends with one
    /// that was sent at least `launch.grace` later. Failed polls in between change nothing.
    async fn unseen_for_long(&self, task: &Task, asked_at: DateTime<Utc>) -> Result<bool, Error> {
        self.learn(task, EventKind::RunNotFoundYet, Observation::RunUnseen)
            .await?;
        let since = task.run.unseen_since;
        Ok(since.is_some_and(|since| asked_at - since >= self.rules().grace))
    }

    async fn repeat(&self, task: &Task, connection: Connection, owner: &str) -> Result<(), Error> {
        self.tell_once(task, EventKind::LaunchRepeated).await?;
        self.try_again(task, connection, owner).await
    }

    /// Runs that can only be this launch's.
    async fn candidates(&self, task: &Task, connection: &Connection) -> Result<Found, Error> {
        // A run that names its task may be of any attempt; another one only of the last.
        let attempted = task.run.attempted_at.filter(|_| !task.run.names_task);
        let since = attempted.unwrap_or(task.created_at) - self.rules().clock_skew;
        let target = &connection.target;
        let recent = self
            .openhexa()
            .recent_runs(target, task.pipeline.id, since)
            .await?;
        let mut runs = match recent {
            Recent::Runs(runs) => runs,
            Recent::NoPipeline(absence) => return Ok(Found::NoPipeline(absence)),
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
        Ok(Found::Runs(ids))
    }

    /// Whether it had not been told before.
    pub(super) async fn tell_once(&self, task: &Task, what: EventKind) -> Result<bool, Error> {
        let (id, account, now) = (task.id, task.account, self.now());
        self.store()
            .write(move |db| {
                let news = !store::has_event(db, id, what)?;
                if news {
                    let event = Event::new(now, Source::Bridge, what);
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
    task.run.drops_config || are_same(&run.config, expected)
}

/// OpenHEXA's database can write a number in another way: `1e16` comes back as `10000000000000000`.
fn are_same(found: &Map<String, Value>, sent: &Map<String, Value>) -> bool {
    let in_found = |(key, value): (&String, &Value)| {
        let found = found.get(key);
        found.is_some_and(|found| numbers::same_values(found, value))
    };
    found.len() == sent.len() && sent.iter().all(in_found)
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
pub(super) fn laid_over(
    mut saved: Map<String, Value>,
    sent: Map<String, Value>,
) -> Map<String, Value> {
    saved.extend(sent);
    saved
}
