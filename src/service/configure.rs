//! Changing the `openhexa-config` record: read, replaced, amended, checked, taken away.
//!
//! A token never leaves: it is shown by its last letters, kept by a change that does not bring one, and sent to no
//! other address than the one it was given for.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::config::{self, Ground};
pub use super::config_checks::Check;
use super::config_checks::checks;
use super::{Bridge, Error};
use crate::domain::address::{Address, BadAddress, is_public};
use crate::domain::connection::Target;
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::parameters::MASK;
use crate::domain::sentence::{FieldErrors, Sentence, say};
use crate::domain::text::is_plain;
use crate::store::{self, ConfigContent};

pub const URL: &str = "openhexa_url";
pub const TOKEN: &str = "openhexa_token";
pub const WORKSPACE: &str = "workspace_slug";

/// In place of a version, for a change that is made where no record is in force. The first version is 1.
pub const NO_RECORD: i64 = 0;

/// The record as an administrator sees it.
#[derive(Clone, Debug)]
pub struct Record {
    pub content: Map<String, Value>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
    pub updated_by: Option<String>,
}

/// How a change is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// The content takes the place of the one before.
    Replace,
    /// Keys of the content replace those before; null takes one away.
    Amend,
}

/// A change of the record.
#[derive(Clone)]
pub struct Change {
    pub manner: Manner,
    pub content: Map<String, Value>,
    /// The version that the change was made against, [`NO_RECORD`] where there was none; none: whichever is in force.
    pub expected: Option<i64>,
    /// Whether it comes from a form, which a double click sends twice: then the same change that is in force already, as
    /// the next version, is this one.
    pub by_form: bool,
    pub by: Option<String>,
}

impl Bridge {
    pub async fn record(&self, account: AccountId) -> Result<Record, Error> {
        let ground = self.find_ground(account).await?;
        ground
            .as_ref()
            .map(shown)
            .map_err(|why| Error::NotFound(why.clone()))
    }

    /// Judged and stored in one transaction, so that an amendment is made to what is then in force. A form that
    /// was sent twice is done once: the second finds it in force.
    pub(super) async fn put_record(
        &self,
        account: AccountId,
        change: Change,
    ) -> Result<Record, Error> {
        self.refuse_elsewhere()?;
        let (bridge, now) = (self.clone(), self.now());
        self.store()
            .write(move |db| {
                store::lock_configs(db)?;
                let vault = &bridge.store().vault;
                let before = config::ground_in(db, vault, account)?.ok();
                let in_force = before.as_ref().map(|ground| ground.config.version);
                if let Err(changed) = expect_version(change.expected, in_force) {
                    let done = before.filter(|own| change.by_form && bridge.is_done(&change, own));
                    return done.as_ref().map(shown).ok_or(changed);
                }
                let content = bridge.judge_config(&change, before.as_ref())?;
                store::put_config(db, vault, account, &content, now)?;
                let after = config::ground_in(db, vault, account)?;
                after.as_ref().map(shown).map_err(|_| no_record())
            })
            .await
    }

    pub async fn delete_config(
        &self,
        account: AccountId,
        expected: Option<i64>,
        by: String,
    ) -> Result<(), Error> {
        self.refuse_elsewhere()?;
        let (vault, now) = (self.store().vault.clone(), self.now());
        self.store()
            .write(move |db| {
                store::lock_configs(db)?;
                let before = store::config_of(db, &vault, account)?.ok_or_else(no_record)?;
                expect_version(expected, Some(before.version))?;
                store::delete_config(db, account, Some(&by), now)?;
                Ok(())
            })
            .await
    }

    /// Tries the record in force, or what it would be after a change.
    pub async fn check_config(
        &self,
        account: AccountId,
        trial: Option<(Manner, Map<String, Value>)>,
    ) -> Result<Vec<Check>, Error> {
        let target = match trial {
            None => self.ground(account).await?.connection.target,
            Some((manner, content)) => {
                let before = self.find_ground(account).await?.ok();
                let change = Change {
                    manner,
                    content,
                    expected: None,
                    by_form: false,
                    by: None,
                };
                self.judge_config(&change, before.as_ref())?.target
            }
        };
        Ok(checks(self.openhexa().access(&target).await))
    }

    fn is_done(&self, change: &Change, in_force: &Ground) -> bool {
        // After a deletion versions go on where they were: which one is the next after none, nobody can tell.
        let is_next = change.expected.is_some_and(|expected| {
            expected == NO_RECORD || expected + 1 == in_force.config.version
        });
        let judged = self.judge_config(change, Some(in_force));
        is_next && judged.is_ok_and(|judged| is_same(&judged, in_force))
    }

    /// The record that a change asks for, or every wrong field of it.
    fn judge_config(
        &self,
        change: &Change,
        before: Option<&Ground>,
    ) -> Result<ConfigContent, Error> {
        let mut content = match (change.manner, before) {
            (Manner::Amend, Some(ground)) => whole(ground),
            (Manner::Amend | Manner::Replace, _) => Map::new(),
        };
        content.extend(change.content.clone());
        content.retain(|_, value| !value.is_null());
        let mut wrong = FieldErrors::default();
        let address = wrong.note(URL, self.address(content.get(URL)));
        let workspace = wrong.note(WORKSPACE, text(content.get(WORKSPACE)));
        // Of an address that cannot be read nothing more is told: whether its token is missing, nobody knows.
        let is_same =
            |ground: &&Ground| address.as_ref().is_none_or(|own| same_origin(ground, own));
        let same_place = before.filter(is_same);
        let kept = same_place.filter(|_| change.manner == Manner::Amend);
        let token = wrong.note(TOKEN, token(content.get(TOKEN), kept));
        wrong.note("pipelines", defaults(content.get("pipelines")));
        let (Some(address), Some(workspace), Some(token), true) =
            (address, workspace, token, wrong.is_empty())
        else {
            return Err(Error::content(wrong));
        };
        content.retain(|key, _| ![URL, TOKEN, WORKSPACE].contains(&key.as_str()));
        Ok(ConfigContent {
            instance: same_place
                .map_or(address.origin, |ground| ground.connection.instance.clone()),
            target: Target {
                url: address.url,
                workspace,
                token,
            },
            content,
            by: change.by.clone(),
        })
    }

    /// Whether somebody else keeps the configuration.
    pub fn is_elsewhere(&self) -> bool {
        self.store().is_attached()
    }

    /// Where somebody else keeps the configuration, it is changed there.
    pub(super) fn refuse_elsewhere(&self) -> Result<(), Error> {
        if self.is_elsewhere() {
            return Err(Error::Elsewhere);
        }
        Ok(())
    }

    fn address(&self, value: Option<&Value>) -> Result<Address, Sentence> {
        self.good_address(&text(value)?)
    }

    /// An address that may be asked, as far as it says by itself where it leads.
    pub(super) fn good_address(&self, text: &str) -> Result<Address, Sentence> {
        let address = Address::parse(text).map_err(|wrong| match wrong {
            BadAddress::NotUrl => say("config-url"),
            BadAddress::NotGraphql => say("config-url-graphql"),
        })?;
        let rules = self.rules();
        let listed =
            rules.openhexa_hosts.is_empty() || rules.openhexa_hosts.contains(&address.host());
        if !listed {
            return Err(say("config-url-host").with("hosts", rules.openhexa_hosts.join(", ")));
        }
        if !rules.private_openhexa && address.ip().is_some_and(|ip| !is_public(ip)) {
            return Err(say("config-url-private"));
        }
        Ok(address)
    }
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

fn is_same(judged: &ConfigContent, in_force: &Ground) -> bool {
    let (own, other) = (&judged.target, &in_force.connection.target);
    (&own.url, &own.workspace) == (&other.url, &other.workspace)
        && own.token.expose_secret() == other.token.expose_secret()
        && judged.content == in_force.config.content
}

fn shown(ground: &Ground) -> Record {
    let token = ground.connection.target.token.expose_secret();
    let letters: Vec<char> = token.chars().collect();
    // Of a short one even four letters would be too many.
    let last = if letters.len() >= 12 {
        letters.len() - 4
    } else {
        letters.len()
    };
    let mut content = whole(ground);
    let masked = format!("{MASK}{}", letters[last..].iter().collect::<String>());
    content.insert(TOKEN.to_owned(), masked.into());
    Record {
        content,
        version: ground.config.version,
        updated_at: ground.config.updated_at,
        updated_by: ground.config.updated_by.clone(),
    }
}

/// The content with URL and workspace, but without the token.
fn whole(ground: &Ground) -> Map<String, Value> {
    let target = &ground.connection.target;
    let mut content = Map::new();
    content.insert(URL.to_owned(), target.url.clone().into());
    content.insert(WORKSPACE.to_owned(), target.workspace.clone().into());
    content.extend(ground.config.content.clone());
    content
}

fn same_origin(ground: &Ground, address: &Address) -> bool {
    let stored = Address::parse(&ground.connection.target.url);
    stored.is_ok_and(|stored| stored.origin == address.origin)
}

fn text(value: Option<&Value>) -> Result<String, Sentence> {
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

fn token(value: Option<&Value>, kept: Option<&Ground>) -> Result<SecretString, Sentence> {
    match (value, kept) {
        (None, Some(ground)) => Ok(ground.connection.target.token.clone()),
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
fn defaults(value: Option<&Value>) -> Result<(), Sentence> {
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
