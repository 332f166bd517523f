//! Which launches could be mistaken for each other: a run of a pipeline that does not declare `task_id` is recognised by its
//! config alone, so those whose configs are the same.
//!
//! The config may hold secrets, so a keyed hash of it is stored. It begins with a hash of the key itself: after a change of
//! the key, older fingerprints cannot be compared and could be any.

use serde_json::{Map, Value};

use super::Bridge;
use super::search::laid_over;

const PURPOSE: &str = "config of a launch";

impl Bridge {
    /// Of what OpenHEXA makes of a launch: the values sent over those saved with the version.
    pub(super) fn fingerprint(
        &self,
        saved: &Map<String, Value>,
        sent: &Map<String, Value>,
    ) -> String {
        let config = laid_over(saved.clone(), sent.clone());
        let text = normal(&Value::Object(config)).to_string();
        let hash = self.parts.seal.of(PURPOSE, &[&text]);
        format!("{}{hash}", self.fingerprint_key())
    }

    pub(super) fn fingerprint_key(&self) -> String {
        let mut key = self.parts.seal.of(PURPOSE, &[]);
        key.truncate(8);
        format!("{key}:")
    }
}

/// Keys in order, and numbers of the same value alike, however OpenHEXA writes them. A null falls back to what is saved.
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
