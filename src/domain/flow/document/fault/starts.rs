//! Faults of what starts a flow: schedules and triggers.

use super::super::super::schedule::{CronFault, ZoneFault};
use super::shown;
use crate::domain::message::{Message, say};

#[derive(Clone, Debug, PartialEq)]
pub enum StartFault {
    Cron(CronFault),
    Zone(ZoneFault),
    /// A schedule without a time zone, in a document without one.
    NoZone,
    TimeOfDay {
        value: String,
    },
    /// A schedule or a trigger, and an input that has no value then.
    NeedsInput {
        start: String,
        input: String,
    },
    /// A trigger that names neither a flow nor a file, or both.
    NoEvent,
    /// A key that only a trigger by flow (`when`) or only one by file (`every`) has.
    OtherEvent {
        key: &'static str,
        event: &'static str,
    },
    FilePattern {
        value: String,
    },
    UnknownFlow {
        flow: String,
        nearest: Option<String>,
    },
    /// Flows that would start each other for ever, first and last the same.
    FlowsInCycle {
        flows: Vec<String>,
    },
    /// A warning: a day of the month and a weekday.
    DayOrWeekday {
        cron: String,
    },
    /// A warning: the sign of `Etc/GMT+1` is the opposite of what it looks like.
    InvertedZone {
        zone: String,
    },
}

impl StartFault {
    pub fn message(&self) -> Message {
        match self {
            Self::Cron(fault) => fault.message(),
            Self::Zone(fault) => fault.message(),
            Self::NoZone => say("flow-no-zone"),
            Self::TimeOfDay { value } => say("flow-time-of-day").with("value", shown(value)),
            Self::NeedsInput { start, input } => say("flow-needs-input")
                .with("start", shown(start))
                .with("input", shown(input)),
            Self::NoEvent => say("flow-no-event"),
            Self::OtherEvent { key, event } => say("flow-other-event")
                .with("key", key)
                .with("event", event),
            Self::FilePattern { value } => say("flow-file-pattern").with("value", shown(value)),
            Self::UnknownFlow { flow, nearest } => unknown_flow(flow, nearest.as_deref()),
            Self::FlowsInCycle { flows } => {
                let flows: Vec<String> = flows.iter().map(|flow| shown(flow)).collect();
                say("flow-flows-in-cycle").with("flows", flows.join(" → "))
            }
            Self::DayOrWeekday { cron } => {
                say("flow-warning-day-or-weekday").with("cron", shown(cron))
            }
            Self::InvertedZone { zone } => say("flow-warning-inverted-zone").with("zone", zone),
        }
    }
}

fn unknown_flow(flow: &str, nearest: Option<&str>) -> Message {
    match nearest {
        Some(nearest) => say("flow-unknown-flow-near")
            .with("flow", shown(flow))
            .with("nearest", nearest),
        None => say("flow-unknown-flow").with("flow", shown(flow)),
    }
}
