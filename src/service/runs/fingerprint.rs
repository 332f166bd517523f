//! Fingerprints of launch configs. A run of a pipeline without a parameter `task_id` is recognised by its config alone, so two
//! launches of it with the same config must not be in flight together.
//!
//! The config can contain secrets, so a keyed hash of it is stored. It begins with a hash of the key: after a change of the
//! key, older fingerprints cannot be compared, and could be of any config.

use serde_json::{Map, Value};

use crate::service::Seal;

const PURPOSE: &str = "config of a launch";

#[derive(Clone)]
pub struct Fingerprints(Seal);

impl Fingerprints {
    pub fn new(seal: Seal) -> Self {
        Self(seal)
    }

    /// The fingerprint of the config that OpenHEXA gives to the run.
    pub fn of(&self, saved: &Map<String, Value>, sent: &Map<String, Value>) -> String {
        let config = run_config(saved.clone(), sent.clone());
        let text = normal(&Value::Object(config)).to_string();
        let hash = self.0.of(PURPOSE, &[&text]);
        format!("{}{hash}", self.prefix())
    }

    /// The beginning of all fingerprints with the current key.
    pub fn prefix(&self) -> String {
        let mut key = self.0.of(PURPOSE, &[]);
        key.truncate(8);
        format!("{key}:")
    }
}

/// The config of a run: the values that were sent, and the version's saved values for the others.
pub fn run_config(mut saved: Map<String, Value>, sent: Map<String, Value>) -> Map<String, Value> {
    saved.extend(sent);
    saved
}

/// Keys in order, and one form for equal numbers, because OpenHEXA can write a number differently. Null means the saved value.
fn normal(value: &Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(0.0) => "number 0".into(),
            Some(float) => format!("number {float:e}").into(),
            None => value.clone(),
        },
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(object) => {
            let mut pairs: Vec<_> = object
                .iter()
                .filter(|(_, value)| !value.is_null())
                .collect();
            pairs.sort_by_key(|(key, _)| *key);
            let pairs = pairs
                .into_iter()
                .map(|(key, value)| (key.clone(), normal(value)));
            Value::Object(pairs.collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}
