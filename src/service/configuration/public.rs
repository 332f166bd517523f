//! The part of a configuration that every signed-in user may see.
//!
//! A secret default parameter is shown as null: Iaso's form then has no field for it, and the launch gets the default.
//! If the parameter were missing, Iaso's form would send an empty value.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::domain::ids::PipelineId;
use crate::domain::parameters::{Declarations, holds_secret, is_secret};
use crate::domain::secret_names::looks_secret;

type DeclarationsByPipeline = BTreeMap<PipelineId, Declarations>;

/// A configuration's content without its secrets and without OpenHEXA's address and workspace.
pub fn public(
    content: &Map<String, Value>,
    declared: &DeclarationsByPipeline,
) -> Map<String, Value> {
    let mut shown = without_secrets(content);
    if let Some(Value::Array(entries)) = content.get("pipelines") {
        let entries = entries.iter().map(|entry| public_entry(entry, declared));
        shown.insert("pipelines".to_owned(), entries.collect());
    }
    shown
}

fn public_entry(entry: &Value, declared: &DeclarationsByPipeline) -> Value {
    let Value::Object(members) = entry else {
        return cleaned(entry);
    };
    let id = entry["id"].as_str().and_then(|id| id.parse().ok());
    let known = id.and_then(|id: PipelineId| declared.get(&id));
    let mut shown = without_secrets(members);
    if let Some(parameters) = members.get("parameters") {
        shown.insert(
            "parameters".to_owned(),
            public_parameters(parameters, known),
        );
    }
    Value::Object(shown)
}

/// Parameters that are no object define no default.
fn public_parameters(parameters: &Value, declared: Option<&Declarations>) -> Value {
    let Value::Object(parameters) = parameters else {
        return Value::Null;
    };
    let shown = parameters.iter().map(|(code, value)| {
        let own = declared.and_then(|declared| declared.get(code));
        let is_hidden = is_secret(code, own) || holds_secret(value);
        let value = if is_hidden {
            Value::Null
        } else {
            value.clone()
        };
        (code.clone(), value)
    });
    Value::Object(shown.collect())
}

/// Keys that look like a secret are removed at every depth.
fn without_secrets(content: &Map<String, Value>) -> Map<String, Value> {
    content
        .iter()
        .filter(|(key, _)| !is_connection_key(key) && !looks_secret(key))
        .map(|(key, value)| (key.clone(), cleaned(value)))
        .collect()
}

fn cleaned(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(without_secrets(object)),
        Value::Array(items) => Value::Array(items.iter().map(cleaned).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn is_connection_key(key: &str) -> bool {
    let letters = key.chars().filter(|letter| letter.is_alphanumeric());
    let key: String = letters.flat_map(char::to_lowercase).collect();
    ["openhexaurl", "workspaceslug"].contains(&key.as_str())
}
