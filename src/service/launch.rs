//! A launch: judged against the version's own definition, committed as a task, and only then asked for.
//!
//! OpenHEXA hears of it in `attempt.rs`, once; whatever happens to the caller meanwhile, the task is there.

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, Sleep};
use uuid::Uuid;

use super::attempt::Attempt;
use super::config::Ground;
use super::once::{self, Once};
use super::pipelines::{Definition, Need};
use super::values::{Layered, as_object, judge, parameters};
use super::{Bridge, Error};
use crate::domain::ids::{LaunchId, PipelineId, TaskId, VersionId};
use crate::domain::principal::Principal;
use crate::domain::run::Launch;
use crate::domain::sentence::FieldErrors;
use crate::domain::task::{PipelineRef, Run, State, Task};
use crate::domain::validation::{self, Checked, Injected, Injection};
use crate::store::{self, Db, Due, Event, NewTask, Sent, Source};

/// What somebody wants launched.
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
    fn defaults(&self, ground: &Ground) -> Map<String, Value> {
        match self.relaunch_of {
            None => ground.defaults(self.pipeline),
            Some(_) => Map::new(),
        }
    }
}

/// The attempt that follows a commit, with the task as it was committed.
type Made = Box<(Attempt, Task)>;

/// What became of a launch that was validated.
enum Accepted {
    Now(Made),
    /// There is a task already under the launch's idempotency key.
    Before(TaskId),
}

/// After a lost commit, how long the database is asked at least whether the task was stored.
const CONFIRM_WITHIN: Duration = Duration::from_secs(2);
/// The time between two of those requests.
const CONFIRM_EVERY: Duration = Duration::from_millis(250);

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
        let ground = self.ground(who.account).await?;
        let definition = self
            .definition(&ground, request.pipeline, request.version, Need::Lately)
            .await?;
        let defaults = ground.defaults(request.pipeline);
        let resolved = self
            .resolve_choices(&ground, &definition, [&defaults, &request.config])
            .await;
        let rehearsal = Injection::rehearsal(request.pipeline.to_string());
        let checked = judge(
            &definition,
            &resolved,
            &defaults,
            Layered::of(&request.config, who),
            &rehearsal,
        )?;
        let doubts = self.doubts(&ground, &definition, &checked).await;
        let mut warnings = checked.warnings;
        warnings.0.extend(doubts.0);
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
        let ground = self.ground(who.account).await?;
        let definition = self
            .definition_in_time(&ground, &request, time_is_up.as_mut())
            .await?;
        self.launch_by(who, &ground, &definition, &request, time_is_up)
            .await
    }

    /// As OpenHEXA says, or as it was last known where that takes too long.
    pub(super) async fn definition_in_time(
        &self,
        ground: &Ground,
        request: &LaunchRequest,
        time_is_up: Pin<&mut Sleep>,
    ) -> Result<Definition, Error> {
        let (pipeline, version) = (request.pipeline, request.version);
        tokio::select! {
            found = self.definition(ground, pipeline, version, Need::Now) => found,
            () = time_is_up => self.known_definition(ground, pipeline, version).await,
        }
    }

    pub(super) async fn launch_by(
        &self,
        who: &Principal,
        ground: &Ground,
        definition: &Definition,
        request: &LaunchRequest,
        time_is_up: Pin<&mut Sleep>,
    ) -> Result<Task, Error> {
        let until = time_is_up.deadline();
        let accepted = self.accept(who, ground, definition, request, until).await?;
        let (attempt, committed) = match accepted {
            Accepted::Now(made) => *made,
            Accepted::Before(task) => return self.task(who.account, task).await,
        };
        if !definition.fresh {
            self.nudge.notify_one();
            return Ok(self.newest(committed).await);
        }
        let bridge = self.clone();
        let job = self
            .parts
            .jobs
            .spawn(async move { bridge.carry_out(&attempt).await });
        tokio::select! {
            Ok(outcome) = job => self.launched(committed, outcome).await,
            // It takes too long, or it broke off: the reconciler has the task, the caller its number.
            () = time_is_up => Ok(self.newest(committed).await),
        }
    }

    /// Commits the task before OpenHEXA hears of it, held for the attempt that follows.
    async fn accept(
        &self,
        who: &Principal,
        ground: &Ground,
        definition: &Definition,
        request: &LaunchRequest,
        until: Instant,
    ) -> Result<Accepted, Error> {
        let (now, since) = (self.now(), self.keys_since());
        let defaults = request.defaults(ground);
        // Judged before a transaction is begun for it, and once more within, when the task has its number.
        let rehearsal = Injection::rehearsal(request.pipeline.to_string());
        judge(
            definition,
            &BTreeMap::new(),
            &defaults,
            Layered::of(&request.config, who),
            &rehearsal,
        )?;
        let from_iaso = Layered::is_from_iaso(who);
        let draft = draft(who, ground, definition, request, now);
        let (bridge, ground) = (self.clone(), ground.clone());
        let (definition, request) = (definition.clone(), request.clone());
        let held = self.claim(now, 1);
        let launch = draft.run.launch;
        let made: Arc<Mutex<Option<Made>>> = Arc::default();
        let slot = made.clone();
        let accepted = self
            .store()
            .write(move |db| {
                if let Some(once) = &request.once
                    && let Some(task) = once::taken(db, draft.account, once, since)?
                {
                    return Ok(Some(task));
                }
                let instance = ground.connection.instance.clone();
                let task = store::insert(
                    db,
                    &NewTask {
                        task: draft,
                        instance,
                    },
                )?;
                if let Some(once) = request.once {
                    once::remember(db, &task, once, since)?;
                }
                let injected = bridge.injection(&task, now);
                let checked = judge(
                    &definition,
                    &BTreeMap::new(),
                    &defaults,
                    Layered::with(&request.config, from_iaso),
                    &injected,
                )?;
                let task = bridge.keep(db, task, &definition, &checked, &held)?;
                let attempt = Attempt {
                    task: task.id,
                    owner: held.owner,
                    connection: ground.connection,
                    launch: Launch {
                        pipeline: definition.pipeline.id,
                        version: definition.version.as_ref().map(|version| version.label.id),
                        config: checked.config,
                        send_notifications: request.send_notifications,
                        debug: request.debug,
                    },
                };
                *slot.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Box::new((attempt, task)));
                Ok(None)
            })
            .await;
        self.changes.happened();
        let made = made.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (accepted, made) {
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

    /// Waits until the database says that the launch's task is stored; an error where it is not, or does not say so in time.
    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, no time is told"
    )]
    async fn confirm(&self, launch: Option<LaunchId>, until: Instant) -> Result<(), Error> {
        let launch = launch.ok_or(Error::Busy)?;
        let until = until.max(Instant::now() + CONFIRM_WITHIN);
        match tokio::time::timeout_at(until, self.is_stored(launch)).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) | Err(_) => Err(Error::Busy),
            Ok(Err(error)) => Err(error),
        }
    }

    /// A server that lost the connection may still be busy with the commit, so "no" counts only when it is said twice.
    async fn is_stored(&self, launch: LaunchId) -> Result<bool, Error> {
        let mut denied = false;
        loop {
            let found = self
                .store()
                .read(move |db| Ok::<_, Error>(store::is_launch_stored(db, launch)?))
                .await;
            match found {
                Ok(false) if !denied => denied = true,
                Err(Error::Busy) => {}
                found => return found,
            }
            tokio::time::sleep(CONFIRM_EVERY).await;
        }
    }

    /// Stores what is to be sent: what may be read as it is, the rest encrypted.
    fn keep(
        &self,
        db: &mut Db<'_>,
        mut task: Task,
        definition: &Definition,
        checked: &Checked,
        held: &Due,
    ) -> Result<Task, Error> {
        let known = parameters(definition);
        task.run.config = validation::masked(known, &checked.config);
        task.run.names_task = checked.config.contains_key(Injected::TaskId.code());
        let saved = definition.version.as_ref().map(|version| &version.config);
        let kept = json!({"secrets": validation::secrets(known, &checked.config), "saved": saved});
        let print = (!task.run.names_task).then(|| {
            let none = Map::new();
            self.fingerprint(saved.unwrap_or(&none), &checked.config)
        });
        // With a definition that is to be checked again, the task is due at once.
        let until = if definition.fresh {
            held.until
        } else {
            held.now
        };
        let sent = Sent {
            secrets: store::sealed(&self.store().vault, &as_object(kept)),
            fingerprint: print,
            held: Due {
                until,
                ..held.clone()
            },
        };
        store::save_sent(db, &task, &sent)?;
        let mut accepted = Event::new(held.now, Source::User, "launch accepted");
        accepted.detail = task
            .relaunch_of
            .map(|id| format!("relaunch of task {id}"))
            .or_else(|| left_out(&checked.left_out));
        store::add_event(db, task.account, task.id, &accepted)?;
        Ok(task)
    }

    /// The four values for this task.
    pub(super) fn injection(&self, task: &Task, now: DateTime<Utc>) -> Injection {
        Injection {
            task_id: task.id.0,
            pipeline_id: task.pipeline.id.to_string(),
            connection_host: self.parts.public_url.clone(),
            connection_token: self.callback_token(task, now),
        }
    }
}

fn left_out(codes: &[String]) -> Option<String> {
    let codes = codes.join(", ");
    (!codes.is_empty()).then(|| format!("0 is no choice, so it was left out: {codes}"))
}

fn draft(
    who: &Principal,
    ground: &Ground,
    definition: &Definition,
    request: &LaunchRequest,
    now: DateTime<Utc>,
) -> Task {
    let pipeline = &definition.pipeline;
    let version = definition.version.as_ref();
    Task {
        id: TaskId(0),
        account: who.account,
        connection: ground.connection.id,
        name: format!("OpenHexa Pipeline: {}", pipeline.title()),
        pipeline: PipelineRef {
            id: pipeline.id,
            code: pipeline.code.clone(),
            name: pipeline.title().to_owned(),
            version: version.map(|version| version.label.clone()),
        },
        launcher: who.person.clone(),
        launched_with: who.person.is_none().then(|| who.name.clone()),
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
