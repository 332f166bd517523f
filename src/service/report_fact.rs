//! A pipeline's report as a fact about its task, and how a report is refused.

use super::Error;
use super::observe::Fact;
use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::observation::{Conflict, KeptProgress, Observation, Report};
use crate::domain::sentence::say;
use crate::domain::task::Status;

/// One answer for an unknown task and for one that is not the sender's, so that nothing is learnt by asking.
pub(super) fn unknown_task() -> Error {
    Error::field("task_id", say("task-unknown"))
}

pub(super) fn fact_of(report: Report) -> Fact {
    let (kind, data) = (EventKind::of_report(report.word), data(&report));
    fact(kind, data, Observation::Reported(report))
}

/// Progress that was accepted earlier.
pub(super) fn fact_of_kept(kept: KeptProgress) -> Fact {
    let report = &kept.report;
    let (kind, data) = (EventKind::of_report(report.word), data(report));
    fact(kind, data, Observation::ProgressKept(kept))
}

fn fact(kind: EventKind, data: EventData, observation: Observation) -> Fact {
    let fact = Fact::new(Source::Callback, kind, observation);
    fact.data(data).always_told()
}

/// Which values came with it; a result is named, not repeated.
fn data(report: &Report) -> EventData {
    let data = EventData::default().progress(report.progress_value, report.end_value);
    match report.result {
        Some(_) => data.with_result(),
        None => data,
    }
}

pub(super) fn conflict(conflict: Conflict) -> Error {
    let (key, status): (_, Status) = match conflict {
        Conflict::Ended(status) => ("task-has-ended", status),
        Conflict::CancelAsked(status) => ("task-cancel-asked", status),
    };
    Error::Conflict {
        sentence: say(key).with("status", status.word()),
        status,
    }
}
