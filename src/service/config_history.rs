//! Who changed an account's configuration, when, and what about it: told by names. No value of a default parameter is in
//! it, and of the token only that it is another one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{Bridge, Error};
use crate::domain::ids::AccountId;
use crate::domain::sentence::{Sentence, say};
use crate::store::{self, ConfigChange};

/// Changes that are told.
const MOST: usize = 50;
/// Changes that are read: what the oldest of those told has changed, the one before it says.
const READ: i64 = 51;

/// One change, in words.
pub struct Edit {
    pub version: i64,
    pub at: DateTime<Utc>,
    pub by: Option<String>,
    pub what: Vec<Sentence>,
}

/// The names of pipelines by their ids, as far as OpenHEXA tells them.
type Names = BTreeMap<String, String>;
type Content = Map<String, Value>;

impl Bridge {
    /// The last changes, newest first.
    pub async fn config_history(&self, account: AccountId) -> Result<Vec<Edit>, Error> {
        let vault = self.store().vault.clone();
        let read = self
            .store()
            .read(move |db| Ok::<_, Error>(store::config_changes(db, &vault, account, READ)?));
        let changes = read.await?;
        let is_needed = changes.iter().flat_map(|change| &change.content);
        let names = if is_needed.clone().any(|one| one.contains_key("pipelines")) {
            self.names(account).await
        } else {
            Names::new()
        };
        let edits = changes.iter().enumerate().take(MOST);
        let edit = |(at, change): (usize, &ConfigChange)| edit(change, changes.get(at + 1), &names);
        Ok(edits.map(edit).collect())
    }

    /// An OpenHEXA that does not answer is no reason to tell nothing.
    async fn names(&self, account: AccountId) -> Names {
        let Ok(shown) = self.pipelines(account).await else {
            return Names::new();
        };
        let named = shown.answer.iter();
        named
            .map(|one| (one.id.to_string(), one.title().to_owned()))
            .collect()
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

fn differences(before: &Content, now: &Content, names: &Names) -> Vec<Sentence> {
    let mut what = Vec::new();
    for key in union(before, now) {
        match (key.as_str(), before.get(key), now.get(key)) {
            (_, old, new) if old == new => {}
            ("openhexa_url", old, new) => what.push(moved("settings-history-address", old, new)),
            ("workspace_slug", old, new) => {
                what.push(moved("settings-history-workspace", old, new));
            }
            // Changes of long ago have no mark of it.
            ("openhexa_token", None, _) => {}
            ("openhexa_token", _, _) => what.push(say("settings-history-token")),
            ("pipelines", old, new) => what.extend(defaults(old, new, names)),
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

fn moved(key: &'static str, old: Option<&Value>, new: Option<&Value>) -> Sentence {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("–").to_owned();
    say(key).with("from", text(old)).with("to", text(new))
}

/// For each pipeline the parameters whose defaults were set, changed and taken away.
fn defaults(old: Option<&Value>, new: Option<&Value>, names: &Names) -> Vec<Sentence> {
    let (old, new) = (by_pipeline(old), by_pipeline(new));
    let nothing = Content::new();
    let mut what = Vec::new();
    let ids: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for id in ids {
        let (before, now) = (
            old.get(id).unwrap_or(&nothing),
            new.get(id).unwrap_or(&nothing),
        );
        let pipeline = names.get(id).unwrap_or(id);
        let codes = |key, holds: fn(Option<&Value>, Option<&Value>) -> bool| {
            let own = union(before, now)
                .into_iter()
                .filter(|code| holds(before.get(*code), now.get(*code)));
            let own: Vec<&str> = own.map(String::as_str).collect();
            let told = say(key).with("pipeline", pipeline);
            (!own.is_empty()).then(|| told.with("codes", own.join(", ")))
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

fn by_pipeline(entries: Option<&Value>) -> BTreeMap<String, Content> {
    let entries = entries.and_then(Value::as_array).into_iter().flatten();
    let own = entries.filter_map(|entry| {
        let id = entry["id"].as_str()?.to_lowercase();
        let mut values = entry["parameters"].as_object().cloned().unwrap_or_default();
        values.retain(|_, value| !value.is_null());
        Some((id, values))
    });
    own.collect()
}

fn union<'a>(one: &'a Content, other: &'a Content) -> BTreeSet<&'a String> {
    one.keys().chain(other.keys()).collect()
}
