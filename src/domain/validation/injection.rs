//! The four values that the bridge injects if the version declares them.
//!
//! The container refuses undeclared keys, so they are not sent to other versions. Values of users and defaults for these keys
//! are ignored.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::domain::parameters::{Kind, Parameter};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Injected {
    TaskId,
    PipelineId,
    ConnectionHost,
    ConnectionToken,
}

impl Injected {
    pub const ALL: [Self; 4] = [
        Self::TaskId,
        Self::PipelineId,
        Self::ConnectionHost,
        Self::ConnectionToken,
    ];

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|which| which.code() == code)
    }

    /// The parameter code that requests it.
    pub fn code(self) -> &'static str {
        match self {
            Self::TaskId => "task_id",
            Self::PipelineId => "pipeline_id",
            Self::ConnectionHost => "connection_host",
            Self::ConnectionToken => "connection_token",
        }
    }
}

/// The four values for one launch.
#[derive(Clone)]
pub struct Injection {
    pub task_id: i64,
    pub pipeline_id: String,
    pub connection_host: String,
    pub connection_token: SecretString,
}

impl fmt::Debug for Injection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injection")
            .field("task_id", &self.task_id)
            .field("pipeline_id", &self.pipeline_id)
            .finish_non_exhaustive()
    }
}

impl Injection {
    /// Placeholders for a validation without a task. They are never shown.
    pub fn placeholder(pipeline_id: impl Into<String>) -> Self {
        Self {
            task_id: 0,
            pipeline_id: pipeline_id.into(),
            connection_host: "placeholder".to_owned(),
            connection_token: "placeholder".into(),
        }
    }

    /// Puts these values into a config that was validated with other ones.
    pub fn replace_placeholders(&self, declared: &[Parameter], config: &mut Map<String, Value>) {
        for parameter in declared {
            let which = Injected::parse(&parameter.code);
            let value = which.and_then(|which| self.value(which, parameter));
            if let (Some(old), Some(value)) = (config.get_mut(&parameter.code), value) {
                *old = value;
            }
        }
    }

    /// The value in the declared type. None: that type does not allow it.
    pub(super) fn value(&self, which: Injected, declared: &Parameter) -> Option<Value> {
        let value = match which {
            Injected::TaskId => number(self.task_id, &declared.kind),
            Injected::PipelineId => text(&self.pipeline_id, &declared.kind),
            Injected::ConnectionHost => text(&self.connection_host, &declared.kind),
            Injected::ConnectionToken => {
                text(self.connection_token.expose_secret(), &declared.kind)
            }
        }?;
        Some(if declared.multiple {
            Value::Array(vec![value])
        } else {
            value
        })
    }
}

fn number(number: i64, declared: &Kind) -> Option<Value> {
    match declared {
        Kind::Int | Kind::Float | Kind::Other(_) => Some(number.into()),
        Kind::Str | Kind::Secret => Some(number.to_string().into()),
        Kind::Bool | Kind::Dataset | Kind::File | Kind::Connection(_) | Kind::List | Kind::Dict => {
            None
        }
    }
}

fn text(text: &str, declared: &Kind) -> Option<Value> {
    match declared {
        Kind::Str | Kind::Secret | Kind::Other(_) => Some(text.into()),
        Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::Dataset
        | Kind::File
        | Kind::Connection(_)
        | Kind::List
        | Kind::Dict => None,
    }
}
