//! Where an account's OpenHEXA is: the `openhexa-config` record and its connection.

use serde_json::{Map, Value};

use super::{Bridge, Error};
use crate::domain::connection::Connection;
use crate::domain::ids::{AccountId, PipelineId};
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
        let entries = self
            .config
            .content
            .get("pipelines")
            .and_then(Value::as_array);
        let ours = |entry: &&Value| {
            let id = entry["id"].as_str().and_then(|id| id.parse().ok());
            id == Some(pipeline)
        };
        entries
            .into_iter()
            .flatten()
            .find(ours)
            .and_then(|entry| entry["parameters"].as_object())
            .cloned()
            .unwrap_or_default()
    }
}

impl Bridge {
    pub(super) async fn ground(&self, account: AccountId) -> Result<Ground, Error> {
        self.find_ground(account).await?.ok_or(Error::NotConfigured)
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

    pub(super) async fn find_ground(&self, account: AccountId) -> Result<Option<Ground>, Error> {
        let vault = self.store().vault.clone();
        self.store()
            .read(move |db| ground_in(db, &vault, account))
            .await
    }

    /// What every signed-in user may see of the configuration; none when there is none.
    pub async fn public_config(
        &self,
        account: AccountId,
    ) -> Result<Option<Map<String, Value>>, Error> {
        let ground = self.find_ground(account).await?;
        Ok(ground.map(|ground| without_secrets(&ground.config.content)))
    }

    /// Leads an account to an OpenHEXA, and keeps the rest of its configuration.
    pub async fn aim(&self, account: AccountId, place: ConfigContent) -> Result<(), Error> {
        let (vault, now) = (self.store().vault.clone(), self.now());
        self.store()
            .write(move |db| {
                store::lock_configs(db)?;
                let before = store::config_of(db, account)?;
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
) -> Result<Option<Ground>, Error> {
    let known = store::config_and_connection(db, vault, account)?;
    Ok(known.map(|(config, connection)| Ground {
        account,
        config,
        connection,
    }))
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
