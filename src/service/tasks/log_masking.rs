//! Masks secrets in a run's log, and takes the last lines of a log as the reason of a failure.
//!
//! A traceback quotes the values that the pipeline was given. Masked are the secrets of the launch, the bridge's keys, the text
//! after the word Bearer, and everything that looks like a signed token.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::domain::connection::Connection;
use crate::domain::parameters::{MASK, Parameter, is_secret_member};
use crate::domain::run::RunLog;
use crate::domain::secret_names::looks_secret;
use crate::domain::task::Task;
use crate::domain::validation;
use crate::service::PAGE_WAIT;
use crate::service::catalog::{Catalog, Freshness};
use crate::service::configuration::Configuration;

const LINES: usize = 10;
const MAX_CHARACTERS: usize = 2_000;
/// Shorter values are not masked: they are hardly secrets, and would mask half of the text.
const SHORTEST: usize = 4;
/// Lines of a secret with several lines, such as a private key, are masked if they are at least this long.
const LONG: usize = 12;

/// Knows the secrets that a run's log can contain.
pub struct LogMasking {
    configuration: Arc<Configuration>,
    catalog: Arc<Catalog>,
    /// The keys of the bridge's settings.
    keys: Vec<SecretString>,
}

impl LogMasking {
    pub fn new(
        configuration: &Arc<Configuration>,
        catalog: &Arc<Catalog>,
        keys: Vec<SecretString>,
    ) -> Self {
        Self {
            configuration: configuration.clone(),
            catalog: catalog.clone(),
            keys,
        }
    }

    /// The last lines of a log, masked.
    pub async fn last_lines(
        &self,
        task: &Task,
        connection: &Connection,
        log: &RunLog,
    ) -> Option<String> {
        let secrets = self.secrets(task, connection, &log.config).await;
        last_lines(&log.text, &secrets)
    }

    /// The secrets that the log of a task's run can contain, if the run has this config.
    pub async fn secrets(
        &self,
        task: &Task,
        connection: &Connection,
        given: &Map<String, Value>,
    ) -> Vec<String> {
        let declared = self.declared(task, connection).await;
        let mut secrets = secrets_of(given, &task.run.config, declared.as_deref());
        secrets.push(connection.target.token.expose_secret().to_owned());
        let keys = self.keys.iter();
        secrets.extend(keys.map(|key| key.expose_secret().to_owned()));
        // Longer ones first, because one can contain another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }

    /// The parameters of the run's version, if OpenHEXA returns them in time.
    async fn declared(&self, task: &Task, connection: &Connection) -> Option<Vec<Parameter>> {
        let config = self
            .configuration
            .get_for(task.account, connection.clone())
            .await
            .ok()?;
        let version = task.pipeline.version.as_ref().map(|version| version.id);
        let (pipeline, freshness) = (task.pipeline.id, Freshness::Recent);
        let request = self
            .catalog
            .definition(&config, pipeline, version, freshness);
        let found = tokio::time::timeout(PAGE_WAIT, request).await.ok()?.ok()?;
        let parameters = found.version.map(|version| version.parameters);
        Some(parameters.unwrap_or_default())
    }
}

fn last_lines(log: &str, secrets: &[String]) -> Option<String> {
    let lines: Vec<&str> = log
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    let text = lines[lines.len().saturating_sub(LINES)..].join("\n");
    let text = masked(&text, secrets);
    let skip = text.chars().count().saturating_sub(MAX_CHARACTERS);
    let text: String = text
        .chars()
        .skip(skip)
        .filter(|letter| *letter != '\0')
        .collect();
    (!text.is_empty()).then_some(text)
}

/// The secrets in a run's config: the values that are masked in the task, and secret values that are saved with the version. If
/// the parameters of the version are unknown, every text that was saved with it counts as secret.
fn secrets_of(
    given: &Map<String, Value>,
    shown: &Map<String, Value>,
    parameters: Option<&[Parameter]>,
) -> Vec<String> {
    let is_hidden = |key: &str, value: &Value| match (shown.get(key), parameters) {
        (Some(shown), _) if shown == MASK => true,
        (_, Some(known)) => validation::is_hidden(known, key, value),
        // Earlier versions stored values in plain text that are secret only by their names.
        (Some(_), None) => validation::is_hidden_by_name(key, value),
        (None, None) => !value.is_number() || looks_secret(key),
    };
    let hidden = given.iter().filter(|(key, value)| is_hidden(key, value));
    let given = hidden.flat_map(|(_, value)| texts(value));
    let defaults = parameters
        .into_iter()
        .flatten()
        .filter(|own| own.is_secret());
    let defaults = defaults.filter_map(|own| own.default.as_ref());
    given.chain(defaults.flat_map(texts)).collect()
}

/// The texts to mask of a secret value, which can be a list or an object. A log can quote each line of a long text, so
/// its lines are masked too.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => {
            let lines = text.lines().map(str::trim).filter(|line| *line != text);
            std::iter::once(text.clone())
                .chain(lines.filter(|line| line.len() >= LONG).map(str::to_owned))
                .collect()
        }
        Value::Number(number) => vec![number.to_string()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                if is_secret_member(name, value) {
                    texts(value)
                } else {
                    nested(value)
                }
            })
            .collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
    }
}

/// The secrets within a value that is not a secret itself.
fn nested(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(nested).collect(),
        Value::Object(_) => texts(value),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// A text without these secrets.
pub fn without(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
        text = text.replace(secret.as_str(), MASK);
    }
    text
}

/// The text with these secrets masked, and everything that looks like a secret.
pub fn masked(text: &str, secrets: &[String]) -> String {
    let text = without(text, secrets);
    let mut after_bearer = false;
    text.split_inclusive(|letter| !is_part(letter))
        .map(|word| {
            let bare = word.trim_end_matches(|letter| !is_part(letter));
            let hide = after_bearer && !bare.is_empty();
            after_bearer = bare.eq_ignore_ascii_case("bearer") || (after_bearer && bare.is_empty());
            if hide {
                word.replacen(bare, MASK, 1)
            } else {
                masked_word(word)
            }
        })
        .collect()
}

fn is_part(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "-_.~+/=".contains(letter)
}

/// A token can have text right before it and a full stop after it.
fn masked_word(word: &str) -> String {
    let token = word.trim_end_matches(|letter| letter == '.' || !is_part(letter));
    match token.find("eyJ") {
        Some(at) if token[at..].matches('.').count() == 2 => {
            [&word[..at], MASK, &word[token.len()..]].concat()
        }
        Some(_) | None => word.to_owned(),
    }
}
