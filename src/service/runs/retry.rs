//! Retries a launch that could not be sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::apply::Update;
use super::fingerprint::Fingerprints;
use super::injection::Injector;
use super::sender::{Attempt, LaunchSender};
use super::task_writer::TaskWriter;
use crate::domain::connection::Connection;
use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::note::{Note, NoteCode};
use crate::domain::observation::Observation;
use crate::domain::run::Launch;
use crate::domain::task::{State, Task};
use crate::domain::validation::Injected;
use crate::openhexa;
use crate::service::catalog::{Catalog, Freshness, Submitted, as_object, validate};
use crate::service::configuration::Configuration;
use crate::service::{Error, Invalid};
use crate::store;

#[derive(Clone)]
pub struct LaunchRetry {
    pub(super) configuration: Arc<Configuration>,
    pub(super) catalog: Arc<Catalog>,
    pub(super) writer: TaskWriter,
    pub(super) sender: LaunchSender,
    pub(super) fingerprints: Fingerprints,
    pub(super) injector: Injector,
}

impl LaunchRetry {
    /// Validates the launch again with the current definition and sends it. It is given up only after this attempt has failed,
    /// so that waiting for another launch does not count.
    pub async fn retry(
        &self,
        task: &Task,
        connection: Connection,
        owner: &str,
    ) -> Result<(), Error> {
        if self.waits(task).await? {
            return self
                .writer
                .record_once(task, EventKind::LaunchWaits)
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
        match self.sender.send(&attempt).await {
            Ok(after) if after.state == State::Accepted && self.is_too_late(task) => {
                self.give_up(task, NoteCode::NotSent.into()).await
            }
            // A refusal is a normal end of the task.
            Ok(_) | Err(Error::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn is_too_late(&self, task: &Task) -> bool {
        self.writer.now() - task.created_at > self.writer.rules.give_up_after
    }

    async fn waits(&self, task: &Task) -> Result<bool, Error> {
        if task.run.names_task {
            return Ok(false);
        }
        let (pipeline, id, key) = (task.pipeline.id, task.id, self.fingerprints.prefix());
        self.writer
            .store
            .write(move |db| Ok(store::must_wait_for_other_launch(db, pipeline, id, &key)?))
            .await
    }

    /// Nothing was sent, unless the outcome of an earlier attempt is unknown.
    async fn give_up(&self, task: &Task, why: Note) -> Result<(), Error> {
        if task.run.unsure {
            return self
                .writer
                .never_confirmed(task, NoteCode::NeverConfirmed)
                .await;
        }
        let data = EventData::default().because(&why);
        let refused = Observation::LaunchRefused { why };
        let update = Update::new(Source::Bridge, EventKind::LaunchGivenUp, refused).data(data);
        self.writer.apply(task.id, update).await.map(|_| ())
    }

    async fn prepare_again(
        &self,
        task: &Task,
        connection: &Connection,
        owner: &str,
    ) -> Result<Launch, Error> {
        let account = self
            .configuration
            .get_for(task.account, connection.clone())
            .await?;
        let version = task.pipeline.version.as_ref().map(|version| version.id);
        let definition = self
            .catalog
            .definition(&account, task.pipeline.id, version, Freshness::Now)
            .await?;
        if !definition.fresh {
            return Err(Error::Upstream(openhexa::Error::Unreachable));
        }
        let (kept, saved) = self.stored_config(task).await?;
        let saved_now = definition.version.as_ref().map(|version| &version.config);
        if let Some(now) = saved_now.filter(|now| **now != saved) {
            self.store_saved_values(task, &kept, now, owner).await?;
        }
        let injected = self.injector.values(task, self.writer.now());
        let mut config = validate(
            &definition,
            &BTreeMap::new(),
            &Map::new(),
            Submitted::again(&kept),
            &injected,
        )?
        .config;
        // Injected values stay as they are stored, because a search for a lost run compares them.
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

    /// The saved values of the version have changed since the launch, so a lost run has the current ones. After the task has
    /// ended or its run is known, its secrets are deleted and must not be stored again.
    async fn store_saved_values(
        &self,
        task: &Task,
        kept: &Map<String, Value>,
        saved: &Map<String, Value>,
        owner: &str,
    ) -> Result<(), Error> {
        let print = (!task.run.names_task).then(|| self.fingerprints.of(saved, kept));
        let (cipher, id, saved) = (self.writer.store.cipher.clone(), task.id, saved.clone());
        let (owner, until) = (
            owner.to_owned(),
            self.writer.now() + self.writer.rules.lease,
        );
        self.writer
            .store
            .write(move |db| {
                let current = store::lock_task(db, id)?.ok_or_else(Error::no_task)?;
                let is_waiting = current.is_live() && current.run.id.is_none();
                if !is_waiting || !store::renew_lease(db, id, &owner, until)? {
                    return Ok(());
                }
                let Some(mut secrets) = store::secrets_of(db, &cipher, id)? else {
                    return Ok(());
                };
                secrets.insert("saved".to_owned(), Value::Object(saved));
                let print = print.as_deref();
                Ok(store::put_secrets(db, &cipher, id, &secrets, print)?)
            })
            .await
    }

    /// The config that was or will be sent, secrets included, and the values that are saved with the version.
    pub async fn stored_config(
        &self,
        task: &Task,
    ) -> Result<(Map<String, Value>, Map<String, Value>), Error> {
        let (cipher, id) = (self.writer.store.cipher.clone(), task.id);
        let kept = self
            .writer
            .store
            .read(move |db| Ok::<_, Error>(store::secrets_of(db, &cipher, id)?))
            .await?
            .unwrap_or_default();
        let part = |name: &str| as_object(kept.get(name).cloned().unwrap_or_default());
        let mut config = task.run.config.clone();
        config.extend(part("secrets"));
        Ok((config, part("saved")))
    }
}

/// Names the parameters, without their values.
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
