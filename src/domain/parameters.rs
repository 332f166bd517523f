//! The parameters of a pipeline version, as its author declared them.
//!
//! What a launch gives for them is judged in `validation`; reading them from OpenHEXA's answers is
//! the client's business.

use std::collections::BTreeMap;

use serde_json::Value;

use super::secret_names::{looks_like_password, looks_secret};

/// What stands in place of a secret wherever one would be shown.
pub const MASK: &str = "••••";

/// Bytes of a path or a slug that something in a workspace is found by: object stores take no longer paths.
pub const LONGEST_NAME: usize = 1024;

/// One parameter of a version, as its author declared it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub code: String,
    pub name: String,
    pub kind: Kind,
    pub required: bool,
    pub multiple: bool,
    pub default: Option<Value>,
    pub choices: Option<Vec<Value>>,
    pub choices_from_file: Option<ChoicesFromFile>,
    pub help: Option<String>,
    pub widget: Option<String>,
    pub connection: Option<String>,
    pub directory: Option<String>,
    /// Codes that this (bool) parameter switches off.
    pub disables: Vec<String>,
    /// The value of this parameter that switches them off.
    pub disable_when: bool,
}

impl Parameter {
    /// The name people know it by; authors may leave it out.
    pub fn title(&self) -> &str {
        if self.name.trim().is_empty() {
            &self.code
        } else {
            &self.name
        }
    }

    /// Whether its value must be hidden.
    pub fn is_secret(&self) -> bool {
        is_secret(&self.code, Some(&self.into()))
    }
}

/// What must be known of a parameter to tell whether its value is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub kind: Kind,
    /// Whether its values are chosen from a list, which everybody sees.
    pub is_listed: bool,
}

/// The parameters of a pipeline by their codes, as far as they were ever declared.
pub type Declarations = BTreeMap<String, Declared>;

impl From<&Parameter> for Declared {
    fn from(parameter: &Parameter) -> Self {
        let choices = parameter.choices.as_ref();
        Self {
            kind: parameter.kind.clone(),
            is_listed: choices.is_some_and(|choices| !choices.is_empty())
                || parameter.choices_from_file.is_some(),
        }
    }
}

pub fn declarations(parameters: &[Parameter]) -> Declarations {
    let one = |parameter: &Parameter| (parameter.code.clone(), parameter.into());
    parameters.iter().map(one).collect()
}

/// Whether a parameter's value is a secret: by its declared type, else by its name. Of one that was never declared
/// nothing is known, so its value is hidden.
pub fn is_secret(code: &str, declared: Option<&Declared>) -> bool {
    let Some(Declared { kind, is_listed }) = declared else {
        return true;
    };
    match kind {
        Kind::Secret => true,
        // A switch tells nothing, and these name what the workspace holds.
        Kind::Bool | Kind::Dataset | Kind::File | Kind::Connection(_) => false,
        Kind::Int | Kind::Float => !is_listed && looks_like_password(code),
        Kind::Str | Kind::List | Kind::Dict | Kind::Other(_) => !is_listed && looks_secret(code),
    }
}

/// Whether something within a value is named like a secret: `{"host": "…", "password": "…"}`.
pub fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_secret),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| is_secret_member(name, value) || holds_secret(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a value within another one is a secret by its name. `{"key": …, "value": …}` is a mere pair.
pub fn is_secret_member(name: &str, value: &Value) -> bool {
    if name.eq_ignore_ascii_case("key") {
        return false;
    }
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(_) => looks_like_password(name),
        Value::String(text) => !text.trim().is_empty() && looks_secret(name),
        Value::Array(_) | Value::Object(_) => looks_secret(name),
    }
}

/// A secret as it may be shown: that there is one, and nothing else. Null and `""` say "none".
pub fn masked(secret: &Value) -> Value {
    if secret.is_null() || secret == "" {
        secret.clone()
    } else {
        MASK.into()
    }
}

/// Where OpenHEXA reads the choices of a parameter from: a file of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChoicesFromFile {
    pub path: String,
    pub format: String,
    pub column: Option<String>,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Bool,
    Int,
    Float,
    Str,
    Secret,
    Dataset,
    File,
    /// dhis2, postgresql, iaso, s3, gcs, custom: the word itself.
    Connection(String),
    List,
    Dict,
    /// A type of a later OpenHEXA: passed through unvalidated.
    Other(String),
}

impl Kind {
    pub fn parse(word: &str) -> Self {
        match word {
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "str" => Self::Str,
            "secret" => Self::Secret,
            "dataset" => Self::Dataset,
            "file" => Self::File,
            "list" => Self::List,
            "dict" => Self::Dict,
            "dhis2" | "postgresql" | "iaso" | "s3" | "gcs" | "custom" => {
                Self::Connection(word.to_owned())
            }
            other => Self::Other(other.to_owned()),
        }
    }

    /// OpenHEXA's word for it.
    pub fn word(&self) -> &str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Float => "float",
            Self::Str => "str",
            Self::Secret => "secret",
            Self::Dataset => "dataset",
            Self::File => "file",
            Self::List => "list",
            Self::Dict => "dict",
            Self::Connection(word) | Self::Other(word) => word,
        }
    }
}
