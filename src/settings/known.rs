//! Which settings there are, by their keys and environment variables.

use std::collections::BTreeMap;

use config::{Config, File, FileFormat};

use super::{DEFAULTS, InvalidSetting, PREFIX};

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

/// An unknown setting is an error, because a misspelt setting would silently keep its default.
pub fn is_known(key: &str, origin: &str) -> Result<(), InvalidSetting> {
    let known = known_keys();
    if known.iter().any(|own| own == key) {
        return Ok(());
    }
    if let Some(meant) = known.iter().find(|own| own.replace('.', "_") == key) {
        return Err(InvalidSetting(format!(
            "{key} ({origin}) is not a setting; did you mean {meant}, as {} in the environment?",
            variable(meant)
        )));
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
    Err(InvalidSetting(format!(
        "{key} ({origin}) is not a setting; known settings: {allowed}"
    )))
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
