//! The list of pipelines, a pipeline, and the public configuration.

mod configuration;
mod detail;
mod failures;
mod list;
mod stale;

use serde_json::Value;

/// The keys of an object, in alphabetical order.
fn keys(object: &Value) -> Vec<&str> {
    let object = object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"));
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
