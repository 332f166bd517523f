//! The values for a launch from the body of a message: by name, or by the hook's mapping.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// How many ignored keys of a message the history lists.
pub const MAX_IGNORED: usize = 100;
/// How many characters of an ignored key the history shows.
pub const MAX_IGNORED_LENGTH: usize = 100;

/// Input or parameter: where its value is in the body, as a JSON pointer (RFC 6901).
pub type Mapping = BTreeMap<String, String>;

/// The values that a message gives, and the keys of its body that are not used.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inputs {
    pub values: Map<String, Value>,
    pub ignored: Vec<String>,
}

/// The value of a mapped name is where its pointer leads, of any other declared name the member of this name. A name
/// without a value is left out, so its default applies. A mapped name that is not declared is not left out, so that the
/// validation of the launch names it.
pub fn inputs(declared: &[String], mapping: &Mapping, body: Map<String, Value>) -> Inputs {
    let body = Value::Object(body);
    let by_name = declared.iter().filter(|name| !mapping.contains_key(*name));
    let by_name = by_name.map(|name| (name, format!("/{}", escaped(name))));
    let mapped = mapping.iter().map(|(name, at)| (name, at.clone()));
    let pointers: Vec<(&String, String)> = mapped.chain(by_name).collect();
    let found = pointers
        .iter()
        .filter_map(|(name, at)| Some(((*name).clone(), body.pointer(at)?.clone())));
    Inputs {
        values: found.collect(),
        ignored: ignored(&body, pointers.iter().map(|(_, at)| at.as_str())),
    }
}

/// The keys of the body to which no pointer leads.
fn ignored<'a>(body: &Value, pointers: impl Iterator<Item = &'a str> + Clone) -> Vec<String> {
    if pointers.clone().any(str::is_empty) {
        return Vec::new();
    }
    let used: BTreeSet<String> = pointers.filter_map(first_key).collect();
    let keys = body.as_object().into_iter().flat_map(Map::keys);
    let others = keys.filter(|key| !used.contains(*key)).take(MAX_IGNORED);
    others
        .map(|key| key.chars().take(MAX_IGNORED_LENGTH).collect())
        .collect()
}

fn first_key(pointer: &str) -> Option<String> {
    let first = pointer.strip_prefix('/')?.split('/').next()?;
    Some(first.replace("~1", "/").replace("~0", "~"))
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
