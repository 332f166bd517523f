//! The default parameters of an account: for each pipeline the values that a launch gets where nobody gives one.
//!
//! They stand in the record, beside whatever else its entries hold. Each value is judged as a launch would judge it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::configure::{Change, Manner, Record};
use super::default_entries::{entries, given, id_of};
use super::form::Form;
use super::{Bridge, Error};
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::parameters::Parameter;
use crate::domain::sentence::FieldErrors;
use crate::domain::validation::{self, Injected};

/// The default parameters of each pipeline that has some.
pub type Defaults = BTreeMap<PipelineId, Map<String, Value>>;

/// All values of one pipeline, to take the place of those before.
pub struct DefaultsChange {
    pub pipeline: PipelineId,
    pub values: Map<String, Value>,
    /// The version of the record that they were chosen against.
    pub expected: i64,
    pub by: String,
}

impl Record {
    /// The pipelines that have default parameters, each with them.
    pub fn defaults(&self) -> Defaults {
        let given = |(id, entry): (PipelineId, &Value)| (id, given(entry));
        let all = entries(&self.content).into_iter().map(given);
        all.filter(|(_, values)| !values.is_empty()).collect()
    }

    /// The entries with these values for one pipeline, which has one entry from then on. Whatever else they hold stays.
    fn with_defaults(&self, pipeline: PipelineId, values: Map<String, Value>) -> Vec<Value> {
        let entries = self.content.get("pipelines").and_then(Value::as_array);
        let mut entries = entries.cloned().unwrap_or_default();
        let ours = |entry: &Value| id_of(entry) == Some(pipeline);
        let at = entries.iter().position(ours).unwrap_or_else(|| {
            entries.push(json!({"id": pipeline.to_string()}));
            entries.len() - 1
        });
        fold(&mut entries, at);
        let says_more = entries[at]
            .as_object()
            .is_some_and(|entry| entry.keys().any(|key| key != "id" && key != "parameters"));
        if values.is_empty() && !says_more {
            entries.remove(at);
        } else {
            entries[at]["parameters"] = Value::Object(values);
        }
        entries
    }
}

impl Form {
    /// The account's values for what this version does not ask people for.
    pub fn strangers(&self) -> Vec<String> {
        let given = self.defaults.iter().filter(|(_, value)| !value.is_null());
        let codes = given.map(|(code, _)| code);
        let is_stranger = |code: &&String| self.asked(code).is_none();
        codes.filter(is_stranger).cloned().collect()
    }

    /// What is wrong with default parameters, as far as each says by itself.
    pub fn judge_defaults(&self, values: &Map<String, Value>) -> FieldErrors {
        let mut wrong = FieldErrors::default();
        for (code, value) in values {
            let found = self.asked(code);
            if let Some(sentence) = found.and_then(|own| validation::check_alone(own, value)) {
                wrong.add(code, sentence);
            }
        }
        wrong
    }

    fn asked(&self, code: &str) -> Option<&Parameter> {
        let mut all = self.version.iter().flat_map(|version| &version.parameters);
        all.find(|own| own.code == code && Injected::parse(code).is_none())
    }
}

impl Bridge {
    /// Made to the version that it was chosen against, or not at all.
    pub async fn change_defaults(
        &self,
        account: AccountId,
        change: DefaultsChange,
    ) -> Result<Record, Error> {
        // With one that is newer it is only compared: what was sent twice is in force there.
        let record = self.record(account).await?;
        if record.version < change.expected {
            return Err(Error::Changed);
        }
        let entries = record.with_defaults(change.pipeline, change.values);
        let mut content = Map::new();
        content.insert("pipelines".to_owned(), entries.into());
        let change = Change {
            manner: Manner::Amend,
            content,
            expected: Some(change.expected),
            by_form: true,
            by: Some(change.by),
        };
        self.change_config(account, change).await
    }
}

/// What later entries of the same pipeline hold goes to the one at this place, as far as it has no such thing.
fn fold(entries: &mut Vec<Value>, at: usize) {
    let id = id_of(&entries[at]);
    let (mut kept, mut others) = (Vec::new(), Vec::new());
    for (place, entry) in entries.drain(..).enumerate() {
        let is_other = place > at && id_of(&entry) == id;
        (if is_other { &mut others } else { &mut kept }).push(entry);
    }
    for other in others.iter().filter_map(Value::as_object).flatten() {
        if let Some(own) = kept[at].as_object_mut() {
            own.entry(other.0.clone()).or_insert(other.1.clone());
        }
    }
    *entries = kept;
}
