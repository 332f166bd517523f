//! Changes the default parameters of one pipeline. Other keys of its entry in the record are kept. Each value is validated as
//! for a launch.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::DefaultParameters;
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::message::FieldErrors;
use crate::domain::parameters::Parameter;
use crate::domain::validation::{self, Injected};
use crate::service::Error;
use crate::service::catalog::Form;
use crate::service::configuration::{ChangeMode, ConfigEdit, ConfigRecord, entries, given, id_of};

/// The default parameters of each pipeline that has any.
pub type DefaultsByPipeline = BTreeMap<PipelineId, Map<String, Value>>;

/// Replaces all default parameters of one pipeline.
pub struct DefaultsChange {
    pub pipeline: PipelineId,
    pub values: Map<String, Value>,
    /// The version of the record that the sender has read.
    pub expected: i64,
    pub by: String,
}

impl ConfigRecord {
    pub fn defaults(&self) -> DefaultsByPipeline {
        let given = |(id, entry): (PipelineId, &Value)| (id, given(entry));
        let all = entries(&self.content).into_iter().map(given);
        all.filter(|(_, values)| !values.is_empty()).collect()
    }

    /// The entries with these values for one pipeline. Several entries of the pipeline become one; other keys are kept.
    fn with_defaults(&self, pipeline: PipelineId, values: Map<String, Value>) -> Vec<Value> {
        let entries = self.content.get("pipelines").and_then(Value::as_array);
        let mut entries = entries.cloned().unwrap_or_default();
        let ours = |entry: &Value| id_of(entry) == Some(pipeline);
        let at = entries.iter().position(ours).unwrap_or_else(|| {
            entries.push(json!({"id": pipeline.to_string()}));
            entries.len() - 1
        });
        merge_entries(&mut entries, at);
        let has_other_keys = entries[at]
            .as_object()
            .is_some_and(|entry| entry.keys().any(|key| key != "id" && key != "parameters"));
        if values.is_empty() && !has_other_keys {
            entries.remove(at);
        } else {
            entries[at]["parameters"] = Value::Object(values);
        }
        entries
    }
}

impl Form {
    /// The account's defaults for parameters that this version does not have.
    pub fn unknown_defaults(&self) -> Vec<String> {
        let given = self.defaults.iter().filter(|(_, value)| !value.is_null());
        let codes = given.map(|(code, _)| code);
        let is_unknown = |code: &&String| self.parameter(code).is_none();
        codes.filter(is_unknown).cloned().collect()
    }

    /// Validates each default by itself.
    pub fn validate_defaults(&self, values: &Map<String, Value>) -> FieldErrors {
        let mut wrong = FieldErrors::default();
        for (code, value) in values {
            let found = self.parameter(code);
            if let Some(sentence) = found.and_then(|own| validation::validate_default(own, value)) {
                wrong.add(code, sentence);
            }
        }
        wrong
    }

    fn parameter(&self, code: &str) -> Option<&Parameter> {
        let mut all = self.version.iter().flat_map(|version| &version.parameters);
        all.find(|own| own.code == code && Injected::parse(code).is_none())
    }
}

impl DefaultParameters {
    /// An error if the record has changed since it was read.
    pub async fn change(
        &self,
        account: AccountId,
        change: DefaultsChange,
    ) -> Result<ConfigRecord, Error> {
        // A newer version can be the result of the same change, sent twice; `change_record` compares them.
        let record = self.configuration.record(account).await?;
        if record.version < change.expected {
            return Err(Error::Changed);
        }
        let entries = record.with_defaults(change.pipeline, change.values);
        let mut content = Map::new();
        content.insert("pipelines".to_owned(), entries.into());
        let change = ConfigEdit {
            mode: ChangeMode::Merge,
            content,
            expected: Some(change.expected),
            by_form: true,
            by: Some(change.by),
        };
        self.change_record(account, change).await
    }
}

/// Moves the keys of later entries of the same pipeline to the entry at this index, unless it has them already.
fn merge_entries(entries: &mut Vec<Value>, at: usize) {
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
