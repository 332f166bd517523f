//! Parameters of a pipeline version (under construction).

use serde_json::Value;

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
