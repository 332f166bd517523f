//! The parameters of a pipeline version, as its author declared them.
//!
//! What a launch gives for them is judged in `validation`; reading them from OpenHEXA's answers is
//! the client's business.

use serde_json::Value;

/// What stands in place of a secret wherever one would be shown.
pub const MASK: &str = "••••";

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

    pub fn is_secret(&self) -> bool {
        self.kind == Kind::Secret
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
