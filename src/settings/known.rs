//! Which settings there are, by their keys and environment variables.

use std::collections::BTreeMap;

use config::{Config, File, FileFormat};

use super::{DEFAULTS, PREFIX};

pub fn key_of(name: &str) -> String {
    name.trim_start_matches(PREFIX)
        .to_lowercase()
        .replace("__", ".")
}

/// The environment variable of a setting.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// All settings, as `section.key`.
pub fn known_keys() -> Vec<String> {
    let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    let defaults = defaults.build();
    defaults
        .map(|defaults| keys_of(&defaults))
        .unwrap_or_default()
}

/// The error for an unknown setting, because a misspelt setting would silently keep its default.
pub fn why_unknown(key: &str, origin: &str) -> Option<String> {
    let known = known_keys();
    if known.iter().any(|own| own == key) {
        return None;
    }
    let told = format!("{key} ({origin}) is not a setting");
    if let Some(meant) = known.iter().find(|own| own.replace('.', "_") == key) {
        let variable = variable(meant);
        return Some(format!(
            "{told}; did you mean {meant}, as {variable} in the environment?"
        ));
    }
    if let Some(meant) = similar(key, &known) {
        return Some(format!("{told}; did you mean {meant}?"));
    }
    let section = key.split('.').next().unwrap_or_default();
    let same_section: Vec<&String> = known
        .iter()
        .filter(|own| own.split('.').next() == Some(section))
        .collect();
    let allowed = if same_section.is_empty() {
        sections(&known)
    } else {
        listed(&same_section)
    };
    Some(format!("{told}; known settings: {allowed}"))
}

/// The setting with the most similar name, if at most two letters differ.
fn similar<'a>(key: &str, known: &'a [String]) -> Option<&'a String> {
    let distances = known.iter().map(|own| (strsim::levenshtein(own, key), own));
    let nearest = distances.min_by_key(|(distance, _)| *distance);
    nearest
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, own)| own)
}

fn sections(known: &[String]) -> String {
    let mut names: Vec<String> = known
        .iter()
        .filter_map(|key| key.split('.').next())
        .map(|name| format!("{name}.…"))
        .collect();
    names.dedup();
    listed(&names.iter().collect::<Vec<_>>())
}

fn listed(names: &[&String]) -> String {
    names
        .iter()
        .map(|name| name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The keys of all values, as `section.key`.
pub fn keys_of(config: &Config) -> Vec<String> {
    let sections = config
        .clone()
        .try_deserialize::<BTreeMap<String, serde_json::Value>>();
    let mut keys = Vec::new();
    // The library returns no fixed order; sorting makes the error message the same each time.
    for (section, values) in sections.unwrap_or_default() {
        match values.as_object() {
            Some(values) => keys.extend(values.keys().map(|key| format!("{section}.{key}"))),
            None => keys.push(section),
        }
    }
    keys.sort();
    keys
}
