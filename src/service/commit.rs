//! The transaction that makes a launch's task, and what is done where nobody knows whether it was committed.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::attempt::Attempt;
use super::catalog::Definition;
use super::catalog::{Submitted, as_object, parameters, validate};
use super::configuration::AccountConfig;
use super::once::{self, Once};
use super::{Bridge, Error};
use crate::domain::event::{Event, EventData, EventKind, Source};
use crate::domain::ids::{LaunchId, PipelineId, TaskId, VersionId};
use crate::domain::run::Launch;
use crate::domain::task::Task;
use crate::domain::validation::{self, Checked, Injected};
use crate::store::{self, Db, Due, NewTask, Sent};

/// After a lost commit, how long the database is asked at least whether the task was stored.
const CONFIRM_WITHIN: Duration = Duration::from_secs(2);
/// The time between two of those requests.
const CONFIRM_EVERY: Duration = Duration::from_millis(250);

/// A launch as it was requested.
#[derive(Clone, Debug)]
pub struct LaunchRequest {
    pub pipeline: PipelineId,
    pub version: Option<VersionId>,
    pub config: Map<String, Value>,
    pub send_notifications: bool,
    pub debug: bool,
    /// The task that this one repeats: its config is whole, and needs no defaults.
    pub relaunch_of: Option<TaskId>,
    /// Set where it may be asked for again and is to be made once.
    pub once: Option<Once>,
}

impl LaunchRequest {
    pub(super) fn defaults(&self, account_config: &AccountConfig) -> Map<String, Value> {
        match self.relaunch_of {
            None => account_config.defaults(self.pipeline),
            Some(_) => Map::new(),
        }
    }
}

/// A launch that is valid, to be committed as a task.
#[derive(Clone)]
pub(super) struct Commit {
    pub bridge: Bridge,
    pub draft: Task,
    /// The lease of the attempt that follows.
    pub held: Due,
    pub account_config: AccountConfig,
    pub definition: Definition,
    pub request: LaunchRequest,
    pub defaults: Map<String, Value>,
    pub from_iaso: bool,
    pub now: DateTime<Utc>,
}

impl Commit {
    /// The task that was made under the same idempotency key.
    pub(super) fn made_before(&self, db: &mut Db<'_>) -> Result<Option<TaskId>, Error> {
        match &self.request.once {
            Some(once) => once::taken(db, self.draft.account, once, self.bridge.keys_since()),
            None => Ok(None),
        }
    }

    pub(super) fn make(&self, db: &mut Db<'_>) -> Result<(Attempt, Task), Error> {
        let new = NewTask {
            task: self.draft.clone(),
            instance: self.account_config.connection.instance.clone(),
        };
        let task = store::insert(db, &new)?;
        if let Some(once) = self.request.once.clone() {
            once::remember(db, &task, once, self.bridge.keys_since())?;
        }
        let checked = validate(
            &self.definition,
            &BTreeMap::new(),
            &self.defaults,
            Submitted::with(&self.request.config, self.from_iaso),
            &self.bridge.injection(&task, self.now),
        )?;
        let task = self.keep(db, task, &checked)?;
        Ok((self.attempt(task.id, checked.config), task))
    }

    fn attempt(&self, task: TaskId, config: Map<String, Value>) -> Attempt {
        let version = self.definition.version.as_ref();
        Attempt {
            task,
            owner: self.held.owner.clone(),
            connection: self.account_config.connection.clone(),
            launch: Launch {
                pipeline: self.definition.pipeline.id,
                version: version.map(|version| version.label.id),
                config,
                send_notifications: self.request.send_notifications,
                debug: self.request.debug,
            },
        }
    }

    /// Stores what is to be sent: what may be read as it is, the rest encrypted.
    fn keep(&self, db: &mut Db<'_>, mut task: Task, checked: &Checked) -> Result<Task, Error> {
        let (definition, held) = (&self.definition, &self.held);
        let known = parameters(definition);
        task.run.config = validation::masked(known, &checked.config);
        task.run.names_task = checked.config.contains_key(Injected::TaskId.code());
        let saved = definition.version.as_ref().map(|version| &version.config);
        let kept = json!({"secrets": validation::secrets(known, &checked.config), "saved": saved});
        let print = (!task.run.names_task).then(|| {
            let none = Map::new();
            self.bridge
                .fingerprint(saved.unwrap_or(&none), &checked.config)
        });
        // With a definition that is to be checked again, the task is due at once.
        let until = if definition.fresh {
            held.until
        } else {
            held.now
        };
        let sent = Sent {
            secrets: store::sealed(&self.bridge.store().vault, &as_object(kept)),
            fingerprint: print,
            held: Due {
                until,
                ..held.clone()
            },
        };
        store::save_sent(db, &task, &sent)?;
        let accepted = Event::new(held.now, Source::User, EventKind::LaunchAccepted);
        let accepted = accepted.data(about(&task, checked));
        store::add_event(db, task.account, task.id, &accepted)?;
        Ok(task)
    }
}

impl Bridge {
    /// Waits until the database says that the launch's task is stored; an error where it is not, or does not say so in time.
    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, no time is told"
    )]
    pub(super) async fn confirm(
        &self,
        launch: Option<LaunchId>,
        until: Instant,
    ) -> Result<(), Error> {
        let launch = launch.ok_or(Error::Busy)?;
        let until = until.max(Instant::now() + CONFIRM_WITHIN);
        let stored = tokio::time::timeout_at(until, self.until_stored(launch));
        stored.await.unwrap_or(Err(Error::Busy))
    }

    /// A server that lost the connection may still be busy with the commit, so "no" is asked again until the time is up.
    async fn until_stored(&self, launch: LaunchId) -> Result<(), Error> {
        loop {
            let found = self
                .store()
                .read(move |db| Ok::<_, Error>(store::is_launch_stored(db, launch)?))
                .await;
            match found {
                Ok(true) => return Ok(()),
                Ok(false) | Err(Error::Busy) => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(CONFIRM_EVERY).await;
        }
    }
}

fn about(task: &Task, checked: &Checked) -> EventData {
    let data = match task.relaunch_of {
        Some(id) => EventData::default().relaunch_of(id),
        None => EventData::default(),
    };
    if checked.left_out.is_empty() {
        return data;
    }
    data.left_out(&checked.left_out)
}
