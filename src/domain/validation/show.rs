//! What may be seen of a config that is sent: no secret, and nothing the bridge filled in.

use serde_json::{Map, Value};

use super::Injected;
use crate::domain::parameters::{self, Parameter};

/// Whether a value under this key must never be shown: declared `secret`, or the token of a
/// callback, whatever type the version declares it with.
pub fn is_secret(parameters: &[Parameter], key: &str) -> bool {
    key == Injected::ConnectionToken.code()
        || parameters
            .iter()
            .any(|parameter| parameter.code == key && parameter.is_secret())
}

/// The config with `••••` in place of each secret; null and `""` stay.
pub fn masked(parameters: &[Parameter], config: &Map<String, Value>) -> Map<String, Value> {
    let show = |(key, value): (&String, &Value)| {
        let shown = if is_secret(parameters, key) {
            parameters::masked(value)
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
        .filter(|(key, _)| is_secret(parameters, key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}
