//! The default parameters as they are stored in a configuration: one entry for each pipeline.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::ids::PipelineId;

/// If a pipeline has several entries, the first counts.
pub fn entries(content: &Map<String, Value>) -> BTreeMap<PipelineId, &Value> {
    let all = content.get("pipelines").and_then(Value::as_array);
    let mut first = BTreeMap::new();
    for entry in all.into_iter().flatten() {
        if let Some(id) = id_of(entry) {
            first.entry(id).or_insert(entry);
        }
    }
    first
}

/// The values of an entry, null values included.
pub fn parameters(entry: &Value) -> Map<String, Value> {
    entry["parameters"].as_object().cloned().unwrap_or_default()
}

/// The values of an entry that are not null.
pub fn given(entry: &Value) -> Map<String, Value> {
    let mut values = parameters(entry);
    values.retain(|_, value| !value.is_null());
    values
}

pub fn id_of(entry: &Value) -> Option<PipelineId> {
    entry["id"].as_str()?.parse().ok()
}
