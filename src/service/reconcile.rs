//! The reconciler: how a task ends although nobody calls back.
//!
//! One pass claims what is due, asks OpenHEXA about each task's own run, takes what it learns through the one door,
//! and sets the next look. It takes no input and can be run by any number of replicas at once; a failed look means
//! "ask again later", never "failed".

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::attempt::Attempt;
use super::launch::{as_object, judge};
use super::observe::Fact;
use super::pipelines::Need;
use super::{Bridge, Error, Upstream};
use crate::domain::connection::Connection;
use crate::domain::ids::{RunId, TaskId};
use crate::domain::observation::{Observation, Sighting};
use crate::domain::parameters::MASK;
use crate::domain::pipeline::RunStatus;
use crate::domain::run::{Launch, Look};
use crate::domain::task::{State, Task};
use crate::domain::validation::Injected;
use crate::store::{self, Due, Source};

/// Looks under way at a time; the client's own limit per instance is below it.
const AT_ONCE: usize = 16;
/// How much of a failed run's log is kept as the reason.
const LAST_LINES: usize = 10;
const LAST_LETTERS: usize = 2_000;
const COULD_NOT_SEND: &str = "OpenHEXA could not be reached: the launch was never sent";
const LOG_UNREAD: &str = "the run failed, and its log could not be read";
const GONE: &str = "OpenHEXA no longer knows the run";

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub claimed: usize,
    pub failed: usize,
}

impl Bridge {
    /// Looks at everything due.
    pub async fn reconcile(&self) -> Result<Report, Error> {
        let due = self.claim(self.now(), self.rules().pass_limit);
        let owner = due.owner.clone();
        let claimed = self
            .store()
            .write(move |db| Ok::<_, Error>(store::claim_due(db, &due)?))
            .await?;
        let outcomes: Vec<Result<(), Error>> = stream::iter(claimed.iter().copied())
            .map(|task| self.look_after(task, &owner))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let failed = outcomes.iter().filter(|outcome| outcome.is_err()).count();
        Ok(counted(Report {
            claimed: claimed.len(),
            failed,
        }))
    }

    pub(super) fn claim(&self, now: DateTime<Utc>, limit: i64) -> Due {
        Due {
            now,
            until: now + self.rules().lease,
            owner: Uuid::now_v7().to_string(),
            limit,
        }
    }

    /// Gives a task back, after whatever was done with it.
    pub(super) async fn release(&self, task: TaskId, owner: &str) -> Result<(), Error> {
        let owner = owner.to_owned();
        self.store()
            .write(move |db| Ok(store::release(db, task, &owner)?))
            .await
    }

    async fn look_after(&self, id: TaskId, owner: &str) -> Result<(), Error> {
        let looked = self.look_once(id, owner).await;
        if let Err(error) = &looked {
            tracing::info!(task = id.0, %error, "the look failed; it is tried again");
        }
        self.plan_next(id, owner).await?;
        looked
    }

    async fn plan_next(&self, id: TaskId, owner: &str) -> Result<(), Error> {
        let (bridge, now, owner) = (self.clone(), self.now(), owner.to_owned());
        self.store()
            .write(move |db| {
                let task = store::lock(db, id)?.ok_or_else(Error::no_task)?;
                store::schedule(db, id, bridge.rules().next_look(&task, now))?;
                Ok(store::release(db, id, &owner)?)
            })
            .await
    }

    async fn look_once(&self, id: TaskId, owner: &str) -> Result<(), Error> {
        let (task, connection) = self.load(id).await?;
        match (&task.state, task.run.id) {
            (State::Ended { .. }, _) => Ok(()),
            (State::Accepted, _) => self.try_again(&task, connection, owner).await,
            (_, Some(run)) => self.follow(&task, &connection, run).await,
            (_, None) => self.search(&task, connection, owner).await,
        }
    }

    async fn load(&self, id: TaskId) -> Result<(Task, Connection), Error> {
        let vault = self.store().vault.clone();
        self.store()
            .read(move |db| {
                let task = store::any(db, id)?.ok_or_else(Error::no_task)?;
                let connection = store::connection(db, &vault, task.connection)?;
                Ok((task, connection))
            })
            .await
    }

    /// Our run by its id.
    async fn follow(&self, task: &Task, connection: &Connection, run: RunId) -> Result<(), Error> {
        let look = self
            .openhexa()
            .look(&connection.target, task.pipeline.id, run)
            .await?;
        match look {
            Look::Seen {
                status, progress, ..
            } => {
                let last_lines = if status == RunStatus::Failed {
                    self.why_failed(task, connection, run).await?
                } else {
                    None
                };
                let what = format!("run {}", status.word());
                let sighting = Sighting {
                    status,
                    progress,
                    last_lines,
                };
                self.learn(task, &what, Observation::RunSeen(sighting))
                    .await
            }
            Look::Absent {
                pipeline_visible: true,
            } => self.absent(task).await,
            // Without the pipeline, absence proves nothing: no permission looks the same.
            Look::Absent {
                pipeline_visible: false,
            } => Ok(()),
        }
    }

    async fn absent(&self, task: &Task) -> Result<(), Error> {
        if task.run.absent_looks + 1 < self.rules().absent_looks {
            return self
                .learn(task, "run not found", Observation::RunUnseen)
                .await;
        }
        let gone = Observation::RunGone {
            why: GONE.to_owned(),
        };
        self.learn(task, "run gone", gone).await
    }

    /// The end of the run's log. An end does not wait for it for ever: one too large to be read stays so.
    async fn why_failed(
        &self,
        task: &Task,
        connection: &Connection,
        run: RunId,
    ) -> Result<Option<String>, Error> {
        match self.openhexa().details(&connection.target, run).await {
            Ok(details) => Ok(details
                .and_then(|details| details.logs)
                .and_then(|logs| last_lines(&logs))),
            Err(error) if self.tell_once(task, LOG_UNREAD).await? => Err(error.into()),
            Err(_) => Ok(None),
        }
    }

    pub(super) async fn learn(
        &self,
        task: &Task,
        what: &str,
        observation: Observation,
    ) -> Result<(), Error> {
        let fact = Fact::new(Source::OpenHexa, what, observation);
        self.observe(task.id, fact).await.map(|_| ())
    }

    /// A launch that could not be sent: judged again, against the definition as it is now.
    pub(super) async fn try_again(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
    ) -> Result<(), Error> {
        if self.now() - task.created_at > self.rules().give_up_after {
            return self.give_up(task, COULD_NOT_SEND).await;
        }
        let launch = match self.prepare_again(task, &connection).await {
            Ok(launch) => launch,
            Err(error @ (Error::Invalid(_) | Error::NotFound(_))) => {
                let why = format!("the pipeline changed before the launch could be sent: {error}");
                return self.give_up(task, &why).await;
            }
            Err(error) => return Err(error),
        };
        let attempt = Attempt {
            task: task.id,
            owner: owner.to_owned(),
            connection,
            launch,
        };
        match self.attempt(attempt).await {
            // Refused is an end like others; the task says so.
            Ok(_) | Err(Error::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn give_up(&self, task: &Task, why: &str) -> Result<(), Error> {
        let refused = Observation::LaunchRefused {
            why: why.to_owned(),
        };
        let fact = Fact::new(Source::Bridge, "launch given up", refused).detail(why);
        self.observe(task.id, fact).await.map(|_| ())
    }

    async fn prepare_again(&self, task: &Task, connection: &Connection) -> Result<Launch, Error> {
        let ground = self.ground_of(task.account, connection.clone()).await?;
        let version = task.pipeline.version.as_ref().map(|version| version.id);
        let definition = self
            .definition(&ground, task.pipeline.id, version, Need::Now)
            .await?;
        if !definition.fresh {
            return Err(Error::Upstream(Upstream::Unreachable));
        }
        let (kept, _) = self.kept(task).await?;
        let injected = self.injection(task, self.now());
        let mut config =
            judge(&definition, &BTreeMap::new(), &Map::new(), &kept, &injected)?.config;
        // What was filled in stays as it is kept: should the run's id be lost, it is found by exactly what was sent.
        config.extend(
            kept.into_iter()
                .filter(|(key, _)| Injected::parse(key).is_some()),
        );
        Ok(Launch {
            pipeline: task.pipeline.id,
            version,
            config,
            send_notifications: task.run.send_notifications,
            debug: task.run.debug,
        })
    }

    /// What was to be sent, secrets included, and what the version had saved beneath it.
    pub(super) async fn kept(
        &self,
        task: &Task,
    ) -> Result<(Map<String, Value>, Map<String, Value>), Error> {
        let (vault, id) = (self.store().vault.clone(), task.id);
        let kept = self
            .store()
            .read(move |db| Ok::<_, Error>(store::secrets_of(db, &vault, id)?))
            .await?
            .unwrap_or_default();
        let part = |name: &str| as_object(kept.get(name).cloned().unwrap_or_default());
        let mut config = task.run.config.clone();
        config.extend(part("secrets"));
        Ok((config, part("saved")))
    }
}

fn counted(report: Report) -> Report {
    let looks = |outcome, count: usize| {
        metrics::counter!("openhexa_bridge_reconciler_looks_total", "outcome" => outcome)
            .increment(count as u64);
    };
    looks("failed", report.failed);
    looks("taken", report.claimed - report.failed);
    metrics::counter!("openhexa_bridge_reconciler_passes_total").increment(1);
    report
}

/// The end of a run's log, as the reason of its failure. Anything that looks like a signed token is masked.
fn last_lines(log: &str) -> Option<String> {
    let lines: Vec<&str> = log
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    let text = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
    let text = masked(&text);
    let skip = text.chars().count().saturating_sub(LAST_LETTERS);
    let text: String = text
        .chars()
        .skip(skip)
        .filter(|letter| *letter != '\0')
        .collect();
    (!text.is_empty()).then_some(text)
}

fn masked(text: &str) -> String {
    text.split_inclusive(|letter| !is_part(letter))
        .map(masked_word)
        .collect()
}

fn is_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.".contains(letter)
}

/// A sentence may end right behind a token, and something may stand right before it.
fn masked_word(word: &str) -> String {
    let token = word.trim_end_matches(|letter| letter == '.' || !is_part(letter));
    match token.find("eyJ") {
        Some(at) if token[at..].matches('.').count() == 2 => {
            [&word[..at], MASK, &word[token.len()..]].concat()
        }
        Some(_) | None => word.to_owned(),
    }
}
