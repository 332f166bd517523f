//! What OpenHEXA offers, as the dashboard sees it: the list, a pipeline, the configuration that everybody may see.

mod configuration;
mod detail;
mod failures;
mod list;
mod stale;

use serde_json::Value;

/// The keys of an object, in the order of the alphabet.
fn keys(object: &Value) -> Vec<&str> {
    let object = object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"));
    let mut keys: Vec<&str> = object.keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}
