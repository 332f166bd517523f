//! The parameters of a pipeline version, as its author declared them.
//!
//! `validation` validates their values; `openhexa/` reads them from OpenHEXA's responses.

use std::collections::BTreeMap;

use serde_json::Value;

use super::secret_names::{looks_like_password, looks_secret};

/// Shown in place of a secret.
pub const MASK: &str = "••••";

/// The maximum length in bytes of a path or slug of a workspace resource: object stores accept no longer paths.
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
    /// Codes of the parameters that this (bool) parameter disables.
    pub disables: Vec<String>,
    /// The value of this parameter that disables them.
    pub disable_when: bool,
}

impl Parameter {
    /// The name that users see; authors may leave it out.
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

/// What decides whether a parameter's value is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    pub kind: Kind,
    /// Whether its values are chosen from a list, which all users see.
    pub is_listed: bool,
}

/// By code, the parameters that any version of the pipeline has declared.
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

/// Whether a parameter's value is a secret: by its declared type, else by its name. Nothing is known about a parameter that
/// was never declared, so its value is hidden.
pub fn is_secret(code: &str, declared: Option<&Declared>) -> bool {
    let Some(Declared { kind, is_listed }) = declared else {
        return true;
    };
    match kind {
        Kind::Secret => true,
        // A bool reveals nothing, and the others are names of workspace resources.
        Kind::Bool | Kind::Dataset | Kind::File | Kind::Connection(_) => false,
        Kind::Int | Kind::Float => !is_listed && looks_like_password(code),
        Kind::Str | Kind::List | Kind::Dict | Kind::Other(_) => !is_listed && looks_secret(code),
    }
}

/// Whether a member within a value is named like a secret: `{"host": "…", "password": "…"}`.
pub fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_secret),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| is_secret_member(name, value) || holds_secret(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Whether a member of an object is a secret by its name. `{"key": …, "value": …}` is only a pair.
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

/// A secret as it may be shown: only that there is one. Null and `""` mean that there is none.
pub fn masked(secret: &Value) -> Value {
    if secret.is_null() || secret == "" {
        secret.clone()
    } else {
        MASK.into()
    }
}

/// The workspace file from which OpenHEXA reads the choices of a parameter.
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
    /// dhis2, postgresql, iaso, s3, gcs or custom.
    Connection(String),
    List,
    Dict,
    /// A type of a later OpenHEXA: its values are not validated.
    Other(String),
}

impl Kind {
    pub fn parse(text: &str) -> Self {
        match text {
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
                Self::Connection(text.to_owned())
            }
            other => Self::Other(other.to_owned()),
        }
    }

    /// OpenHEXA's name for it.
    pub fn as_str(&self) -> &str {
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
            Self::Connection(other) | Self::Other(other) => other,
        }
    }
}
