//! Masks secrets on pages for people. OpenHEXA's API returns them in plain text, and so does the emulator's.

use serde_json::{Map, Value};

use super::catalogue::Version;

/// The token that the command `emulator` accepts unless it is set. It is not secret.
pub const DEFAULT_TOKEN: &str = "emulator";
const MASK: &str = "••••";
/// Shorter texts are not masked in a log: they are too common.
const SHORTEST: usize = 4;
/// A value is also secret if its name contains one of these.
const NAMES: [&str; 10] = [
    "password",
    "passwd",
    "secret",
    "token",
    "api_key",
    "credential",
    "mot_de_passe",
    "jeton",
    "cle_api",
    "clé_api",
];

/// The secrets of a run.
pub struct Secrets {
    /// The longest first, so that none is masked only in part.
    texts: Vec<String>,
}

impl Secrets {
    /// The secret values of a config, and other secrets.
    pub fn new(
        version: Option<&Version>,
        config: &Map<String, Value>,
        others: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut texts: Vec<String> = others.into_iter().collect();
        for (code, value) in config {
            if is_secret(version, code) {
                collect(value, &mut texts);
            }
        }
        texts.retain(|text| text.len() >= SHORTEST);
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self { texts }
    }

    pub fn mask(&self, text: &str) -> String {
        let masked = |text: String, secret: &String| text.replace(secret, MASK);
        self.texts.iter().fold(text.to_owned(), masked)
    }

    /// A value of the config as text.
    pub fn shown(&self, version: Option<&Version>, code: &str, value: &Value) -> String {
        if !value.is_null() && is_secret(version, code) {
            return MASK.to_owned();
        }
        match value {
            Value::String(text) => self.mask(text),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => self.mask(&value.to_string()),
        }
    }
}

fn is_secret(version: Option<&Version>, code: &str) -> bool {
    let declared = version.and_then(|version| version.parameter(code));
    let name = code.to_lowercase();
    declared.is_some_and(|declared| declared.kind.as_deref() == Some("secret"))
        || NAMES.iter().any(|part| name.contains(part))
}

fn collect(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => texts.push(number.to_string()),
        Value::String(text) => {
            texts.push(text.clone());
            texts.push(text.trim().to_owned());
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(map) => map.values().for_each(|item| collect(item, texts)),
    }
}
