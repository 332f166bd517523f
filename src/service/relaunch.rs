//! A launch made again: the same pipeline and version with what was sent the first time.
//!
//! What was sent is what counts, so today's default parameters of the account are not laid under it. Only secrets were
//! not kept: they come again from the account's defaults where those have them, and otherwise from the caller, who may
//! give nothing else. From there on it is a launch like any other.

use std::pin::pin;

use serde_json::{Map, Value};

use super::catalog::Definition;
use super::catalog::parameters;
use super::configuration::AccountConfig;
use super::launch::LaunchRequest;
use super::once::Once;
use super::{Bridge, Error};
use crate::domain::ids::TaskId;
use crate::domain::parameters::{Kind, MASK, Parameter};
use crate::domain::principal::Principal;
use crate::domain::sentence::{FieldErrors, say};
use crate::domain::task::Task;
use crate::domain::validation::{self, Injected};

/// Which task, and the secrets that it had.
#[derive(Clone, Debug)]
pub struct RelaunchRequest {
    pub task: TaskId,
    pub secrets: Map<String, Value>,
    pub once: Option<Once>,
}

impl Bridge {
    /// As a launch, with a task of its own; while the first is alive, a conflict.
    pub async fn relaunch(&self, who: &Principal, request: RelaunchRequest) -> Result<Task, Error> {
        let once = request.once.clone();
        self.only_once(who.account, once, Box::pin(self.relaunch_now(who, request)))
            .await
    }

    async fn relaunch_now(&self, who: &Principal, request: RelaunchRequest) -> Result<Task, Error> {
        let mut time_is_up = pin!(tokio::time::sleep(self.rules().answer_within));
        let first = self.tasks.get(who.account, request.task).await?;
        if first.verdict().is_none() {
            return Err(Error::Conflict {
                sentence: say("task-is-alive").with("status", first.status().word()),
                status: first.status(),
            });
        }
        let account_config = self.configuration.get(who.account).await?;
        let version = first.pipeline.version.as_ref().map(|version| version.id);
        let mut launch = LaunchRequest {
            pipeline: first.pipeline.id,
            version,
            config: Map::new(),
            send_notifications: first.run.send_notifications,
            debug: first.run.debug,
            relaunch_of: Some(first.id),
            once: request.once,
        };
        let definition = self
            .definition_in_time(&account_config, &launch, time_is_up.as_mut())
            .await?;
        launch.config = config_again(&account_config, &definition, &first, request.secrets)?;
        self.launch_by(who, &account_config, &definition, &launch, time_is_up)
            .await
    }
}

/// What was sent the first time, with its secrets from where they are now.
fn config_again(
    account_config: &AccountConfig,
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
    let defaults = account_config.defaults(first.pipeline.id);
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
    // A secret that the first launch did not have may come too.
    config.extend(given.into_iter().filter(|(_, value)| is_given(value)));
    Ok(config)
}

/// A list or an object that was typed as text on a page, as what it says.
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

/// Anything else would make it another launch.
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

/// As the pipeline's author named it; a stranger's key is cut to a readable length.
fn name(definition: &Definition, key: &str) -> String {
    let mut known = parameters(definition).iter();
    match known.find(|parameter| parameter.code == key) {
        Some(parameter) => parameter.title().to_owned(),
        None => key.chars().take(60).collect(),
    }
}
