//! A pipeline's report as an update of its task, and the errors of a refused report.

use crate::domain::event::{EventData, EventKind, Source};
use crate::domain::message::say;
use crate::domain::observation::{Conflict, MergedProgress, Observation, Report};
use crate::domain::task::Status;
use crate::service::Error;
use crate::service::runs::apply::Update;

/// The same error for an unknown task and for a task of another sender, so that it reveals nothing.
pub fn unknown_task() -> Error {
    Error::field("task_id", say("task-unknown"))
}

pub fn update_of(report: Report) -> Update {
    let (kind, data) = (EventKind::of_report(report.status), data(&report));
    update(kind, data, Observation::Reported(report))
}

/// Progress that was accepted earlier.
pub fn update_of_merged(merged: MergedProgress) -> Update {
    let report = &merged.report;
    let (kind, data) = (EventKind::of_report(report.status), data(report));
    update(kind, data, Observation::ProgressMerged(merged))
}

fn update(kind: EventKind, data: EventData, observation: Observation) -> Update {
    let update = Update::new(Source::Callback, kind, observation);
    update.data(data).always_recorded()
}

/// The values of the report. A result is named, but not repeated.
fn data(report: &Report) -> EventData {
    let data = EventData::default().progress(report.progress_value, report.end_value);
    match report.result {
        Some(_) => data.with_result(),
        None => data,
    }
}

pub fn conflict(conflict: Conflict) -> Error {
    let (key, status): (_, Status) = match conflict {
        Conflict::Ended(status) => ("task-has-ended", status),
        Conflict::CancelRequested(status) => ("task-cancel-asked", status),
    };
    Error::Conflict {
        sentence: say(key).with("status", status.as_str()),
        status,
    }
}
