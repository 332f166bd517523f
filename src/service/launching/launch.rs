//! A launch is validated with the definition of its version, stored as a task, and then sent. The task stays stored
//! if the client disconnects or OpenHEXA fails.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep};
use uuid::Uuid;

use super::Launching;
use super::commit::{Claim, Commit, LaunchRequest};
use crate::domain::ids::{LaunchId, TaskId};
use crate::domain::message::{FieldErrors, Message};
use crate::domain::principal::Principal;
use crate::domain::task::{PipelineRef, Run, State, Task};
use crate::domain::validation::{self, Injected, Injection};
use crate::service::catalog::{Definition, Freshness, Submitted, parameters, validate};
use crate::service::configuration::AccountConfig;
use crate::service::runs::Attempt;
use crate::service::{Error, PAGE_WAIT};

/// The committed task and its launch request.
type Created = Box<(Attempt, Task)>;

/// The result of storing a valid launch.
enum Accepted {
    New(Created),
    /// The idempotency key or the attempt of a step already has this task.
    Existing(TaskId),
    /// The run of the flow does not want the task any more.
    NotWanted,
}

/// What a launch would send, with secrets masked.
#[derive(Clone, Debug)]
pub struct Validated {
    pub config: Map<String, Value>,
    pub warnings: FieldErrors,
}

/// A warning with a hash of it and of the value that the user gave, so that a form can say which warnings it has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownWarning {
    pub code: String,
    pub message: Message,
    pub hash: String,
}

impl Launching {
    /// The warnings of a launch. None if they cannot be found within [`PAGE_WAIT`] or the launch is not valid: then the
    /// launch returns the error.
    pub async fn warnings(&self, who: &Principal, request: &LaunchRequest) -> Vec<ShownWarning> {
        let validating = tokio::time::timeout(PAGE_WAIT, self.validate(who, request));
        let Ok(Ok(found)) = validating.await else {
            return Vec::new();
        };
        let all = found.warnings.0.into_iter();
        all.flat_map(|(code, messages)| messages.into_iter().map(move |own| (code.clone(), own)))
            .map(|(code, message)| self.shown_warning(request, code, message))
            .collect()
    }

    fn shown_warning(
        &self,
        request: &LaunchRequest,
        code: String,
        message: Message,
    ) -> ShownWarning {
        let value = request.config.get(&code).map(Value::to_string);
        let pipeline = request.pipeline.to_string();
        let said = format!("{message:?}");
        let parts = [
            pipeline.as_str(),
            &code,
            &said,
            value.as_deref().unwrap_or_default(),
        ];
        let hash = self.seal.of("warning", &parts);
        ShownWarning {
            code,
            message,
            hash,
        }
    }

    /// Validates without launching. A cached definition is enough, because the launch itself requests a new one.
    pub async fn validate(
        &self,
        who: &Principal,
        request: &LaunchRequest,
    ) -> Result<Validated, Error> {
        let config = self.configuration.get(who.account).await?;
        let definition = self
            .catalog
            .definition(
                &config,
                request.pipeline,
                request.version,
                Freshness::Recent,
            )
            .await?;
        let defaults = config.defaults(request.pipeline);
        let resolved = self
            .catalog
            .resolve_choices(&config, &definition, [&defaults, &request.config])
            .await;
        let placeholder = Injection::placeholder(request.pipeline.to_string());
        let checked = validate(
            &definition,
            &resolved,
            &defaults,
            Submitted::of(&request.config, who),
            &placeholder,
        )?;
        let found = self
            .resources
            .warnings(&config, &definition, &checked)
            .await;
        let mut warnings = checked.warnings;
        warnings.0.extend(found.0);
        let shown = validation::masked(parameters(&definition), &checked.config);
        Ok(Validated {
            config: validation::without_injected(&shown),
            warnings,
        })
    }

    /// Creates a task and sends the launch to OpenHEXA. Returns within `answer_within`; the launch then continues in the
    /// background.
    pub async fn launch(&self, who: &Principal, request: LaunchRequest) -> Result<Task, Error> {
        let key = request.idempotency.clone();
        self.once_per_key(who.account, key, Box::pin(self.launch_now(who, request)))
            .await
    }

    async fn launch_now(&self, who: &Principal, request: LaunchRequest) -> Result<Task, Error> {
        let mut time_is_up = pin!(tokio::time::sleep(self.times.answer_within));
        let config = self.configuration.get(who.account).await?;
        let definition = self
            .definition_in_time(&config, &request, time_is_up.as_mut())
            .await?;
        self.launch_by(who, &config, &definition, &request, time_is_up)
            .await
    }

    /// From OpenHEXA, or the last known one if that takes too long.
    pub(super) async fn definition_in_time(
        &self,
        config: &AccountConfig,
        request: &LaunchRequest,
        time_is_up: Pin<&mut Sleep>,
    ) -> Result<Definition, Error> {
        let (pipeline, version) = (request.pipeline, request.version);
        tokio::select! {
            found = self.catalog.definition(config, pipeline, version, Freshness::Now) => found,
            () = time_is_up => self.catalog.known_definition(config, pipeline, version).await,
        }
    }

    pub(super) async fn launch_by(
        &self,
        who: &Principal,
        config: &AccountConfig,
        definition: &Definition,
        request: &LaunchRequest,
        time_is_up: Pin<&mut Sleep>,
    ) -> Result<Task, Error> {
        let until = time_is_up.deadline();
        let accepted = self.accept(who, config, definition, request, until).await?;
        let (attempt, committed) = match accepted {
            Accepted::New(created) => *created,
            Accepted::Existing(task) => return self.tasks.get(who.account, task).await,
            Accepted::NotWanted => return Err(Error::no_task()),
        };
        let Some(job) = self.send(definition, attempt) else {
            return Ok(self.tasks.latest(committed).await);
        };
        tokio::select! {
            Ok(outcome) = job => self.runs.sender.response(committed, outcome).await,
            // It takes too long, or it panicked. The reconciler continues with the task.
            () = time_is_up => Ok(self.tasks.latest(committed).await),
        }
    }

    /// Creates the task of an attempt of a step; the launch continues in the background. None: the run of the flow does not
    /// want the attempt any more.
    pub async fn launch_step(
        &self,
        who: &Principal,
        config: &AccountConfig,
        request: &LaunchRequest,
    ) -> Result<Option<TaskId>, Error> {
        let mut time_is_up = pin!(tokio::time::sleep(self.times.answer_within));
        let until = time_is_up.deadline();
        let definition = self
            .definition_in_time(config, request, time_is_up.as_mut())
            .await?;
        match self
            .accept(who, config, &definition, request, until)
            .await?
        {
            Accepted::New(created) => {
                let (attempt, committed) = *created;
                if let Some(sending) = self.sending(&definition, attempt) {
                    self.jobs.spawn_unawaited(sending.map(drop));
                }
                Ok(Some(committed.id))
            }
            Accepted::Existing(task) => Ok(Some(task)),
            Accepted::NotWanted => Ok(None),
        }
    }

    /// Sends the launch in its own job. None if the definition is not fresh: the reconciler validates and sends the launch.
    fn send(
        &self,
        definition: &Definition,
        attempt: Attempt,
    ) -> Option<JoinHandle<Result<Task, Error>>> {
        let sending = self.sending(definition, attempt)?;
        Some(self.jobs.spawn(sending))
    }

    fn sending(
        &self,
        definition: &Definition,
        attempt: Attempt,
    ) -> Option<impl Future<Output = Result<Task, Error>> + Send + 'static> {
        if !definition.fresh {
            self.runs.reconciler.wake();
            return None;
        }
        let sender = self.runs.sender.clone();
        Some(async move { sender.send_and_release(&attempt).await })
    }

    /// Stores the task before anything is sent, with the lease for the launch request.
    async fn accept(
        &self,
        who: &Principal,
        config: &AccountConfig,
        definition: &Definition,
        request: &LaunchRequest,
        until: Instant,
    ) -> Result<Accepted, Error> {
        // The task, its event and its lease have the same time.
        let lease = self.runs.writer.lease(1);
        let now = lease.now;
        let defaults = request.defaults(config);
        // The task has no id yet, so the config has placeholders for the values that contain it.
        let placeholder = Injection::placeholder(request.pipeline.to_string());
        // Iaso's form is only used by people, although one of them has saved the flow or created the webhook.
        let given = if request.is_automatic() {
            Submitted::again(&request.config)
        } else {
            Submitted::of(&request.config, who)
        };
        let checked = validate(definition, &BTreeMap::new(), &defaults, given, &placeholder)?;
        let mut draft = draft(who, config, definition, request, now);
        draft.run.config = validation::masked(parameters(definition), &checked.config);
        draft.run.names_task = checked.config.contains_key(Injected::TaskId.code());
        let commit = Commit {
            cipher: self.store.cipher.clone(),
            fingerprints: self.runs.fingerprints.clone(),
            injector: self.runs.injector.clone(),
            keys_since: self.keys_since(),
            draft,
            lease,
            account: config.clone(),
            definition: definition.clone(),
            request: request.clone(),
            checked,
        };
        self.commit(commit, until).await
    }

    async fn commit(&self, commit: Commit, until: Instant) -> Result<Accepted, Error> {
        let launch = commit.draft.run.launch;
        let created: Arc<Mutex<Option<Created>>> = Arc::default();
        let slot = created.clone();
        let committed = self.store.write(move |db| {
            let step = match commit.claim(db)? {
                Claim::New(step) => step,
                Claim::Existing(task) => return Ok(Some(Accepted::Existing(task))),
                Claim::NotWanted => return Ok(Some(Accepted::NotWanted)),
            };
            let new = commit.create(db, step)?;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(new));
            Ok(None)
        });
        let committed = committed.await;
        self.runs.writer.changed.notify();
        let created = created
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match (committed, created) {
            (Ok(Some(accepted)), _) => Ok(accepted),
            (Ok(None), Some(created)) => Ok(Accepted::New(created)),
            // The connection was lost during the commit, so it is not known whether the task is stored.
            (Err(Error::Busy), Some(created)) => {
                self.confirm(launch, until).await?;
                Ok(Accepted::New(created))
            }
            (Ok(None), None) => Err(Error::Busy),
            (Err(error), _) => Err(error),
        }
    }
}

fn draft(
    who: &Principal,
    config: &AccountConfig,
    definition: &Definition,
    request: &LaunchRequest,
    now: DateTime<Utc>,
) -> Task {
    let pipeline = &definition.pipeline;
    let version = definition.version.as_ref();
    Task {
        id: TaskId(0),
        account: who.account,
        connection: config.connection.id,
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
        flow_step: request.step.as_ref().map(|step| step.shown.clone()),
        revision: 1,
    }
}
