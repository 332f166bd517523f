//! A launch that may be asked for again: under one `Idempotency-Key` there is one task, whichever replica is asked,
//! before or after a restart.
//!
//! Key and task are committed together, so there is neither a key without its task nor a second task for a key. What
//! ends before there is a task leaves nothing behind: the key can be used again. Of the request a keyed hash is kept.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Bridge, Error};
use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::sentence::say;
use crate::domain::task::Task;
use crate::store::{self, Db, Remembered};

/// A launch's key, and a hash of what is asked for under it.
#[derive(Clone, Debug)]
pub struct Once {
    key: String,
    request: String,
}

/// What is asked for under a key, beside the body.
#[derive(Clone, Copy, Debug)]
pub enum Asked {
    Launch(PipelineId),
    Relaunch(TaskId),
}

impl Bridge {
    /// Two bodies are the same when they are the same JSON, whatever the order of their keys.
    pub fn once(&self, key: String, asked: Asked, body: &Map<String, Value>) -> Once {
        let (what, id) = match asked {
            Asked::Launch(pipeline) => ("launch", pipeline.to_string()),
            Asked::Relaunch(task) => ("relaunch", task.to_string()),
        };
        let parts = [what, id.as_str(), &in_order(body).to_string()];
        let request = self.parts.seal.of("request", &parts);
        Once { key, request }
    }

    /// Launches, unless that was done under this key before: then its task is the answer.
    pub(super) async fn only_once(
        &self,
        account: AccountId,
        once: Option<Once>,
        launch: impl Future<Output = Result<Task, Error>>,
    ) -> Result<Task, Error> {
        let Some(once) = once else {
            return launch.await;
        };
        if let Some(task) = self.made_before(account, &once).await? {
            return Ok(task);
        }
        match launch.await {
            Ok(task) => Ok(task),
            Err(own @ Error::Refused { .. }) => Err(own),
            // Somebody who asked at the same moment may have fared better.
            Err(error) => self.made_before(account, &once).await?.ok_or(error),
        }
    }

    async fn made_before(&self, account: AccountId, once: &Once) -> Result<Option<Task>, Error> {
        let (once, since) = (once.clone(), self.keys_since());
        self.store()
            .read(move |db| match known(db, account, &once, since)? {
                Some(id) => Ok(store::get(db, account, id)?),
                None => Ok(None),
            })
            .await
    }

    /// Keys used before are forgotten.
    pub(super) fn keys_since(&self) -> DateTime<Utc> {
        let kept = self.rules().idempotency_kept;
        let now = self.now();
        now.checked_sub_signed(kept).unwrap_or(now)
    }
}

/// The task of this key; the transaction owns the key from here on.
pub(super) fn taken(
    db: &mut Db<'_>,
    account: AccountId,
    once: &Once,
    since: DateTime<Utc>,
) -> Result<Option<TaskId>, Error> {
    store::take_turns(db, account, &once.key)?;
    known(db, account, once, since)
}

fn known(
    db: &mut Db<'_>,
    account: AccountId,
    once: &Once,
    since: DateTime<Utc>,
) -> Result<Option<TaskId>, Error> {
    match store::remembered(db, account, &once.key, since)? {
        Some((request, task)) if request == once.request => Ok(Some(task)),
        Some(_) => Err(Error::OtherRequest(say("idempotency-other"))),
        None => Ok(None),
    }
}

pub(super) fn remember(
    db: &mut Db<'_>,
    task: &Task,
    once: Once,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    let new = Remembered {
        account: task.account,
        key: once.key,
        request: once.request,
        task: task.id,
        at: task.created_at,
    };
    Ok(store::remember(db, &new, since)?)
}

/// The same JSON with the keys of every object in order.
fn in_order(object: &Map<String, Value>) -> Value {
    let mut pairs: Vec<_> = object.iter().collect();
    pairs.sort_by_key(|(key, _)| *key);
    let sorted = |(key, value): (&String, &Value)| (key.clone(), sorted(value));
    Value::Object(pairs.into_iter().map(sorted).collect())
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => in_order(object),
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}
