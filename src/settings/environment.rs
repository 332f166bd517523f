//! The environment variables of this process: those that are settings, and those that look like one but have no effect.

use secrecy::SecretString;

use super::PREFIX;
use super::known::{known_keys, variable};

/// What the name of a variable for the bridge starts with, apart from underscores.
const NAME: &str = "OPENHEXABRIDGE";

/// The variables of commands that work with a running bridge.
const URL: &str = "OPENHEXA_BRIDGE_URL";
const KEY: &str = "OPENHEXA_BRIDGE_KEY";

/// Which bridge a command works with, and its API key, as far as the environment says so.
#[derive(Default)]
pub struct RemoteAccess {
    pub url: Option<String>,
    pub key: Option<SecretString>,
}

#[allow(
    clippy::disallowed_methods,
    reason = "settings are the one place that reads the environment"
)]
pub fn remote_access() -> RemoteAccess {
    let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    RemoteAccess {
        url: value(URL),
        key: value(KEY).map(SecretString::from),
    }
}

/// All variables with the prefix, with their values.
#[allow(
    clippy::disallowed_methods,
    reason = "settings are the one place that reads the environment"
)]
pub fn settings() -> Vec<(String, String)> {
    // Other variables can contain invalid Unicode.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .map(|(name, value)| (name, value.to_string_lossy().into_owned()))
        .collect()
}

/// One sentence for each variable of this process that looks like a setting and is none.
#[allow(
    clippy::disallowed_methods,
    reason = "settings are the one place that reads the environment"
)]
pub fn misnamed_variables() -> Vec<String> {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let mut sentences: Vec<String> = names.filter_map(|name| has_no_effect(&name)).collect();
    sentences.sort();
    sentences
}

/// Why a variable has no effect, if it looks like a setting. A variable with the right prefix and an unknown name is an error.
pub fn has_no_effect(name: &str) -> Option<String> {
    let upper = name.to_uppercase();
    if name.starts_with(PREFIX) || [URL, KEY].contains(&name) || !upper.starts_with("OPENHEXA") {
        return None;
    }
    let variables: Vec<String> = known_keys().iter().map(|key| variable(key)).collect();
    let meant = variables.iter().find(|own| is_meant(&upper, own));
    match meant {
        Some(meant) => Some(format!(
            "the environment variable {name} is not used: did you mean {meant}?"
        )),
        None if letters(&upper).starts_with(NAME) => Some(format!(
            "the environment variable {name} is not used: it is not a setting. The name of a setting starts with {PREFIX} and \
             has two underscores between its parts"
        )),
        None => None,
    }
}

/// Whether only the underscores or the prefix of a name are wrong.
fn is_meant(upper: &str, variable: &str) -> bool {
    let setting = variable.trim_start_matches("OPENHEXA_BRIDGE");
    letters(upper) == letters(variable) || upper.ends_with(setting)
}

fn letters(name: &str) -> String {
    name.replace('_', "")
}
