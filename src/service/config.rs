//! Where an account's OpenHEXA is: the `openhexa-config` record and its connection.

use serde_json::{Map, Value};

use super::defaults::{entries, parameters};
use super::memory::Asked;
use super::{Bridge, Error};
use crate::domain::connection::{Connection, Missing};
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::parameters::Parameter;
use crate::domain::sentence::{Sentence, say};
use crate::store::{self, Config, ConfigContent, Db, Vault};

/// An account's configuration in force.
#[derive(Clone, Debug)]
pub struct Ground {
    pub account: AccountId,
    pub config: Config,
    pub connection: Connection,
}

impl Ground {
    /// The account's default parameters for a pipeline.
    pub fn defaults(&self, pipeline: PipelineId) -> Map<String, Value> {
        let entries = entries(&self.config.content);
        let own = entries.get(&pipeline).copied().map(parameters);
        own.unwrap_or_default()
    }
}

impl Bridge {
    pub(super) async fn ground(&self, account: AccountId) -> Result<Ground, Error> {
        let found = self.find_ground(account).await?;
        found.map_err(Error::NotConfigured)
    }

    /// A task stays on the connection it was launched on, whatever is configured now.
    pub(super) async fn ground_of(
        &self,
        account: AccountId,
        connection: Connection,
    ) -> Result<Ground, Error> {
        let ground = self.ground(account).await?;
        Ok(Ground {
            connection,
            ..ground
        })
    }

    /// The configuration in force, or a sentence that says why there is none.
    pub(super) async fn find_ground(
        &self,
        account: AccountId,
    ) -> Result<Result<Ground, Sentence>, Error> {
        let vault = self.store().vault.clone();
        let found = self
            .store()
            .read(move |db| ground_in(db, &vault, account))
            .await?;
        Ok(match found {
            Ok(ground) if self.store().is_attached() => self.with_good_address(ground),
            Ok(ground) => Ok(ground),
            Err(missing) => Err(told(missing)),
        })
    }

    /// What was not written through us has not been judged by us yet.
    fn with_good_address(&self, ground: Ground) -> Result<Ground, Sentence> {
        let url = self.good_address(&ground.connection.target.url);
        url.map_err(|wrong| wrong.with("field", "openhexa_url"))?;
        Ok(ground)
    }

    /// What every signed-in user may see of the configuration; none when there is none.
    pub async fn public_config(
        &self,
        account: AccountId,
    ) -> Result<Option<Map<String, Value>>, Error> {
        let ground = self.find_ground(account).await?;
        let Ok(ground) = ground else {
            return Ok(None);
        };
        let mut content = without_secrets(&ground.config.content);
        self.leave_out_declared(&ground, &mut content).await;
        Ok(Some(content))
    }

    /// Values of parameters that are declared as secrets, as far as their pipelines were asked about of late. OpenHEXA
    /// is not asked here: pages read this before anything else, also while it is away.
    async fn leave_out_declared(&self, ground: &Ground, content: &mut Map<String, Value>) {
        let entries = content.get_mut("pipelines").and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten() {
            let id = entry["id"].as_str().and_then(|id| id.parse().ok());
            let Some(id) = id else { continue };
            let secret = self.declared_secrets(ground, id).await;
            if let Some(Value::Object(parameters)) = entry.get_mut("parameters") {
                parameters.retain(|code, _| !secret.contains(code));
            }
        }
    }

    async fn declared_secrets(&self, ground: &Ground, pipeline: PipelineId) -> Vec<String> {
        let key = (Asked::from(ground), pipeline);
        let known = self.memory.pipelines.last_good(&key).await;
        let version = known.and_then(|known| known.answer.current_version.clone());
        let parameters = version
            .map(|version| version.parameters)
            .unwrap_or_default();
        let secret = parameters.into_iter().filter(Parameter::is_secret);
        secret.map(|parameter| parameter.code).collect()
    }

    /// Leads an account to an OpenHEXA, and keeps the rest of its configuration.
    pub async fn aim(&self, account: AccountId, place: ConfigContent) -> Result<(), Error> {
        self.refuse_elsewhere()?;
        let (vault, now) = (self.store().vault.clone(), self.now());
        self.store()
            .write(move |db| {
                store::lock_configs(db)?;
                let before = store::config_of(db, &vault, account)?;
                let mut content = before.map(|config| config.content).unwrap_or_default();
                content.extend(place.content.clone());
                let new = ConfigContent { content, ..place };
                Ok(store::put_config(db, &vault, account, &new, now)?)
            })
            .await
    }
}

pub(super) fn ground_in(
    db: &mut Db<'_>,
    vault: &Vault,
    account: AccountId,
) -> Result<Result<Ground, Missing>, Error> {
    let known = store::config_and_connection(db, vault, account)?;
    Ok(known.map(|known| {
        let (config, connection) = *known;
        Ground {
            account,
            config,
            connection,
        }
    }))
}

fn told(missing: Missing) -> Sentence {
    say(match missing {
        Missing::Record => "not-configured",
        Missing::Workspace => "no-workspace",
        Missing::Workspaces => "many-workspaces",
        Missing::Slug => "workspace-without-slug",
        Missing::Url => "instance-without-url",
        Missing::Token => "instance-without-token",
        Missing::Graphql => "instance-not-graphql",
        Missing::UnreadableToken => "instance-token-unreadable",
    })
}

/// Keys that look like a secret are left out wherever they stand.
fn without_secrets(content: &Map<String, Value>) -> Map<String, Value> {
    content
        .iter()
        .filter(|(key, _)| !looks_secret(key))
        .map(|(key, value)| (key.clone(), scrubbed(value)))
        .collect()
}

fn scrubbed(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(without_secrets(object)),
        Value::Array(items) => Value::Array(items.iter().map(scrubbed).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// However its words are joined: `api_key`, `api-key`, `apiKey`.
pub(super) fn looks_secret(name: &str) -> bool {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    let key: String = letters.flat_map(char::to_lowercase).collect();
    let named = ["openhexaurl", "workspaceslug"].contains(&key.as_str());
    let signs = [
        "token",
        "secret",
        "password",
        "passwd",
        "passphrase",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
        "authorization",
        "bearer",
        "jwt",
        "pwd",
    ];
    named || ends_with_word_key(name) || signs.iter().any(|sign| key.contains(sign))
}

/// `sms_key`, `smsKey` and `KEY`, but no monkey.
fn ends_with_word_key(name: &str) -> bool {
    let Some((before, word)) = name
        .len()
        .checked_sub(3)
        .and_then(|at| name.split_at_checked(at))
    else {
        return false;
    };
    let stands_apart = match before.chars().last() {
        None => true,
        Some(last) => !last.is_alphanumeric() || (word == "Key" && !last.is_uppercase()),
    };
    word.eq_ignore_ascii_case("key") && stands_apart
}
