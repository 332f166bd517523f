//! Validates and completes the config of a new run as OpenHEXA's API does: it checks only the types of the values.
//!
//! The SDK finds all other errors when the run starts (`sdk.rs`).

use serde_json::{Map, Value};

use super::catalogue::{Parameter, Version};

/// Whether every value has its declared type. Unknown keys and nulls are not checked.
pub fn types_fit(version: &Version, given: &Map<String, Value>) -> bool {
    given
        .iter()
        .filter(|(_, value)| !value.is_null())
        .all(|(code, value)| {
            version
                .parameter(code)
                .is_none_or(|parameter| fits(parameter, value))
        })
}

fn fits(parameter: &Parameter, value: &Value) -> bool {
    let kind = parameter.kind.as_deref().unwrap_or_default();
    match value {
        Value::Array(items) if parameter.multiple => items.iter().all(|item| item_fits(kind, item)),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => item_fits(kind, value),
    }
}

fn item_fits(kind: &str, value: &Value) -> bool {
    match kind {
        "bool" => value.is_boolean(),
        "int" => is_whole(value),
        "float" => value.is_number(),
        "str" | "secret" | "dataset" | "file" | "dhis2" | "postgresql" | "iaso" | "s3" | "gcs"
        | "custom" => value.is_string(),
        _ => true,
    }
}

/// Whether a value is an integer of any size as JSON writes it: `1`, not `1.0`.
pub fn is_whole(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.as_str().contains(['.', 'e', 'E']),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            false
        }
    }
}

/// The config of a run: the version's config, in which given values that are not null replace the saved ones.
pub fn merge(version: Option<&Version>, given: &Map<String, Value>) -> Map<String, Value> {
    let Some(version) = version else {
        return Map::new();
    };
    let mut config = defaults(version);
    for (code, value) in given {
        if !value.is_null() {
            config.insert(code.clone(), value.clone());
        }
    }
    config
}

fn defaults(version: &Version) -> Map<String, Value> {
    version
        .config
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(code, value)| (code.clone(), value.clone()))
        .collect()
}

/// Whether a value contains NUL, which PostgreSQL cannot store in JSON.
pub fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(map) => map
            .iter()
            .any(|(key, value)| key.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
