//! Launches a task's pipeline again: same version, same config.
//!
//! The account's current default parameters are not added, because the first config is complete. Only its secrets were
//! not stored. They come from the account's defaults or from the user, who cannot change other values.

use std::pin::pin;

use serde_json::{Map, Value};

use super::Launching;
use super::commit::LaunchRequest;
use super::idempotency::Idempotency;
use crate::domain::ids::TaskId;
use crate::domain::message::{FieldErrors, say};
use crate::domain::parameters::{Kind, MASK, Parameter};
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::domain::validation::{self, Injected};
use crate::service::Error;
use crate::service::catalog::{Definition, parameters};
use crate::service::configuration::AccountConfig;

/// The task and its secrets.
#[derive(Clone, Debug)]
pub struct RelaunchRequest {
    pub task: TaskId,
    pub secrets: Map<String, Value>,
    pub idempotency: Option<Idempotency>,
}

impl Launching {
    /// Creates a new task. An error while the first one has not ended.
    pub async fn relaunch(&self, who: &Principal, request: RelaunchRequest) -> Result<Task, Error> {
        let key = request.idempotency.clone();
        self.once_per_key(who.account, key, Box::pin(self.relaunch_now(who, request)))
            .await
    }

    async fn relaunch_now(&self, who: &Principal, request: RelaunchRequest) -> Result<Task, Error> {
        let mut time_is_up = pin!(tokio::time::sleep(self.times.answer_within));
        let first = self.tasks.get(who.account, request.task).await?;
        if first.outcome().is_none() {
            return Err(Error::Conflict {
                sentence: say("task-is-alive").with("status", first.status().as_str()),
                status: first.status(),
            });
        }
        let account = self.configuration.get(who.account).await?;
        let version = first.pipeline.version.as_ref().map(|version| version.id);
        let mut launch = LaunchRequest {
            pipeline: first.pipeline.id,
            version,
            config: Map::new(),
            send_notifications: first.run.send_notifications,
            debug: first.run.debug,
            relaunch_of: Some(first.id),
            idempotency: request.idempotency,
            step: None,
        };
        let definition = self
            .definition_in_time(&account, &launch, time_is_up.as_mut())
            .await?;
        launch.config = config_with_secrets(&account, &definition, &first, request.secrets)?;
        self.launch_by(who, &account, &definition, &launch, time_is_up)
            .await
    }
}

/// The first config with its secrets.
fn config_with_secrets(
    account: &AccountConfig,
    definition: &Definition,
    first: &Task,
    mut given: Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    let mut config = validation::without_injected(&first.run.config);
    given.retain(|key, _| Injected::parse(key).is_none());
    for (key, value) in &mut given {
        *value = as_declared(definition, key, value);
    }
    let erased: Vec<String> = config
        .iter()
        .filter(|(_, value)| *value == MASK)
        .map(|(key, _)| key.clone())
        .collect();
    let mut wrong = not_secret(definition, &erased, &given);
    let defaults = account.defaults(first.pipeline.id);
    for key in &erased {
        let again = [&given, &defaults].map(|layer| layer.get(key).filter(|value| is_given(value)));
        match again.into_iter().flatten().next() {
            Some(value) => drop(config.insert(key.clone(), value.clone())),
            None => wrong.add(
                key,
                say("relaunch-secret").with("name", name(definition, key)),
            ),
        }
    }
    if !wrong.is_empty() {
        return Err(Error::config(wrong));
    }
    // A secret that the first launch did not have can be added.
    config.extend(given.into_iter().filter(|(_, value)| is_given(value)));
    Ok(config)
}

/// A list or an object from a page is text that contains JSON.
fn as_declared(definition: &Definition, key: &str, value: &Value) -> Value {
    let declared = parameters(definition).iter().find(|own| own.code == key);
    let is_json = declared.is_some_and(|own| matches!(own.kind, Kind::List | Kind::Dict));
    let text = value.as_str().filter(|_| is_json);
    let read = text.and_then(|text| serde_json::from_str(text).ok());
    read.unwrap_or_else(|| value.clone())
}

fn is_given(value: &Value) -> bool {
    !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty())
}

/// Only secrets can be given.
fn not_secret(
    definition: &Definition,
    erased: &[String],
    given: &Map<String, Value>,
) -> FieldErrors {
    let known = parameters(definition);
    let mut wrong = FieldErrors::default();
    for key in given.keys() {
        let declared = known.iter().find(|parameter| parameter.code == *key);
        if !declared.is_some_and(Parameter::is_secret) && !erased.contains(key) {
            wrong.add(
                key,
                say("relaunch-other").with("name", name(definition, key)),
            );
        }
    }
    wrong
}

/// The title of a parameter, or an unknown key, cut to a readable length.
fn name(definition: &Definition, key: &str) -> String {
    let mut known = parameters(definition).iter();
    match known.find(|parameter| parameter.code == key) {
        Some(parameter) => parameter.title().to_owned(),
        None => key.chars().take(60).collect(),
    }
}
