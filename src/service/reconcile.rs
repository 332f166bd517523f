//! The reconciler: how a task ends although nobody calls back.
//!
//! One pass claims what is due, asks OpenHEXA about each task's own run, takes what it learns through the one door,
//! and sets the next look. It takes no input and can be run by any number of replicas at once; a failed look means
//! "ask again later", never "failed".

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::attempt::Attempt;
use super::catalog::Freshness;
use super::catalog::{Submitted, as_object, validate};
use super::observe::Fact;
use super::{Bridge, Error, Invalid, Upstream, causes};
use crate::domain::connection::Connection;
use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::ids::TaskId;
use crate::domain::note::{Note, NoteCode};
use crate::domain::observation::Observation;
use crate::domain::run::Launch;
use crate::domain::task::{State, Task};
use crate::domain::validation::Injected;
use crate::store::{self, Due, Kind};

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub claimed: usize,
    pub failed: usize,
}

impl Report {
    fn add(&mut self, other: Self) {
        self.claimed += other.claimed;
        self.failed += other.failed;
    }
}

impl Bridge {
    /// Looks at everything due, a few at a time: each claim is as short as its looks, and people who ask OpenHEXA
    /// meanwhile find places free. Ends early when the bridge stops.
    pub async fn reconcile(&self) -> Result<Report, Error> {
        let passed = self.pass().await;
        let outcome = if passed.is_ok() { "done" } else { "failed" };
        metrics::counter!("openhexa_bridge_reconciler_passes_total", "outcome" => outcome)
            .increment(1);
        passed
    }

    async fn pass(&self) -> Result<Report, Error> {
        self.mend_copies().await;
        let mut report = Report::default();
        while !self.parts.stop.is_cancelled() && report.claimed < self.rules().pass_limit {
            let most = self.rules().pass_limit - report.claimed;
            let mut some = self.follow_some(most).await?;
            some.add(self.search_some().await?);
            report.add(some);
            if some.claimed == 0 {
                break;
            }
        }
        Ok(counted(report))
    }

    async fn search_some(&self) -> Result<Report, Error> {
        let due = self.claim(self.now(), self.rules().looks_at_once);
        let owner = due.owner.clone();
        let claimed = self
            .store()
            .write(move |db| Ok::<_, Error>(store::claim_due(db, Kind::Searched, &due)?))
            .await?;
        let looks = claimed.iter().map(|task| self.look_after(*task, &owner));
        let outcomes = join_all(looks).await;
        Ok(Report {
            claimed: claimed.len(),
            failed: outcomes.iter().filter(|outcome| outcome.is_err()).count(),
        })
    }

    pub(super) fn claim(&self, now: DateTime<Utc>, limit: usize) -> Due {
        Due {
            now,
            until: now + self.rules().lease,
            owner: Uuid::now_v7().to_string(),
            limit,
        }
    }

    async fn look_after(&self, id: TaskId, owner: &str) -> Result<(), Error> {
        let looked = self.look_once(id, owner).await;
        if let Err(error) = &looked {
            let error = causes(error);
            tracing::warn!(task = id.0, error, "polling the task failed; it is retried");
        }
        self.plan_next(id, owner).await?;
        looked
    }

    /// Gives a task back, with the time of its next look.
    pub(super) async fn plan_next(&self, id: TaskId, owner: &str) -> Result<(), Error> {
        let (bridge, now, owner) = (self.clone(), self.now(), owner.to_owned());
        self.store()
            .write(move |db| {
                let task = store::lock_brief(db, id)?.ok_or_else(Error::no_task)?;
                let next = bridge.rules().next_look(&task, now);
                Ok(store::plan(db, &owner, now, &[(id, next)])?)
            })
            .await
    }

    async fn look_once(&self, id: TaskId, owner: &str) -> Result<(), Error> {
        let (task, connection) = self.tasks.with_connection(id).await?;
        self.tell_overdue(&task).await?;
        let at = connection.clone();
        match (&task.state, task.run.id) {
            (State::Ended { .. }, _) => return Ok(()),
            (State::Accepted, _) => self.try_again(&task, connection, owner).await,
            // Its id became known meanwhile: it is followed with the others.
            (_, Some(_)) => Ok(()),
            (_, None) => self.search(&task, connection, owner).await,
        }?;
        // Whatever was learnt just now: a run that is known and shall not go on is asked to stop in the same claim.
        self.stop_if_due(id, &at, owner).await
    }

    pub(super) async fn tell_overdue(&self, task: &Task) -> Result<(), Error> {
        if self.rules().is_overdue(task, self.now()) {
            self.tell_once(task, EventKind::Overdue).await?;
        }
        Ok(())
    }

    /// A launch that could not be sent: judged again, against the definition as it is now. Given up only after another
    /// attempt has failed, so that time spent waiting for another launch counts for nothing.
    pub(super) async fn try_again(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
    ) -> Result<(), Error> {
        if self.waits(task).await? {
            return self
                .tell_once(task, EventKind::LaunchWaits)
                .await
                .map(|_| ());
        }
        let launch = match self.prepare_again(task, &connection, owner).await {
            Ok(launch) => launch,
            Err(Error::Invalid(wrong)) => return self.give_up(task, changed(&wrong)).await,
            Err(Error::NotFound(_)) => {
                return self.give_up(task, NoteCode::PipelineGone.into()).await;
            }
            Err(_) if self.is_too_late(task) => {
                return self.give_up(task, NoteCode::NotSent.into()).await;
            }
            Err(error) => return Err(error),
        };
        let attempt = Attempt {
            task: task.id,
            owner: owner.to_owned(),
            connection,
            launch,
        };
        match self.attempt(&attempt).await {
            Ok(after) if after.state == State::Accepted && self.is_too_late(task) => {
                self.give_up(task, NoteCode::NotSent.into()).await
            }
            // Refused is an end like others; the task says so.
            Ok(_) | Err(Error::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn is_too_late(&self, task: &Task) -> bool {
        self.now() - task.created_at > self.rules().give_up_after
    }

    async fn waits(&self, task: &Task) -> Result<bool, Error> {
        if task.run.names_task {
            return Ok(false);
        }
        let (pipeline, id, key) = (task.pipeline.id, task.id, self.fingerprint_key());
        self.store()
            .write(move |db| Ok(store::must_wait(db, pipeline, id, &key)?))
            .await
    }

    /// Nothing was ever sent, unless an attempt before may have made a run: then OpenHEXA never confirmed it.
    async fn give_up(&self, task: &Task, why: Note) -> Result<(), Error> {
        if task.run.unsure {
            return self.never_confirmed(task, NoteCode::NeverConfirmed).await;
        }
        let data = EventData::default().because(&why);
        let refused = Observation::LaunchRefused { why };
        let fact = Fact::new(Source::Bridge, EventKind::LaunchGivenUp, refused).data(data);
        self.observe(task.id, fact).await.map(|_| ())
    }

    async fn prepare_again(
        &self,
        task: &Task,
        connection: &Connection,
        owner: &str,
    ) -> Result<Launch, Error> {
        let account_config = self
            .configuration
            .get_for(task.account, connection.clone())
            .await?;
        let version = task.pipeline.version.as_ref().map(|version| version.id);
        let definition = self
            .catalog
            .definition(&account_config, task.pipeline.id, version, Freshness::Now)
            .await?;
        if !definition.fresh {
            return Err(Error::Upstream(Upstream::Unreachable));
        }
        let (kept, saved) = self.kept(task).await?;
        let saved_now = definition.version.as_ref().map(|version| &version.config);
        if let Some(now) = saved_now.filter(|now| **now != saved) {
            self.keep_saved(task, &kept, now, owner).await?;
        }
        let injected = self.injection(task, self.now());
        let mut config = validate(
            &definition,
            &BTreeMap::new(),
            &Map::new(),
            Submitted::again(&kept),
            &injected,
        )?
        .config;
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

    /// The version's saved values have changed since the launch: a lost run is recognised by the current ones. Once the
    /// task has ended or its run is known, its secrets are erased and must not be stored again.
    async fn keep_saved(
        &self,
        task: &Task,
        kept: &Map<String, Value>,
        saved: &Map<String, Value>,
        owner: &str,
    ) -> Result<(), Error> {
        let print = (!task.run.names_task).then(|| self.fingerprint(saved, kept));
        let (vault, id, saved) = (self.store().vault.clone(), task.id, saved.clone());
        let (owner, until) = (owner.to_owned(), self.now() + self.rules().lease);
        self.store()
            .write(move |db| {
                let current = store::lock(db, id)?.ok_or_else(Error::no_task)?;
                let is_waiting = current.is_live() && current.run.id.is_none();
                if !is_waiting || !store::renew(db, id, &owner, until)? {
                    return Ok(());
                }
                let Some(mut secrets) = store::secrets_of(db, &vault, id)? else {
                    return Ok(());
                };
                secrets.insert("saved".to_owned(), Value::Object(saved));
                let print = print.as_deref();
                Ok(store::put_secrets(db, &vault, id, &secrets, print)?)
            })
            .await
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

/// Which parameters, not their values.
fn changed(wrong: &Invalid) -> Note {
    const MOST: usize = 10;
    let fields: Vec<&str> = wrong
        .fields
        .0
        .keys()
        .chain(wrong.config.0.keys())
        .map(String::as_str)
        .take(MOST)
        .collect();
    Note::with(NoteCode::PipelineChanged, fields.join(", "))
}

fn counted(report: Report) -> Report {
    let looks = |outcome, count: usize| {
        metrics::counter!("openhexa_bridge_reconciler_looks_total", "outcome" => outcome)
            .increment(count as u64);
    };
    looks("failed", report.failed);
    looks("taken", report.claimed - report.failed);
    report
}
