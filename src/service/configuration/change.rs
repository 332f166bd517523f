//! Reads, replaces, merges into, tests and deletes the record `openhexa-config`.
//!
//! The token is never returned: only its last letters are shown. A change without a token keeps the stored one, but only
//! for the same address, so that a token is never sent to another server.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::account_config::{AccountConfig, read_and_save_config};
use super::connection_test::{Check, checks};
use super::{AddressRules, Configuration};
use crate::domain::address::Address;
use crate::domain::connection::Target;
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::parameters::MASK;
use crate::domain::text::is_plain;
use crate::service::Error;
use crate::store::{self, NewConfig};

pub const URL: &str = "openhexa_url";
pub const TOKEN: &str = "openhexa_token";
pub const WORKSPACE: &str = "workspace_slug";

/// The version that counts if there is no record yet. The first version of a record is 1.
pub const NO_RECORD: i64 = 0;

/// The record as an administrator sees it.
#[derive(Clone, Debug)]
pub struct ConfigRecord {
    pub content: Map<String, Value>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
    pub updated_by: Option<String>,
}

/// What a change does with the current content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeMode {
    /// The new content replaces it.
    Replace,
    /// Only the keys of the new content change; null deletes a key.
    Merge,
}

/// A change of the record.
#[derive(Clone)]
pub struct ConfigEdit {
    pub mode: ChangeMode,
    pub content: Map<String, Value>,
    /// The version that the sender has read, or [`NO_RECORD`]. None: the change applies to any version.
    pub expected: Option<i64>,
    /// Whether it comes from a form, which a double click sends twice. Then it is not an error if the record already
    /// has this change.
    pub by_form: bool,
    pub by: Option<String>,
}

impl Configuration {
    pub async fn record(&self, account: AccountId) -> Result<ConfigRecord, Error> {
        let config = self.find(account).await?;
        config
            .as_ref()
            .map(shown)
            .map_err(|why| Error::NotFound(why.clone()))
    }

    /// Validates and stores in one transaction, so that a merge uses the current content.
    pub async fn change(
        &self,
        account: AccountId,
        change: ConfigEdit,
    ) -> Result<ConfigRecord, Error> {
        self.refuse_if_managed_externally()?;
        let (addresses, cipher) = (self.addresses.clone(), self.store.cipher.clone());
        let now = self.clock.now();
        self.store
            .write(move |db| {
                store::lock_configs(db)?;
                let before = read_and_save_config(db, &cipher, account)?.ok();
                let version = before.as_ref().map(|config| config.record.version);
                if let Err(changed) = expect_version(change.expected, version) {
                    let is_repeated =
                        |own: &AccountConfig| change.by_form && is_done(&addresses, &change, own);
                    let done = before.filter(is_repeated);
                    return done.as_ref().map(shown).ok_or(changed);
                }
                let content = validate(&addresses, &change, before.as_ref())?;
                store::put_config(db, &cipher, account, &content, now)?;
                let after = read_and_save_config(db, &cipher, account)?;
                after.as_ref().map(shown).map_err(|_| no_record())
            })
            .await
    }

    pub async fn delete(
        &self,
        account: AccountId,
        expected: Option<i64>,
        by: String,
    ) -> Result<(), Error> {
        self.refuse_if_managed_externally()?;
        let (cipher, now) = (self.store.cipher.clone(), self.clock.now());
        self.store
            .write(move |db| {
                store::lock_configs(db)?;
                let before = store::config_of(db, &cipher, account)?.ok_or_else(no_record)?;
                expect_version(expected, Some(before.version))?;
                store::delete_config(db, account, Some(&by), now)?;
                Ok(())
            })
            .await
    }

    /// Tests the connection of the record, or of what the record would be after a change.
    pub async fn test_connection(
        &self,
        account: AccountId,
        trial: Option<(ChangeMode, Map<String, Value>)>,
    ) -> Result<Vec<Check>, Error> {
        let target = match trial {
            None => self.get(account).await?.connection.target,
            Some((mode, content)) => {
                let before = self.find(account).await?.ok();
                let change = ConfigEdit {
                    mode,
                    content,
                    expected: None,
                    by_form: false,
                    by: None,
                };
                validate(&self.addresses, &change, before.as_ref())?.target
            }
        };
        Ok(checks(self.openhexa.access(&target).await))
    }

    /// Whether the configuration is managed in Iaso's admin.
    pub fn is_managed_externally(&self) -> bool {
        self.store.is_attached()
    }

    pub(super) fn refuse_if_managed_externally(&self) -> Result<(), Error> {
        if self.is_managed_externally() {
            return Err(Error::ManagedExternally);
        }
        Ok(())
    }
}

/// Whether the record already has this change, as the version after the expected one.
fn is_done(addresses: &AddressRules, change: &ConfigEdit, current: &AccountConfig) -> bool {
    // After a deletion, versions continue after the last one, so any version can follow [`NO_RECORD`].
    let is_next = change
        .expected
        .is_some_and(|expected| expected == NO_RECORD || expected + 1 == current.record.version);
    let content = validate(addresses, change, Some(current));
    is_next && content.is_ok_and(|content| is_same(&content, current))
}

/// The content after the change, or the errors of all its fields.
fn validate(
    addresses: &AddressRules,
    change: &ConfigEdit,
    before: Option<&AccountConfig>,
) -> Result<NewConfig, Error> {
    let mut content = merged(change, before);
    let mut wrong = FieldErrors::default();
    let address = text(content.get(URL)).and_then(|text| addresses.parse(&text));
    let address = wrong.note(URL, address);
    let workspace = wrong.note(WORKSPACE, text(content.get(WORKSPACE)));
    // With an unreadable address it is not known whether a token is missing, so none is reported.
    let is_same =
        |config: &&AccountConfig| address.as_ref().is_none_or(|own| same_origin(config, own));
    let same_server = before.filter(is_same);
    let kept = same_server.filter(|_| change.mode == ChangeMode::Merge);
    let token = wrong.note(TOKEN, token(content.get(TOKEN), kept));
    wrong.note("pipelines", check_entries(content.get("pipelines")));
    let (Some(address), Some(workspace), Some(token), true) =
        (address, workspace, token, wrong.is_empty())
    else {
        return Err(Error::content(wrong));
    };
    content.retain(|key, _| ![URL, TOKEN, WORKSPACE].contains(&key.as_str()));
    let instance = same_server.map(|config| config.connection.instance.clone());
    Ok(NewConfig {
        instance: instance.unwrap_or(address.origin),
        target: Target {
            url: address.url,
            workspace,
            token,
        },
        content,
        by: change.by.clone(),
    })
}

fn merged(change: &ConfigEdit, before: Option<&AccountConfig>) -> Map<String, Value> {
    let mut content = match (change.mode, before) {
        (ChangeMode::Merge, Some(config)) => without_token(config),
        (ChangeMode::Merge | ChangeMode::Replace, _) => Map::new(),
    };
    content.extend(change.content.clone());
    content.retain(|_, value| !value.is_null());
    content
}

fn no_record() -> Error {
    Error::NotFound(say("not-configured"))
}

fn expect_version(expected: Option<i64>, in_force: Option<i64>) -> Result<(), Error> {
    if expected.is_some_and(|expected| expected != in_force.unwrap_or(NO_RECORD)) {
        return Err(Error::Changed);
    }
    Ok(())
}

fn is_same(content: &NewConfig, current: &AccountConfig) -> bool {
    let (own, other) = (&content.target, &current.connection.target);
    (&own.url, &own.workspace) == (&other.url, &other.workspace)
        && own.token.expose_secret() == other.token.expose_secret()
        && content.content == current.record.content
}

fn shown(config: &AccountConfig) -> ConfigRecord {
    let token = config.connection.target.token.expose_secret();
    let letters: Vec<char> = token.chars().collect();
    // Four characters would reveal too much of a short token.
    let last = if letters.len() >= 12 {
        letters.len() - 4
    } else {
        letters.len()
    };
    let mut content = without_token(config);
    let masked = format!("{MASK}{}", letters[last..].iter().collect::<String>());
    content.insert(TOKEN.to_owned(), masked.into());
    ConfigRecord {
        content,
        version: config.record.version,
        updated_at: config.record.updated_at,
        updated_by: config.record.updated_by.clone(),
    }
}

/// The content with URL and workspace, but without the token.
fn without_token(config: &AccountConfig) -> Map<String, Value> {
    let target = &config.connection.target;
    let mut content = Map::new();
    content.insert(URL.to_owned(), target.url.clone().into());
    content.insert(WORKSPACE.to_owned(), target.workspace.clone().into());
    content.extend(config.record.content.clone());
    content
}

fn same_origin(config: &AccountConfig, address: &Address) -> bool {
    let stored = Address::parse(&config.connection.target.url);
    stored.is_ok_and(|stored| stored.origin == address.origin)
}

fn text(value: Option<&Value>) -> Result<String, Message> {
    let Some(value) = value else {
        return Err(say("field-required"));
    };
    let text = value.as_str().ok_or_else(|| say("field-text"))?.trim();
    if text.is_empty() {
        return Err(say("field-required"));
    }
    if !is_plain(text) {
        return Err(say("field-hidden"));
    }
    Ok(text.to_owned())
}

fn token(value: Option<&Value>, kept: Option<&AccountConfig>) -> Result<SecretString, Message> {
    match (value, kept) {
        (None, Some(config)) => Ok(config.connection.target.token.clone()),
        (None, None) => Err(say("config-token-needed")),
        (Some(_), _) => {
            let token = text(value)?;
            if token.contains(MASK) {
                return Err(say("config-token-masked"));
            }
            Ok(token.into())
        }
    }
}

/// `pipelines[] = {"id", "parameters": {…}}`; other keys of an entry are kept.
fn check_entries(value: Option<&Value>) -> Result<(), Message> {
    let Some(value) = value else {
        return Ok(());
    };
    let is_entry = |entry: &Value| {
        let named = entry["id"]
            .as_str()
            .is_some_and(|id| id.parse::<PipelineId>().is_ok());
        let parameters = entry.get("parameters");
        named && parameters.is_none_or(|parameters| parameters.is_null() || parameters.is_object())
    };
    let entries = value
        .as_array()
        .filter(|entries| entries.iter().all(is_entry));
    entries.map(|_| ()).ok_or_else(|| say("config-pipelines"))
}
