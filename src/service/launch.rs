//! A launch: judged against the version's own definition, committed as a task, and only then asked for.
//!
//! OpenHEXA hears of it in `attempt.rs`, once; whatever happens to the caller meanwhile, the task is there.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tokio::time::{Instant, Sleep};
use uuid::Uuid;

use super::attempt::Attempt;
use super::catalog::{Definition, Freshness};
use super::catalog::{Submitted, parameters, validate};
use super::commit::Commit;
pub use super::commit::LaunchRequest;
use super::configuration::AccountConfig;
use super::{Bridge, Error};
use crate::domain::ids::{LaunchId, TaskId};
use crate::domain::principal::Principal;
use crate::domain::sentence::FieldErrors;
use crate::domain::task::{PipelineRef, Run, State, Task};
use crate::domain::validation::{self, Injection};

/// The attempt that follows a commit, with the task as it was committed.
type Made = Box<(Attempt, Task)>;

/// What became of a launch that was validated.
enum Accepted {
    Now(Made),
    /// There is a task already under the launch's idempotency key.
    Before(TaskId),
}

/// What would be sent, for a person to see.
#[derive(Clone, Debug)]
pub struct Validated {
    pub config: Map<String, Value>,
    pub warnings: FieldErrors,
}

impl Bridge {
    /// Judges a launch without making it. A definition of just now is good enough: the launch itself asks again.
    pub async fn validate(
        &self,
        who: &Principal,
        request: &LaunchRequest,
    ) -> Result<Validated, Error> {
        let account_config = self.configuration.get(who.account).await?;
        let definition = self
            .catalog
            .definition(
                &account_config,
                request.pipeline,
                request.version,
                Freshness::Recent,
            )
            .await?;
        let defaults = account_config.defaults(request.pipeline);
        let resolved = self
            .catalog
            .resolve_choices(&account_config, &definition, [&defaults, &request.config])
            .await;
        let rehearsal = Injection::rehearsal(request.pipeline.to_string());
        let checked = validate(
            &definition,
            &resolved,
            &defaults,
            Submitted::of(&request.config, who),
            &rehearsal,
        )?;
        let found = self
            .resources
            .warnings(&account_config, &definition, &checked)
            .await;
        let mut warnings = checked.warnings;
        warnings.0.extend(found.0);
        let shown = validation::masked(parameters(&definition), &checked.config);
        Ok(Validated {
            config: validation::without_injected(&shown),
            warnings,
        })
    }

    /// Makes a task of a launch, and asks OpenHEXA for its run.
    ///
    /// Answers within the time for it: what is not known by then happens behind.
    pub async fn launch(&self, who: &Principal, request: LaunchRequest) -> Result<Task, Error> {
        let once = request.once.clone();
        self.only_once(who.account, once, Box::pin(self.launch_now(who, request)))
            .await
    }

    async fn launch_now(&self, who: &Principal, request: LaunchRequest) -> Result<Task, Error> {
        let mut time_is_up = pin!(tokio::time::sleep(self.rules().answer_within));
        let account_config = self.configuration.get(who.account).await?;
        let definition = self
            .definition_in_time(&account_config, &request, time_is_up.as_mut())
            .await?;
        self.launch_by(who, &account_config, &definition, &request, time_is_up)
            .await
    }

    /// As OpenHEXA says, or as it was last known where that takes too long.
    pub(super) async fn definition_in_time(
        &self,
        account_config: &AccountConfig,
        request: &LaunchRequest,
        time_is_up: Pin<&mut Sleep>,
    ) -> Result<Definition, Error> {
        let (pipeline, version) = (request.pipeline, request.version);
        tokio::select! {
            found = self.catalog.definition(account_config, pipeline, version, Freshness::Now) => found,
            () = time_is_up => self.catalog.known_definition(account_config, pipeline, version).await,
        }
    }

    pub(super) async fn launch_by(
        &self,
        who: &Principal,
        account_config: &AccountConfig,
        definition: &Definition,
        request: &LaunchRequest,
        time_is_up: Pin<&mut Sleep>,
    ) -> Result<Task, Error> {
        let until = time_is_up.deadline();
        let accepted = self
            .accept(who, account_config, definition, request, until)
            .await?;
        let (attempt, committed) = match accepted {
            Accepted::Now(made) => *made,
            Accepted::Before(task) => return self.tasks.get(who.account, task).await,
        };
        if !definition.fresh {
            self.nudge.notify_one();
            return Ok(self.tasks.latest(committed).await);
        }
        let bridge = self.clone();
        let job = self
            .parts
            .jobs
            .spawn(async move { bridge.carry_out(&attempt).await });
        tokio::select! {
            Ok(outcome) = job => self.launched(committed, outcome).await,
            // It takes too long, or it broke off: the reconciler has the task, the caller its number.
            () = time_is_up => Ok(self.tasks.latest(committed).await),
        }
    }

    /// Commits the task before anything is sent to OpenHEXA, with the lease of the attempt that follows.
    async fn accept(
        &self,
        who: &Principal,
        account_config: &AccountConfig,
        definition: &Definition,
        request: &LaunchRequest,
        until: Instant,
    ) -> Result<Accepted, Error> {
        let now = self.now();
        let defaults = request.defaults(account_config);
        // Validated before a transaction is begun for it, and once more within, when the task has its number.
        let rehearsal = Injection::rehearsal(request.pipeline.to_string());
        let given = Submitted::of(&request.config, who);
        validate(definition, &BTreeMap::new(), &defaults, given, &rehearsal)?;
        let commit = Commit {
            bridge: self.clone(),
            draft: draft(who, account_config, definition, request, now),
            held: self.claim(now, 1),
            account_config: account_config.clone(),
            definition: definition.clone(),
            request: request.clone(),
            from_iaso: Submitted::is_from_iaso(who),
            defaults,
            now,
        };
        self.commit(commit, until).await
    }

    async fn commit(&self, commit: Commit, until: Instant) -> Result<Accepted, Error> {
        let launch = commit.draft.run.launch;
        let made: Arc<Mutex<Option<Made>>> = Arc::default();
        let slot = made.clone();
        let committed = self.store().write(move |db| {
            if let Some(task) = commit.made_before(db)? {
                return Ok(Some(task));
            }
            let new = commit.make(db)?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(new));
            Ok(None)
        });
        let committed = committed.await;
        self.task_changed.notify();
        let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (committed, made) {
            (Ok(Some(task)), _) => Ok(Accepted::Before(task)),
            (Ok(None), Some(made)) => Ok(Accepted::Now(made)),
            // The connection was lost during the commit: only the database knows whether there is a task.
            (Err(Error::Busy), Some(made)) => {
                self.confirm(launch, until).await?;
                Ok(Accepted::Now(made))
            }
            (Ok(None), None) => Err(Error::Busy),
            (Err(error), _) => Err(error),
        }
    }

    /// The four values for this task.
    pub(super) fn injection(&self, task: &Task, now: DateTime<Utc>) -> Injection {
        Injection {
            task_id: task.id.0,
            pipeline_id: task.pipeline.id.to_string(),
            connection_host: self.identity.public_url().to_owned(),
            connection_token: self.identity.callback_tokens.for_task(task, now),
        }
    }
}

fn draft(
    who: &Principal,
    account_config: &AccountConfig,
    definition: &Definition,
    request: &LaunchRequest,
    now: DateTime<Utc>,
) -> Task {
    let pipeline = &definition.pipeline;
    let version = definition.version.as_ref();
    Task {
        id: TaskId(0),
        account: who.account,
        connection: account_config.connection.id,
        name: format!("OpenHexa Pipeline: {}", pipeline.title()),
        pipeline: PipelineRef {
            id: pipeline.id,
            code: pipeline.code.clone(),
            name: pipeline.title().to_owned(),
            version: version.map(|version| version.label.clone()),
        },
        launcher: who.person.clone(),
        launched_with: who.person.is_none().then(|| who.actor.clone()),
        state: State::Accepted,
        run: Run {
            launch: Some(LaunchId(Uuid::new_v4())),
            drops_config: version.is_none(),
            send_notifications: request.send_notifications,
            debug: request.debug,
            timeout_seconds: version.and_then(|version| version.timeout_seconds),
            ..Run::default()
        },
        message: None,
        progress_value: 0,
        end_value: 0,
        data: None,
        unread: None,
        data_late: false,
        note: None,
        called_back: false,
        created_at: now,
        started_at: None,
        ended_at: None,
        updated_at: now,
        cancel_asked_at: None,
        relaunch_of: request.relaunch_of,
        revision: 1,
    }
}
