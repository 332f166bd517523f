//! Runs that a caller starts. They are prepared before they are stored, so that the caller sees the errors.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::inputs::inputs;
use super::new_runs::NewRun;
use super::versions::Loaded;
use super::{Flows, MOST_ACTIVE};
use crate::domain::flow::run::{Cause, FlowRun, PinnedPipeline, Start, StepRun};
use crate::domain::flow::schedule::Interval;
use crate::domain::ids::{AccountId, FlowRunId, HookId};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::service::launching::MESSAGES_KEPT;
use crate::service::{Error, NotKnown};
use crate::store::flows::{self, IdempotentFlowRun};
use crate::store::{self, Db, NewHookMessage, StartedByHook};

/// A run as a caller requests it.
#[derive(Clone, Debug)]
pub struct RunRequest {
    pub slug: String,
    pub inputs: Map<String, Value>,
    pub interval: Option<Interval>,
    pub cause: Cause,
    /// Keys of the message of a webhook that are no inputs.
    pub ignored: Vec<String>,
    pub idempotency: Option<StartIdempotency>,
}

/// By what a repeated request is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StartIdempotency {
    /// A key of the client, and the hash of the request that was sent with it.
    Key { key: String, request: String },
    /// A message that a webhook received.
    Message { hook: HookId, id: String },
}

/// A run to store.
#[derive(Clone)]
pub(super) struct Prepared {
    pub loaded: Arc<Loaded>,
    pub start: Start,
    pub pinned: Vec<PinnedPipeline>,
    /// The steps, if some are reused.
    pub steps: Option<Vec<StepRun>>,
    pub idempotency: Option<StartIdempotency>,
    pub now: DateTime<Utc>,
    /// Keys that were used before this time are forgotten.
    pub keys_since: DateTime<Utc>,
}

impl Flows {
    /// The key of a request for a run.
    pub fn run_key(
        &self,
        key: String,
        slug: &str,
        inputs: &Map<String, Value>,
        interval: Option<Interval>,
    ) -> StartIdempotency {
        let interval = interval.map(|interval| {
            json!([
                interval.start.timestamp_millis(),
                interval.end.timestamp_millis()
            ])
        });
        let mut body = Map::new();
        body.insert("inputs".to_owned(), Value::Object(inputs.clone()));
        body.insert("interval".to_owned(), interval.unwrap_or_default());
        self.idempotency(key, ["run", slug], &body)
    }

    /// `what` names the operation and its object.
    pub(super) fn idempotency(
        &self,
        key: String,
        what: [&str; 2],
        body: &Map<String, Value>,
    ) -> StartIdempotency {
        let request = self.seal.of_request("flow-request", what, body);
        StartIdempotency::Key { key, request }
    }

    /// Starts a run, or returns the run that the idempotency key already has.
    pub async fn run(&self, who: &Principal, request: RunRequest) -> Result<FlowRun, Error> {
        if let Some(run) = self
            .existing(who.account, request.idempotency.as_ref())
            .await?
        {
            return Ok(run);
        }
        let loaded = self.reader.current(who.account, &request.slug).await?;
        let values = inputs(&loaded.flow, &request.inputs).map_err(Error::inputs)?;
        let start = Start {
            account: who.account,
            flow: loaded.version.flow,
            version: loaded.version.number,
            cause: request.cause,
            launcher: who.clone(),
            schedule: None,
            scheduled_for: None,
            interval: request.interval,
            inputs: values,
            file: None,
            ignored: request.ignored,
            replay_of: None,
            backfill: None,
        };
        let pinned = self.preparation.pins(&loaded, &start).await?;
        let prepared = self.prepared(loaded, start, pinned, request.idempotency);
        self.store_run(prepared).await
    }

    pub(super) fn prepared(
        &self,
        loaded: Arc<Loaded>,
        start: Start,
        pinned: Vec<PinnedPipeline>,
        idempotency: Option<StartIdempotency>,
    ) -> Prepared {
        Prepared {
            loaded,
            start,
            pinned,
            steps: None,
            idempotency,
            now: self.clock.now(),
            keys_since: self.launching.keys_since(),
        }
    }

    pub(super) async fn store_run(&self, prepared: Prepared) -> Result<FlowRun, Error> {
        let (account, key) = (prepared.start.account, prepared.idempotency.clone());
        let stored = self.store.write(move |db| prepared.insert(db)).await;
        let run = match stored {
            Ok(run) => run,
            // A concurrent request with the same key was faster.
            Err(Error::Internal(store::Error::Duplicate)) => {
                let existing = self.existing(account, key.as_ref()).await?;
                return existing.ok_or(Error::Busy);
            }
            Err(error) => return Err(error),
        };
        self.wake.notify_one();
        Ok(run)
    }

    /// The inputs that the current version of a flow declares.
    pub async fn input_names(&self, account: AccountId, slug: &str) -> Result<Vec<String>, Error> {
        let loaded = self.reader.current(account, slug).await?;
        let inputs = loaded.flow.inputs.iter();
        Ok(inputs.map(|input| input.name.value.clone()).collect())
    }

    /// The run of this key.
    pub async fn existing(
        &self,
        account: AccountId,
        key: Option<&StartIdempotency>,
    ) -> Result<Option<FlowRun>, Error> {
        let Some(key) = key.cloned() else {
            return Ok(None);
        };
        let since = self.launching.keys_since();
        self.store
            .read(move |db| match known(db, account, &key, since)? {
                Some(id) => Ok(flows::flow_run_of_account(db, account, id)?),
                None => Ok(None),
            })
            .await
    }
}

fn known(
    db: &mut Db<'_>,
    account: AccountId,
    key: &StartIdempotency,
    since: DateTime<Utc>,
) -> Result<Option<FlowRunId>, Error> {
    match key {
        StartIdempotency::Key { key, request } => {
            match flows::find_idempotent_flow_run(db, account, key, since)? {
                Some((known, run)) if known == *request => Ok(Some(run)),
                Some(_) => Err(Error::OtherRequest(say("idempotency-other"))),
                None => Ok(None),
            }
        }
        StartIdempotency::Message { hook, id } => {
            match store::started_by_message(db, *hook, id)? {
                Some(StartedByHook::FlowRun(run)) => Ok(Some(run)),
                // The hook started a pipeline at that time, and starts a flow now.
                Some(StartedByHook::Task(_)) => {
                    Err(Error::OtherRequest(say("webhook-other-target")))
                }
                None => Ok(None),
            }
        }
    }
}

impl Prepared {
    /// Nothing is stored if the flow was deleted meanwhile.
    fn insert(&self, db: &mut Db<'_>) -> Result<FlowRun, Error> {
        let account = self.start.account;
        let flow = flows::lock_flow(db, self.start.flow)?;
        if flow.is_none_or(|flow| flow.deleted_at.is_some()) {
            return Err(Error::no_flow());
        }
        if let Some(StartIdempotency::Message { hook, .. }) = &self.idempotency
            && !store::keep_hook(db, *hook)?
        {
            return Err(Error::Unauthenticated(NotKnown::Hook));
        }
        if let Some(key) = &self.idempotency
            && let Some(id) = known(db, account, key, self.keys_since)?
        {
            return flows::flow_run_of_account(db, account, id)?.ok_or_else(Error::no_flow_run);
        }
        if flows::count_active_runs(db, self.start.flow)? >= MOST_ACTIVE {
            return Err(Error::TooManyRuns);
        }
        let new = NewRun {
            loaded: &self.loaded,
            start: self.start.clone(),
            waiting: false,
            pinned: Some(&self.pinned),
            now: self.now,
        };
        let steps = self.steps.clone().unwrap_or_else(|| new.steps());
        let id = new.insert_with(db, &steps)?;
        if let Some(key) = &self.idempotency {
            self.remember(db, key, id)?;
        }
        flows::flow_run(db, id)?.ok_or_else(Error::no_flow_run)
    }

    fn remember(
        &self,
        db: &mut Db<'_>,
        key: &StartIdempotency,
        run: FlowRunId,
    ) -> Result<(), Error> {
        match key {
            StartIdempotency::Key { key, request } => {
                let used = IdempotentFlowRun {
                    account: self.start.account,
                    key: key.clone(),
                    request: request.clone(),
                    run,
                    at: self.now,
                };
                Ok(flows::add_idempotent_flow_run(db, &used, self.keys_since)?)
            }
            StartIdempotency::Message { hook, id } => {
                let new = NewHookMessage {
                    hook: *hook,
                    id,
                    started: StartedByHook::FlowRun(run),
                    at: self.now,
                };
                Ok(store::add_hook_message(db, &new, self.now - MESSAGES_KEPT)?)
            }
        }
    }
}
