//! Idempotency keys of launches: one key has one task, on every replica and after a restart.
//!
//! Key and task are stored in one transaction. If no task is created, the key can be used again. Of the request, a keyed hash is
//! stored.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::Launching;
use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::message::say;
use crate::domain::task::Task;
use crate::service::Error;
use crate::store::{self, Db, IdempotentLaunch};

/// A key and the hash of the request that was sent with it.
#[derive(Clone, Debug)]
pub struct Idempotency {
    key: String,
    request: String,
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
        let parts = [what, id.as_str(), &in_order(body).to_string()];
        let request = self.seal.of("request", &parts);
        Idempotency { key, request }
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

    async fn existing_task(
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
    store::lock_idempotency_key(db, account, &idempotency.key)?;
    known(db, account, idempotency, since)
}

fn known(
    db: &mut Db<'_>,
    account: AccountId,
    idempotency: &Idempotency,
    since: DateTime<Utc>,
) -> Result<Option<TaskId>, Error> {
    match store::find_idempotent_launch(db, account, &idempotency.key, since)? {
        Some((request, task)) if request == idempotency.request => Ok(Some(task)),
        Some(_) => Err(Error::OtherRequest(say("idempotency-other"))),
        None => Ok(None),
    }
}

pub fn remember(
    db: &mut Db<'_>,
    task: &Task,
    idempotency: Idempotency,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    let new = IdempotentLaunch {
        account: task.account,
        key: idempotency.key,
        request: idempotency.request,
        task: task.id,
        at: task.created_at,
    };
    Ok(store::add_idempotent_launch(db, &new, since)?)
}

/// The same JSON with the keys of every object in order.
fn in_order(object: &Map<String, Value>) -> Value {
    let mut value = Value::Object(object.clone());
    value.sort_all_objects();
    value
}
