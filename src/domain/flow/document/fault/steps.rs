//! Faults of steps: their order, and the references in their parameters.

use super::super::super::reference::ReferenceFault;
use super::shown;
use crate::domain::message::{Message, say};

#[derive(Clone, Debug, PartialEq)]
pub enum StepFault {
    NoSteps,
    /// `after` names no step.
    UnknownStep {
        step: String,
        nearest: Option<String>,
    },
    /// A step that comes after itself.
    AfterItself {
        step: String,
    },
    /// Steps that wait for each other, first and last the same.
    Cycle {
        steps: Vec<String>,
    },
    /// The reference uses the result of a step that is not before.
    NotBefore {
        step: String,
        source: String,
    },
    Reference(ReferenceFault),
    /// The reference names no input.
    UnknownInput {
        input: String,
        nearest: Option<String>,
    },
    /// A reference inside a list or an object.
    NestedReference {
        parameter: String,
    },
    /// `{from: run.file}`, but no trigger starts the flow with a file.
    NoFileTrigger,
    /// Not a result of a step, where only such a reference makes sense.
    NotAResult {
        key: &'static str,
    },
    /// An input, and the `type` of the reference to it.
    DeclaredTypeMismatch {
        source: String,
        is: &'static str,
        declared: &'static str,
    },
}

impl StepFault {
    pub fn message(&self) -> Message {
        match self {
            Self::NoSteps => say("flow-no-steps"),
            Self::UnknownStep { step, nearest } => unknown_step(step, nearest.as_deref()),
            Self::AfterItself { step } => say("flow-after-itself").with("step", shown(step)),
            Self::Cycle { steps } => {
                let steps: Vec<String> = steps.iter().map(|step| shown(step)).collect();
                say("flow-cycle").with("steps", steps.join(" → "))
            }
            Self::NotBefore { step, source } => say("flow-not-before")
                .with("step", shown(step))
                .with("source", shown(source)),
            Self::Reference(fault) => fault.message(),
            Self::UnknownInput { input, nearest } => unknown_input(input, nearest.as_deref()),
            Self::NestedReference { parameter } => {
                say("flow-nested-reference").with("parameter", shown(parameter))
            }
            Self::NoFileTrigger => say("flow-no-file-trigger"),
            Self::NotAResult { key } => say("flow-not-a-result").with("key", key),
            Self::DeclaredTypeMismatch {
                source,
                is,
                declared,
            } => say("flow-declared-type-mismatch")
                .with("source", shown(source))
                .with("is", is)
                .with("declared", declared),
        }
    }
}

fn unknown_step(step: &str, nearest: Option<&str>) -> Message {
    match nearest {
        Some(nearest) => say("flow-unknown-step-near")
            .with("step", shown(step))
            .with("nearest", nearest),
        None => say("flow-unknown-step").with("step", shown(step)),
    }
}

fn unknown_input(input: &str, nearest: Option<&str>) -> Message {
    match nearest {
        Some(nearest) => say("flow-unknown-input-near")
            .with("input", shown(input))
            .with("nearest", nearest),
        None => say("flow-unknown-input").with("input", shown(input)),
    }
}
