//! Idempotency keys of launches: one key has one task, on every replica and after a restart. The same holds for the messages
//! of webhooks, by their ids.
//!
//! Key and task are stored in one transaction. If no task is created, the key can be used again. Of a request with a key, a
//! keyed hash is stored; a message with a known id has the task of the first one, also with another body.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::Launching;
use crate::domain::ids::{AccountId, HookId, PipelineId, TaskId};
use crate::domain::message::say;
use crate::domain::task::Task;
use crate::service::{Error, NotKnown};
use crate::store::{self, Db, IdempotentLaunch, NewHookMessage, StartedByHook};

/// How long the ids of messages are remembered: senders repeat a message for some days.
pub const MESSAGES_KEPT: TimeDelta = TimeDelta::days(7);

/// By what a repeated launch is recognised.
#[derive(Clone, Debug)]
pub enum Idempotency {
    /// A key of the client, and the hash of the request that was sent with it.
    Key {
        key: String,
        request: String,
    },
    Message(HookMessage),
}

/// A message that a webhook received.
#[derive(Clone, Debug)]
pub struct HookMessage {
    pub hook: HookId,
    /// The name of the hook, for the history of the task.
    pub name: String,
    pub id: String,
    /// The keys of its body that the launch does not use, for the history of the task.
    pub ignored: Vec<String>,
}

/// What is requested, besides the body.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    Launch(PipelineId),
    Relaunch(TaskId),
}

impl Launching {
    /// Bodies are equal if they are the same JSON, in any order of keys.
    pub fn idempotency(
        &self,
        key: String,
        operation: Operation,
        body: &Map<String, Value>,
    ) -> Idempotency {
        let (what, id) = match operation {
            Operation::Launch(pipeline) => ("launch", pipeline.to_string()),
            Operation::Relaunch(task) => ("relaunch", task.to_string()),
        };
        let request = self.seal.of_request("request", [what, &id], body);
        Idempotency::Key { key, request }
    }

    /// Launches, or returns the task that the key already has.
    pub(super) async fn once_per_key(
        &self,
        account: AccountId,
        idempotency: Option<Idempotency>,
        launch: impl Future<Output = Result<Task, Error>>,
    ) -> Result<Task, Error> {
        let Some(key) = idempotency else {
            return launch.await;
        };
        if let Some(task) = self.existing_task(account, &key).await? {
            return Ok(task);
        }
        match launch.await {
            Ok(task) => Ok(task),
            Err(own @ Error::Refused { .. }) => Err(own),
            // A concurrent request with the same key can have created the task.
            Err(error) => self.existing_task(account, &key).await?.ok_or(error),
        }
    }

    /// The task that the key or message already has.
    pub(in crate::service) async fn existing_task(
        &self,
        account: AccountId,
        idempotency: &Idempotency,
    ) -> Result<Option<Task>, Error> {
        let (idempotency, since) = (idempotency.clone(), self.keys_since());
        self.store
            .read(move |db| match known(db, account, &idempotency, since)? {
                Some(id) => Ok(store::get_task(db, account, id)?),
                None => Ok(None),
            })
            .await
    }

    /// Keys that were used before this time are forgotten.
    pub(in crate::service) fn keys_since(&self) -> DateTime<Utc> {
        let kept = self.times.idempotency_kept;
        let now = self.clock.now();
        now.checked_sub_signed(kept).unwrap_or(now)
    }
}

/// The task of this key. Until the transaction ends, no other one can use the key.
pub fn lock(
    db: &mut Db<'_>,
    account: AccountId,
    idempotency: &Idempotency,
    since: DateTime<Utc>,
) -> Result<Option<TaskId>, Error> {
    match idempotency {
        Idempotency::Key { key, .. } => store::lock_idempotency_key(db, account, key)?,
        Idempotency::Message(message) => {
            let key = format!("message {} {}", message.hook, message.id);
            store::lock_idempotency_key(db, account, &key)?;
            if !store::keep_hook(db, message.hook)? {
                return Err(Error::Unauthenticated(NotKnown::Hook));
            }
        }
    }
    known(db, account, idempotency, since)
}

fn known(
    db: &mut Db<'_>,
    account: AccountId,
    idempotency: &Idempotency,
    since: DateTime<Utc>,
) -> Result<Option<TaskId>, Error> {
    let (key, request) = match idempotency {
        Idempotency::Key { key, request } => (key, request),
        Idempotency::Message(message) => return task_of_message(db, message),
    };
    match store::find_idempotent_launch(db, account, key, since)? {
        Some((known, task)) if known == *request => Ok(Some(task)),
        Some(_) => Err(Error::OtherRequest(say("idempotency-other"))),
        None => Ok(None),
    }
}

fn task_of_message(db: &mut Db<'_>, message: &HookMessage) -> Result<Option<TaskId>, Error> {
    let started = store::started_by_message(db, message.hook, &message.id)?;
    match started {
        Some(StartedByHook::Task(task)) => Ok(Some(task)),
        // The hook started a flow at that time, and starts a pipeline now.
        Some(StartedByHook::FlowRun(_)) => Err(Error::OtherRequest(say("webhook-other-target"))),
        None => Ok(None),
    }
}

pub fn remember(
    db: &mut Db<'_>,
    task: &Task,
    idempotency: &Idempotency,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    match idempotency {
        Idempotency::Key { key, request } => {
            let new = IdempotentLaunch {
                account: task.account,
                key: key.clone(),
                request: request.clone(),
                task: task.id,
                at: task.created_at,
            };
            Ok(store::add_idempotent_launch(db, &new, since)?)
        }
        Idempotency::Message(message) => remember_message(db, task, message),
    }
}

fn remember_message(db: &mut Db<'_>, task: &Task, message: &HookMessage) -> Result<(), Error> {
    let at = task.created_at;
    let new = NewHookMessage {
        hook: message.hook,
        id: &message.id,
        started: StartedByHook::Task(task.id),
        at,
    };
    Ok(store::add_hook_message(db, &new, at - MESSAGES_KEPT)?)
}
