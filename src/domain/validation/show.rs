//! What may be seen of a config that is sent: no secret, and nothing the bridge filled in.

use serde_json::{Map, Value};

use super::Injected;
use crate::domain::parameters::{self, MASK, Parameter, holds_secret, is_secret_member};

/// Whether a value under this key must never be shown: a secret by its declared type or by its name, the token of a
/// callback, and whatever the version does not declare.
pub fn is_secret(parameters: &[Parameter], key: &str) -> bool {
    let declared = parameters.iter().find(|parameter| parameter.code == key);
    key == Injected::ConnectionToken.code() || declared.is_none_or(Parameter::is_secret)
}

/// The same of one value, which may hold a secret somewhere within: then it is hidden as a whole.
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

/// Whether a value is hidden because of its name, or of a name within it. For values whose declared types are unknown.
pub fn is_hidden_by_name(key: &str, value: &Value) -> bool {
    is_secret_member(key, value) || holds_secret(value)
}

/// What a task keeps of its config, as it may be shown: earlier versions kept what only its name tells to be secret.
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

/// The config without what the bridge filled in: what a person gave.
pub fn without_injected(config: &Map<String, Value>) -> Map<String, Value> {
    config
        .iter()
        .filter(|(key, _)| Injected::parse(key).is_none())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The part of a config that is kept encrypted until the run is known, then erased.
pub fn secrets(parameters: &[Parameter], config: &Map<String, Value>) -> Map<String, Value> {
    config
        .iter()
        .filter(|(key, value)| is_hidden(parameters, key, value))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
