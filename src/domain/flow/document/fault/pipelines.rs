//! Faults that only the definitions of the pipelines show.

use super::shown;
use crate::domain::message::{Message, say};

#[derive(Clone, Debug, PartialEq)]
pub enum PipelineFault {
    UnknownPipeline {
        pipeline: String,
        nearest: Option<String>,
    },
    UnknownVersion {
        pipeline: String,
        version: i64,
    },
    /// Its code was never uploaded.
    NoVersion {
        pipeline: String,
    },
    /// Its definition cannot be read.
    Unreadable {
        pipeline: String,
    },
    /// A notebook has no parameters.
    NotebookParameter {
        parameter: String,
    },
    /// A notebook has no versions.
    NotebookVersion,
    UnknownParameter {
        pipeline: String,
        parameter: String,
        nearest: Option<String>,
    },
    /// The parameter is a secret.
    Secret {
        parameter: String,
    },
    /// The bridge itself sets the parameter.
    Injected {
        parameter: String,
    },
    /// The type of a reference does not fit.
    TypeMismatch {
        source: String,
        is: &'static str,
        parameter: String,
        takes: String,
    },
    /// The message of the launch's validation.
    Invalid(Message),
    /// A required parameter has no value when this schedule or trigger starts the flow.
    NeedsParameter {
        start: String,
        step: String,
        parameter: String,
    },
    /// The step's time limit is longer than the pipeline's.
    LongerThanPipeline {
        seconds: i64,
    },
    /// A warning: OpenHEXA itself also runs the pipeline.
    OwnSchedule {
        pipeline: String,
        cron: String,
    },
}

impl PipelineFault {
    pub fn message(&self) -> Message {
        match self {
            Self::UnknownPipeline { pipeline, nearest } => {
                unknown_pipeline(pipeline, nearest.as_deref())
            }
            Self::UnknownVersion { pipeline, version } => say("flow-unknown-version")
                .with("pipeline", shown(pipeline))
                .with("version", version),
            Self::NoVersion { pipeline } => {
                say("flow-no-version").with("pipeline", shown(pipeline))
            }
            Self::Unreadable { pipeline } => {
                say("flow-unreadable").with("pipeline", shown(pipeline))
            }
            Self::NotebookParameter { parameter } => {
                say("flow-notebook-parameter").with("parameter", shown(parameter))
            }
            Self::NotebookVersion => say("flow-notebook-version"),
            Self::UnknownParameter {
                pipeline,
                parameter,
                nearest,
            } => unknown_parameter(pipeline, parameter, nearest.as_deref()),
            Self::Secret { parameter } => say("flow-secret").with("key", shown(parameter)),
            Self::Injected { parameter } => {
                say("flow-injected").with("parameter", shown(parameter))
            }
            Self::TypeMismatch {
                source,
                is,
                parameter,
                takes,
            } => say("flow-type-mismatch")
                .with("source", shown(source))
                .with("is", is)
                .with("parameter", shown(parameter))
                .with("takes", takes),
            Self::Invalid(message) => message.clone(),
            Self::NeedsParameter {
                start,
                step,
                parameter,
            } => say("flow-needs-parameter")
                .with("start", shown(start))
                .with("step", shown(step))
                .with("parameter", shown(parameter)),
            Self::LongerThanPipeline { seconds } => {
                say("flow-longer-than-pipeline").with("limit", duration(*seconds))
            }
            Self::OwnSchedule { pipeline, cron } => say("flow-warning-own-schedule")
                .with("pipeline", shown(pipeline))
                .with("cron", shown(cron)),
        }
    }
}

fn duration(seconds: i64) -> String {
    let span = std::time::Duration::from_secs(seconds.unsigned_abs());
    humantime::format_duration(span).to_string()
}

fn unknown_pipeline(pipeline: &str, nearest: Option<&str>) -> Message {
    match nearest {
        Some(nearest) => say("flow-unknown-pipeline-near")
            .with("pipeline", shown(pipeline))
            .with("nearest", nearest),
        None => say("flow-unknown-pipeline").with("pipeline", shown(pipeline)),
    }
}

fn unknown_parameter(pipeline: &str, parameter: &str, nearest: Option<&str>) -> Message {
    let message = match nearest {
        Some(nearest) => say("flow-unknown-parameter-near").with("nearest", nearest),
        None => say("flow-unknown-parameter"),
    };
    message
        .with("parameter", shown(parameter))
        .with("pipeline", shown(pipeline))
}
