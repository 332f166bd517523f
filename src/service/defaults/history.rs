//! The history of an account's configuration: who changed what, and when. It contains names of parameters, never their values,
//! and of the token only that it was changed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::DefaultParameters;
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::message::{Message, say};
use crate::service::Error;
use crate::service::configuration::{entries, given};
use crate::store::{self, ConfigChange};

/// Changes that are shown.
const MAX_SHOWN: usize = 50;
/// Changes that are read: the oldest shown one is compared with the one before it.
const READ: i64 = 51;

/// One change, in words.
pub struct Edit {
    pub version: i64,
    pub at: DateTime<Utc>,
    pub by: Option<String>,
    pub what: Vec<Message>,
}

/// The names of pipelines by their ids, as far as they are known.
type Names = BTreeMap<PipelineId, String>;
type Content = Map<String, Value>;

impl DefaultParameters {
    /// The last changes of the configuration, newest first.
    pub async fn history(&self, account: AccountId) -> Result<Vec<Edit>, Error> {
        let cipher = self.store.cipher.clone();
        let read = self
            .store
            .read(move |db| Ok::<_, Error>(store::config_changes(db, &cipher, account, READ)?));
        let changes = read.await?;
        let is_needed = changes.iter().flat_map(|change| &change.content);
        let names = if is_needed.clone().any(|one| one.contains_key("pipelines")) {
            self.names(account).await
        } else {
            Names::new()
        };
        let edits = changes.iter().enumerate().take(MAX_SHOWN);
        let edit = |(at, change): (usize, &ConfigChange)| edit(change, changes.get(at + 1), &names);
        Ok(edits.map(edit).collect())
    }

    /// Without OpenHEXA the history shows ids instead of names.
    async fn names(&self, account: AccountId) -> Names {
        let Ok(shown) = self.catalog.pipelines_known(account).await else {
            return Names::new();
        };
        let named = shown.answer.iter();
        named.map(|one| (one.id, one.title().to_owned())).collect()
    }
}

fn edit(change: &ConfigChange, before: Option<&ConfigChange>, names: &Names) -> Edit {
    let before = before.and_then(|before| before.content.as_ref());
    let what = match (&change.content, before) {
        (None, _) => vec![say("settings-history-deleted")],
        (Some(_), None) => vec![say("settings-history-made")],
        (Some(now), Some(before)) => differences(before, now, names),
    };
    Edit {
        version: change.version,
        at: change.at,
        by: change.by.clone(),
        what,
    }
}

fn differences(before: &Content, now: &Content, names: &Names) -> Vec<Message> {
    let mut what = Vec::new();
    for key in union(before, now) {
        match (key.as_str(), before.get(key), now.get(key)) {
            (_, old, new) if old == new => {}
            ("openhexa_url", old, new) => what.push(from_to("settings-history-address", old, new)),
            ("workspace_slug", old, new) => {
                what.push(from_to("settings-history-workspace", old, new));
            }
            // Old changes do not record whether the token changed.
            ("openhexa_token", None, _) => {}
            ("openhexa_token", _, _) => what.push(say("settings-history-token")),
            ("pipelines", _, _) => what.extend(changed_defaults(before, now, names)),
            (_, None, _) => what.push(say("settings-history-added").with("key", key)),
            (_, _, None) => what.push(say("settings-history-removed").with("key", key)),
            (_, _, _) => what.push(say("settings-history-changed").with("key", key)),
        }
    }
    if what.is_empty() {
        what.push(say("settings-history-same"));
    }
    what
}

fn from_to(key: &'static str, old: Option<&Value>, new: Option<&Value>) -> Message {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("–").to_owned();
    say(key).with("from", text(old)).with("to", text(new))
}

/// For each pipeline the parameters whose defaults were set, changed and deleted.
fn changed_defaults(before: &Content, now: &Content, names: &Names) -> Vec<Message> {
    let (old, new) = (entries(before), entries(now));
    let mut what = Vec::new();
    let ids: BTreeSet<&PipelineId> = old.keys().chain(new.keys()).collect();
    for id in ids {
        let given = |entries: &BTreeMap<PipelineId, &Value>| {
            entries.get(id).copied().map(given).unwrap_or_default()
        };
        let (before, now) = (&given(&old), &given(&new));
        let pipeline = names.get(id).cloned().unwrap_or_else(|| id.to_string());
        let codes = |key, holds: fn(Option<&Value>, Option<&Value>) -> bool| {
            let own = union(before, now)
                .into_iter()
                .filter(|code| holds(before.get(*code), now.get(*code)));
            let own: Vec<&str> = own.map(String::as_str).collect();
            let sentence = say(key).with("pipeline", &pipeline);
            (!own.is_empty()).then(|| sentence.with("codes", own.join(", ")))
        };
        what.extend(codes("settings-history-set", |old, new| {
            old.is_none() && new.is_some()
        }));
        what.extend(codes("settings-history-reset", |old, new| {
            old.is_some() && new.is_some() && old != new
        }));
        what.extend(codes("settings-history-unset", |old, new| {
            old.is_some() && new.is_none()
        }));
    }
    if what.is_empty() {
        what.push(say("settings-history-changed").with("key", "pipelines"));
    }
    what
}

fn union<'a>(one: &'a Content, other: &'a Content) -> BTreeSet<&'a String> {
    one.keys().chain(other.keys()).collect()
}
