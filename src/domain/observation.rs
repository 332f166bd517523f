//! Observations: facts about a task from launch attempts, polls, reports and users.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::ids::{RunId, UserId};
use super::note::Note;
use super::pipeline::RunStatus;
use super::status::{FinalStatus, Status};

#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// A launch request is about to be sent.
    LaunchReserved {
        launched_as: Option<UserId>,
    },
    /// Nothing was sent: the launch is retried later.
    LaunchPostponed,
    /// It is unknown whether OpenHEXA created a run.
    LaunchUnsure,
    /// OpenHEXA clearly created no run.
    LaunchRefused {
        why: Note,
    },
    /// The id of the task's run.
    RunKnown {
        run: RunId,
    },
    RunSeen(PolledStatus),
    /// A successful poll that did not show the run.
    RunUnseen,
    /// A successful poll that showed neither the run nor its pipeline, after the deadline and with a token that is still
    /// valid.
    RunHidden {
        /// How far apart two such polls can be to count as consecutive.
        within: TimeDelta,
    },
    /// A poll that failed or that proves nothing.
    PollFailed,
    /// The run is proven absent, or was never confirmed. Ignored if the task has changed since `premise`.
    RunGone {
        why: Note,
        premise: Premise,
    },
    /// A user requested to stop the task.
    CancelRequested,
    /// A user requested it again, after OpenHEXA denied the stop.
    CancelRepeated,
    /// A stop request is about to be sent.
    StopRequested,
    /// It is unknown whether OpenHEXA received the stop request.
    StopNotAnswered,
    /// A report of the pipeline.
    Reported(Report),
    /// Progress that was accepted earlier and is stored now.
    ProgressMerged(MergedProgress),
}

/// The progress that the pipeline last reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub message: Option<String>,
    pub value: i32,
    pub end: i32,
}

/// Reports of progress that were merged, with the task's progress before the first of them. If the task's progress differs
/// from it now, newer reports were stored meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct MergedProgress {
    pub before: Progress,
    pub report: Report,
}

/// The state of a task on which the conclusion that its run is gone is based.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Premise {
    pub run: Option<RunId>,
    pub absent_polls: i32,
    pub called_back: bool,
    pub hidden_since: Option<DateTime<Utc>>,
}

/// The task's run as a poll shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct PolledStatus {
    pub status: RunStatus,
    /// Percent. OpenHEXA does not validate it.
    pub progress: i64,
    /// Why the run failed: the end of its log.
    pub why: Option<Note>,
}

/// A report of a running pipeline; all fields are optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub status: Option<ReportedStatus>,
    pub message: Option<String>,
    pub progress_value: Option<i32>,
    pub end_value: Option<i32>,
    pub result: Option<Value>,
}

/// The status in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportedStatus {
    /// Changes nothing: a task never returns to an earlier status.
    Queued,
    Running,
    Final(FinalStatus),
}

impl ReportedStatus {
    /// The values that existing pipelines send, in upper or lower case; older pipelines send Iaso's statuses.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.to_ascii_uppercase().as_str() {
            "QUEUED" => Self::Queued,
            "RUNNING" => Self::Running,
            "SUCCESS" | "EXPORTED" => Self::Final(FinalStatus::Success),
            "ERROR" | "ERRORED" | "FAILED" => Self::Final(FinalStatus::Error),
            "CANCELLED" | "CANCELED" | "KILLED" | "STOPPED" | "SKIPPED" => {
                Self::Final(FinalStatus::Cancelled)
            }
            _ => return None,
        })
    }
}

/// Why an observation is refused, with the status shown now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The task has ended, or its pipeline has reported its final status.
    Ended(Status),
    /// The task was cancelled: this refusal is the only stop signal that existing pipelines can see.
    CancelRequested(Status),
}
