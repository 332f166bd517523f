//! The parts of a flow document after reading.

use chrono::TimeDelta;
use serde_json::Value;

use super::super::place::At;
use super::super::reference::Reference;
use super::super::schedule::{CatchUp, Cron, Firings, Overlap, TimeOfDay, Zone};
use super::super::step_state::{Retry, RunIf};
use super::super::value_kind::ValueKind;
use crate::domain::notification::Level;
use crate::domain::words::words;

/// A flow: steps, and what starts them.
#[derive(Clone, Debug, PartialEq)]
pub struct FlowDocument {
    pub id: At<String>,
    pub name: FlowName,
    /// Where times are written for runs that no schedule started.
    pub timezone: Zone,
    pub inputs: Vec<Input>,
    pub schedules: Vec<Schedule>,
    pub triggers: Vec<Trigger>,
    pub steps: Vec<Step>,
    pub alerts: Alerts,
    pub notify: Vec<Notify>,
}

impl FlowDocument {
    /// Whether the end of another flow starts it.
    pub fn waits_for_flows(&self) -> bool {
        let mut triggers = self.triggers.iter();
        triggers.any(|trigger| matches!(trigger.event, Event::Flow { .. }))
    }
}

/// The name in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlowName {
    pub en: String,
    pub fr: String,
}

/// A value that can be set when a run is started.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub name: At<String>,
    pub kind: ValueKind,
    /// Whether a run needs a value.
    pub required: bool,
    pub default: Option<Value>,
}

impl Input {
    /// Whether each run has a value for it.
    pub fn is_known(&self) -> bool {
        self.default.is_some()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    pub id: At<String>,
    pub cron: At<Cron>,
    pub timezone: Zone,
    /// The time of day by which a run must have succeeded.
    pub finish_by: Option<TimeOfDay>,
    pub overlap: Overlap,
    pub catch_up: CatchUp,
}

impl Schedule {
    /// Whether it fires at the same times as another one. If an edit changes that, the schedule starts anew from now.
    pub fn fires_like(&self, other: &Self) -> bool {
        self.cron.value == other.cron.value && self.timezone == other.timezone
    }

    pub fn firings(&self) -> Firings<'_> {
        Firings {
            cron: &self.cron.value,
            zone: &self.timezone,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Trigger {
    pub id: At<String>,
    pub event: Event,
}

/// What starts a run, besides schedules.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A run of another flow has ended.
    Flow { flow: At<String>, when: When },
    /// A new file in the workspace: a path, in which `*` stands for any part of a name.
    File { pattern: String, every: TimeDelta },
}

words! {
    /// Which ends of the other flow start this one.
    pub enum When {
        Success = "success";
        Any = "any";
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    pub id: At<String>,
    /// The code of the pipeline.
    pub pipeline: At<String>,
    /// The number of its version. None: the one that is current when a run starts.
    pub version: Option<At<i64>>,
    pub parameters: Vec<Argument>,
    pub after: Vec<At<String>>,
    pub run_if: RunIf,
    pub allow_failure: bool,
    pub retry: Retry,
    pub time_limit: Option<At<TimeDelta>>,
}

impl Step {
    /// Whether it runs the same pipeline with the same parameters after the same steps, so that its result is still right.
    pub fn does_the_same(&self, other: &Self) -> bool {
        let version = |step: &Self| step.version.as_ref().map(|version| version.value);
        let sorted = |step: &Self| {
            let mut after: Vec<String> = step.after.iter().map(|step| step.value.clone()).collect();
            let parameters = step.parameters.iter();
            let mut parameters: Vec<_> = parameters
                .map(|one| (one.code.value.clone(), one.value.value.clone()))
                .collect();
            after.sort();
            after.dedup();
            parameters.sort_by(|one, other| one.0.cmp(&other.0));
            (after, parameters)
        };
        self.pipeline.value == other.pipeline.value
            && version(self) == version(other)
            && self.run_if == other.run_if
            && sorted(self) == sorted(other)
    }

    /// The references of its parameters.
    pub fn references(&self) -> impl Iterator<Item = At<&Reference>> {
        self.parameters
            .iter()
            .filter_map(|argument| match &argument.value.value {
                ArgumentValue::Reference(reference) => {
                    Some(At::new(argument.value.place, reference))
                }
                ArgumentValue::Literal(_) => None,
            })
    }
}

/// A parameter of a step with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    pub code: At<String>,
    pub value: At<ArgumentValue>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ArgumentValue {
    Literal(Value),
    Reference(Reference),
}

/// When to raise an alert, besides failures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alerts {
    /// A run that takes longer than this many times the usual duration.
    pub duration: Option<f64>,
    pub records: Option<RecordsAlert>,
    pub errors: Option<ErrorsAlert>,
}

/// Too few records.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordsAlert {
    pub from: At<Reference>,
    /// None: as many as usual.
    pub expected: Option<u64>,
}

/// Too many records with errors.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorsAlert {
    pub from: At<Reference>,
    /// All records that were read.
    pub of: At<Reference>,
    /// The highest share, from 0 to 1.
    pub most: f64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Notify {
    pub channel: At<String>,
    pub level: Level,
}
