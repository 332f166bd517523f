//! Why a task failed, by category: for statistics, in which the message of each task would reveal too much.

use super::note::{Note, NoteCode};
use super::status::{FinalStatus, RunEnd};
use super::task::{TaskMessage, message_of};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The pipeline reported an error.
    Reported,
    /// The run failed although its pipeline had reported success.
    FailedAfterSuccess,
    /// OpenHEXA shows the run as failed.
    RunFailed,
    /// OpenHEXA refused the launch.
    Refused,
    /// The launch could not be sent in time.
    NotSent,
    /// The launch was given up before it was sent, because its pipeline was changed or deleted.
    GivenUp,
    /// OpenHEXA never confirmed that it created a run.
    NeverConfirmed,
    /// The run was overdue, and its end cannot be known any more.
    TimeOver,
    /// OpenHEXA does not have the run any more.
    Gone,
}

impl Reason {
    /// The key of its text in the message catalogues.
    pub fn key(self) -> &'static str {
        match self {
            Self::Reported => "cause-reported",
            Self::FailedAfterSuccess => "cause-failed-after-success",
            Self::RunFailed => "cause-run-failed",
            Self::Refused => "cause-refused",
            Self::NotSent => "cause-not-sent",
            Self::GivenUp => "cause-given-up",
            Self::NeverConfirmed => "cause-never-confirmed",
            Self::TimeOver => "cause-time-over",
            Self::Gone => "cause-run-gone",
        }
    }

    /// The message shown of such a task, from its note and its pipeline's message.
    pub fn message(self, note: Option<&Note>, reported: Option<&str>) -> Option<TaskMessage> {
        let is_reverted = self == Self::FailedAfterSuccess;
        message_of(is_reverted, self == Self::Reported, note, reported)
    }

    /// From the two facts that decide the final status, and the note, which shows whether OpenHEXA or the bridge
    /// refused the launch, and whether a missing run was overdue. None if the final status is not ERROR.
    pub fn of(
        run: Option<RunEnd>,
        reported: Option<FinalStatus>,
        note: Option<NoteCode>,
    ) -> Option<Self> {
        match (run, reported) {
            (Some(RunEnd::Failed), Some(FinalStatus::Success)) => Some(Self::FailedAfterSuccess),
            (_, Some(FinalStatus::Error)) => Some(Self::Reported),
            (Some(RunEnd::Failed), None) => Some(Self::RunFailed),
            (Some(RunEnd::Refused), None) => Some(Self::of_refused(note)),
            (Some(RunEnd::NeverConfirmed), None) => Some(Self::NeverConfirmed),
            (Some(RunEnd::Gone), None) => Some(Self::reason_of_missing_run(note)),
            (Some(RunEnd::Success | RunEnd::Stopped | RunEnd::NeverSent) | None, None)
            | (_, Some(FinalStatus::Success | FinalStatus::Cancelled)) => None,
        }
    }

    fn of_refused(note: Option<NoteCode>) -> Self {
        match note {
            Some(NoteCode::NotSent) => Self::NotSent,
            Some(code) if code.is_refusal() => Self::Refused,
            Some(_) | None => Self::GivenUp,
        }
    }

    fn reason_of_missing_run(note: Option<NoteCode>) -> Self {
        match note {
            Some(NoteCode::TimeOver | NoteCode::RunHidden) => Self::TimeOver,
            Some(_) | None => Self::Gone,
        }
    }
}
