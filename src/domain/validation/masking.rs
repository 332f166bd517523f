//! What may be shown of a config that is sent: no secrets, and no injected values.

use serde_json::{Map, Value};

use super::Injected;
use crate::domain::parameters::{self, MASK, Parameter, holds_secret, is_secret_member};

/// Whether a value of this key must never be shown: secrets by declared type or name, callback tokens, and keys that the
/// version does not declare.
pub fn is_secret(parameters: &[Parameter], key: &str) -> bool {
    let declared = parameters.iter().find(|parameter| parameter.code == key);
    key == Injected::ConnectionToken.code() || declared.is_none_or(Parameter::is_secret)
}

/// The same for one value. A value that contains a secret is hidden as a whole.
pub fn is_hidden(parameters: &[Parameter], key: &str, value: &Value) -> bool {
    is_secret(parameters, key) || holds_secret(value)
}

/// The config with `••••` in place of each secret; null and `""` stay.
pub fn masked(parameters: &[Parameter], config: &Map<String, Value>) -> Map<String, Value> {
    let show = |(key, value): (&String, &Value)| {
        let shown = if is_hidden(parameters, key, value) {
            parameters::masked(value)
        } else {
            value.clone()
        };
        (key.clone(), shown)
    };
    config.iter().map(show).collect()
}

/// Whether a value is hidden because of its name or a name within it. For values whose declared types are unknown.
pub fn is_hidden_by_name(key: &str, value: &Value) -> bool {
    is_secret_member(key, value) || holds_secret(value)
}

/// A task's stored config, as it may be shown: earlier versions stored values that are secret only by their name.
pub fn masked_by_name(config: &Map<String, Value>) -> Map<String, Value> {
    let show = |(key, value): (&String, &Value)| {
        let shown = if is_hidden_by_name(key, value) {
            MASK.into()
        } else {
            value.clone()
        };
        (key.clone(), shown)
    };
    config.iter().map(show).collect()
}

/// The config without the injected values: what the user gave.
pub fn without_injected(config: &Map<String, Value>) -> Map<String, Value> {
    config
        .iter()
        .filter(|(key, _)| Injected::parse(key).is_none())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The part of a config that is stored encrypted until the run is known, then deleted.
pub fn secrets(parameters: &[Parameter], config: &Map<String, Value>) -> Map<String, Value> {
    config
        .iter()
        .filter(|(key, value)| is_hidden(parameters, key, value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
