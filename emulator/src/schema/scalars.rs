//! OpenHEXA's own scalars and enumerations.

use async_graphql::{
    Enum, InputValueError, InputValueResult, Name, Scalar, ScalarType, Value, Variables,
};
use serde_json::Map;
use uuid::Uuid;

use crate::clock::{Millis, iso};

/// OpenHEXA's `UUID`. One field of that type, `run_id`, contains other texts.
#[derive(Clone, Debug)]
pub enum Uid {
    Id(Uuid),
    Text(String),
}

impl Uid {
    /// The id; nil if the text is not a UUID.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Id(id) => *id,
            Self::Text(_) => Uuid::nil(),
        }
    }
}

/// Reads a UUID as Python does: with or without dashes, braces and `urn:uuid:`, in any case.
pub fn read_uuid(text: &str) -> Option<Uuid> {
    let plain = text.replace("urn:", "").replace("uuid:", "");
    let plain = plain.trim_matches(['{', '}']).replace('-', "");
    if plain.len() != 32 {
        return None;
    }
    Uuid::parse_str(&plain).ok()
}

#[Scalar(name = "UUID")]
impl ScalarType for Uid {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else {
            return Err(InputValueError::expected_type(value));
        };
        read_uuid(text)
            .map(Self::Id)
            .ok_or_else(|| InputValueError::custom(format!("\"{text}\" is not a valid uuid")))
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if read_uuid(text).is_some())
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Id(id) => Value::String(id.to_string()),
            Self::Text(text) => Value::String(text.clone()),
        }
    }
}

/// OpenHEXA's `DateTime`.
#[derive(Clone, Debug)]
pub struct Stamp(pub String);

impl Stamp {
    pub fn at(at: Millis) -> Self {
        Self(iso(at))
    }
}

#[Scalar(name = "DateTime")]
impl ScalarType for Stamp {
    fn parse(value: Value) -> InputValueResult<Self> {
        if let Value::String(text) = value {
            return Ok(Self(text));
        }
        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// Converts a value for the GraphQL library. Its own conversion does not support integers over 64 bits.
fn constant(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Boolean(flag),
        serde_json::Value::Number(number) => Value::Number(number),
        serde_json::Value::String(text) => Value::String(text),
        serde_json::Value::Array(items) => Value::List(items.into_iter().map(constant).collect()),
        serde_json::Value::Object(members) => {
            let members = members.into_iter();
            let members = members.map(|(key, value)| (Name::new(key), constant(value)));
            Value::Object(members.collect())
        }
    }
}

pub fn constants(given: Map<String, serde_json::Value>) -> Variables {
    let mut variables = Variables::default();
    let given = given.into_iter();
    variables.extend(given.map(|(name, value)| (Name::new(name), constant(value))));
    variables
}

macro_rules! any_json {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub serde_json::Value);

        #[Scalar(name = $word)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                value.into_json().map(Self).map_err(InputValueError::custom)
            }

            fn to_value(&self) -> Value {
                constant(self.0.clone())
            }
        }
    )+};
}

any_json! {
    /// OpenHEXA's `JSON`.
    Json = "JSON",
    /// OpenHEXA's `Generic`: a default or a choice.
    Generic = "Generic",
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(rename_items = "camelCase")]
pub enum PipelineType {
    ZipFile,
    Notebook,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(rename_items = "lowercase")]
pub enum PipelineFunctionalType {
    Extraction,
    Transformation,
    Loading,
    Computation,
}

impl PipelineFunctionalType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extraction => "extraction",
            Self::Transformation => "transformation",
            Self::Loading => "loading",
            Self::Computation => "computation",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Extraction,
            Self::Transformation,
            Self::Loading,
            Self::Computation,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == text)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PipelineOrderBy {
    NameDesc,
    NameAsc,
    CreatedAtDesc,
    CreatedAtAsc,
    LastRunDateDesc,
    LastRunDateAsc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PipelineRunOrderBy {
    ExecutionDateDesc,
    ExecutionDateAsc,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(rename_items = "lowercase")]
pub enum PipelineRunTrigger {
    Scheduled,
    Manual,
    Webhook,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ConnectionType {
    #[graphql(name = "S3")]
    S3,
    Gcs,
    Postgresql,
    #[graphql(name = "DHIS2")]
    Dhis2,
    Custom,
    Iaso,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum BucketObjectType {
    File,
    Directory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum PipelineError {
    PipelineNotFound,
    PipelineVersionNotFound,
    PipelineDoesNotSupportParameters,
    PipelineCodeParsingError,
    WorkspaceNotFound,
    InvalidConfig,
    InvalidVersionFiles,
    PipelineAlreadyCompleted,
    PipelineAlreadyStopped,
    InvalidTimeoutValue,
    PermissionDenied,
    FileNotFound,
    TableNotFound,
    CannotUpdateNotebookPipeline,
    DuplicatePipelineVersionName,
    PipelineRunsLimitReached,
}
