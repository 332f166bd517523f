//! What can be learnt about a task, whoever learns it.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::ids::{RunId, UserId};
use super::note::Note;
use super::pipeline::RunStatus;
use super::verdict::{Status, Word};

/// Something learnt about a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Observation {
    /// OpenHEXA is about to be asked for a run.
    LaunchReserved {
        launched_as: Option<UserId>,
    },
    /// Nothing was sent: the launch is tried again later.
    LaunchPostponed,
    /// Whether OpenHEXA made a run is not known.
    LaunchUnsure,
    /// OpenHEXA clearly made no run.
    LaunchRefused {
        why: Note,
    },
    /// Our run's id.
    RunKnown {
        run: RunId,
    },
    RunSeen(Sighting),
    /// An answered look that did not show the run.
    RunUnseen,
    /// An answered look that showed neither the run nor its pipeline, past the deadline and with a token that is
    /// still good.
    RunHidden {
        /// How far apart two such looks may lie to count as a row.
        within: TimeDelta,
    },
    /// A look that was not answered, or that proves nothing.
    PollFailed,
    /// Proven absent, or never confirmed, as far as this was all that was known.
    RunGone {
        why: Note,
        premise: Premise,
    },
    /// Somebody wants it to stop.
    CancelAsked,
    /// Somebody still wants it to stop, though OpenHEXA has refused to.
    CancelAskedAgain,
    /// OpenHEXA is about to be asked to stop the run.
    StopAsked,
    /// Whether OpenHEXA heard of it is not known.
    StopUnanswered,
    /// The pipeline itself reports.
    Reported(Report),
    /// Progress that was accepted earlier, and is written now.
    ProgressKept(KeptProgress),
}

/// What the pipeline last said of its progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub message: Option<String>,
    pub value: i32,
    pub end: i32,
}

/// Reports of progress that were merged, with the task's progress before the first of them: where the task shows
/// another one by now, newer reports were written meanwhile.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptProgress {
    pub before: Progress,
    pub report: Report,
}

/// What was known of a task when its run was judged to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Premise {
    pub run: Option<RunId>,
    pub absent_polls: i32,
    pub called_back: bool,
    pub hidden_since: Option<DateTime<Utc>>,
}

/// Our run as OpenHEXA shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Sighting {
    pub status: RunStatus,
    /// Percent; OpenHEXA does not check it.
    pub progress: i64,
    /// Why the run failed: the end of its log.
    pub why: Option<Note>,
}

/// What a pipeline says while it runs; everything is optional.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub word: Option<ReportedWord>,
    pub message: Option<String>,
    pub progress_value: Option<i32>,
    pub end_value: Option<i32>,
    pub result: Option<Value>,
}

/// The status word of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportedWord {
    /// Moves nothing: a task never goes back.
    Queued,
    Running,
    End(Word),
}

impl ReportedWord {
    /// The words pipelines in the field send, in any case; older ones speak Iaso's.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_uppercase().as_str() {
            "QUEUED" => Self::Queued,
            "RUNNING" => Self::Running,
            "SUCCESS" | "EXPORTED" => Self::End(Word::Success),
            "ERROR" | "ERRORED" | "FAILED" => Self::End(Word::Error),
            "CANCELLED" | "CANCELED" | "KILLED" | "STOPPED" | "SKIPPED" => {
                Self::End(Word::Cancelled)
            }
            _ => return None,
        })
    }
}

/// Why a report cannot be taken, with the status shown now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The task has ended, or its pipeline has said so.
    Ended(Status),
    /// Somebody asked for it to stop: the only stop signal a pipeline in the field can see.
    CancelAsked(Status),
}
