//! The transaction that creates the task of a launch, and the check whether a commit with an unknown outcome was stored.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::Launching;
use super::idempotency::{self, Idempotency};
use crate::domain::event::{Event, EventData, EventKind, Source};
use crate::domain::flow_step::FlowStep;
use crate::domain::ids::{LaunchId, PipelineId, TaskId, VersionId};
use crate::domain::run::Launch;
use crate::domain::task::Task;
use crate::domain::validation::{self, ValidConfig};
use crate::service::Error;
use crate::service::catalog::{Definition, as_object, parameters};
use crate::service::configuration::AccountConfig;
use crate::service::runs::{Attempt, Fingerprints, Injector};
use crate::store::flows::{AttemptStart, NewAttempt, StartedAttempt, start_attempt};
use crate::store::{self, Cipher, Db, LeaseRequest, NewRun};

/// For how long, at least, the database is queried for whether a task was stored.
const CONFIRM_WITHIN: Duration = Duration::from_secs(2);
/// The time between two of these queries.
const CONFIRM_EVERY: Duration = Duration::from_millis(250);

/// A launch as the user requested it.
#[derive(Clone, Debug)]
pub struct LaunchRequest {
    pub pipeline: PipelineId,
    pub version: Option<VersionId>,
    pub config: Map<String, Value>,
    pub send_notifications: bool,
    pub debug: bool,
    /// The task that is launched again. Its config is complete, so no defaults are added.
    pub relaunch_of: Option<TaskId>,
    pub idempotency: Option<Idempotency>,
    /// The attempt of a step of a flow that the task is.
    pub step: Option<StepAttempt>,
}

/// An attempt of a step, and how the task shows it.
#[derive(Clone, Debug)]
pub struct StepAttempt {
    pub attempt: NewAttempt,
    pub shown: FlowStep,
}

/// Whether a launch creates a task.
pub(super) enum Claim {
    /// With the attempt of a step, if it is one.
    New(Option<Box<StartedAttempt>>),
    /// The idempotency key or the attempt already has this task.
    Existing(TaskId),
    /// The run of the flow does not want the attempt any more.
    NotWanted,
}

impl LaunchRequest {
    /// Whether a flow or a webhook launches, not the caller.
    pub fn is_automatic(&self) -> bool {
        self.step.is_some() || matches!(self.idempotency, Some(Idempotency::Message(_)))
    }

    pub fn defaults(&self, config: &AccountConfig) -> Map<String, Value> {
        match self.relaunch_of {
            None => config.defaults(self.pipeline),
            Some(_) => Map::new(),
        }
    }
}

/// A valid launch that is stored as a task.
#[derive(Clone)]
pub(super) struct Commit {
    pub cipher: Cipher,
    pub fingerprints: Fingerprints,
    pub injector: Injector,
    /// Idempotency keys that were used before this time count as unused.
    pub keys_since: DateTime<Utc>,
    /// The task without its id and the values that depend on it.
    pub draft: Task,
    /// The lease for the launch request.
    pub lease: LeaseRequest,
    pub account: AccountConfig,
    pub definition: Definition,
    pub request: LaunchRequest,
    pub checked: ValidConfig,
}

impl Commit {
    /// Whether the idempotency key or the attempt of a step already has a task.
    pub fn claim(&self, db: &mut Db<'_>) -> Result<Claim, Error> {
        if let Some(step) = &self.request.step {
            return Ok(match start_attempt(db, &step.attempt)? {
                AttemptStart::Wanted(started) => Claim::New(Some(started)),
                AttemptStart::Exists(task) => Claim::Existing(task),
                AttemptStart::NotWanted => Claim::NotWanted,
            });
        }
        let existing = match &self.request.idempotency {
            Some(key) => idempotency::lock(db, self.draft.account, key, self.keys_since)?,
            None => None,
        };
        Ok(existing.map_or(Claim::New(None), Claim::Existing))
    }

    /// Inserts the task, which assigns its id, then its run with the config that contains the id.
    pub fn create(
        &self,
        db: &mut Db<'_>,
        step: Option<Box<StartedAttempt>>,
    ) -> Result<(Attempt, Task), Error> {
        let mut task = self.draft.clone();
        task.id = store::insert_task(db, &task)?;
        if let Some(step) = step {
            step.record(db, task.id)?;
        }
        if let Some(key) = &self.request.idempotency {
            idempotency::remember(db, &task, key, self.keys_since)?;
        }
        let config = self.config_of(&task);
        task.run.config = validation::masked(parameters(&self.definition), &config);
        store::insert_run(db, &self.new_run(&task, &config))?;
        let accepted = Event::new(self.lease.now, Source::User, EventKind::LaunchAccepted);
        let accepted = accepted.data(event_data(db, &task, &self.checked, &self.request)?);
        store::add_event(db, task.account, task.id, &accepted)?;
        Ok((self.attempt(task.id, config), task))
    }

    /// The config to send: with the task's id and token where validation put placeholders.
    fn config_of(&self, task: &Task) -> Map<String, Value> {
        let mut config = self.checked.config.clone();
        let injection = self.injector.values(task, self.lease.now);
        injection.replace_placeholders(parameters(&self.definition), &mut config);
        config
    }

    /// The config is stored with its secrets encrypted and the rest readable.
    fn new_run<'a>(&'a self, task: &'a Task, config: &Map<String, Value>) -> NewRun<'a> {
        let known = parameters(&self.definition);
        let none = Map::new();
        let version = self.definition.version.as_ref();
        let saved = version.map(|version| &version.config);
        let kept = json!({"secrets": validation::secrets(known, config), "saved": saved});
        let fingerprint =
            (!task.run.names_task).then(|| self.fingerprints.of(saved.unwrap_or(&none), config));
        NewRun {
            task,
            instance: &self.account.connection.instance,
            secrets: store::encrypt_secrets(&self.cipher, &as_object(kept)),
            fingerprint,
            lease: self.lease_of_run(),
        }
    }

    /// If the definition is not fresh, the task is due at once, and is validated again.
    fn lease_of_run(&self) -> LeaseRequest {
        let lease = self.lease.clone();
        let until = if self.definition.fresh {
            lease.until
        } else {
            lease.now
        };
        LeaseRequest { until, ..lease }
    }

    fn attempt(&self, task: TaskId, config: Map<String, Value>) -> Attempt {
        let version = self.definition.version.as_ref();
        Attempt {
            task,
            owner: self.lease.owner.clone(),
            connection: self.account.connection.clone(),
            launch: Launch {
                pipeline: self.definition.pipeline.id,
                version: version.map(|version| version.label.id),
                config,
                send_notifications: self.request.send_notifications,
                debug: self.request.debug,
            },
        }
    }
}

impl Launching {
    /// Waits until the database shows the task of the launch. An error if it does not do so in time.
    #[allow(clippy::disallowed_methods, reason = "measures a duration")]
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

    /// The server can still be busy with the commit, so the query is repeated until the time is up.
    async fn until_stored(&self, launch: LaunchId) -> Result<(), Error> {
        loop {
            let found = self
                .store
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

fn event_data(
    db: &mut Db<'_>,
    task: &Task,
    checked: &ValidConfig,
    request: &LaunchRequest,
) -> Result<EventData, Error> {
    let data = match (task.relaunch_of, &request.idempotency) {
        (Some(id), _) => relaunched(db, id)?,
        (None, Some(Idempotency::Message(message))) => {
            EventData::default().webhook(&message.name, &message.ignored)
        }
        (None, Some(Idempotency::Key { .. }) | None) => EventData::default(),
    };
    let data = if checked.from_account.is_empty() {
        data
    } else {
        data.account_defaults(&checked.from_account)
    };
    if checked.left_out.is_empty() {
        return Ok(data);
    }
    Ok(data.left_out(&checked.left_out))
}

/// A task of a flow that is relaunched by itself leaves the flow.
fn relaunched(db: &mut Db<'_>, first: TaskId) -> Result<EventData, Error> {
    let data = EventData::default().relaunch_of(first);
    let task = store::unscoped_task_without_result(db, first)?;
    let step = task.and_then(|task| task.flow_step);
    Ok(match step {
        Some(step) => data.outside_flow(&step),
        None => data,
    })
}
