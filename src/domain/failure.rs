//! Why a task failed, by kind: for counting, where the message of each would tell too much.

use super::note::{Note, NoteCode};
use super::shown::{Shown, message_of};
use super::verdict::{RunEnd, Word};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The pipeline itself reported an error.
    Reported,
    /// The run failed although its pipeline had reported success.
    FailedAfterSuccess,
    /// OpenHEXA shows the run as failed.
    RunFailed,
    /// OpenHEXA refused the launch.
    Refused,
    /// The launch was never sent, because OpenHEXA could not be reached.
    NotSent,
    /// The launch was given up before it was sent, because its pipeline had changed or was gone.
    GivenUp,
    /// OpenHEXA never confirmed that it made a run.
    NeverConfirmed,
    /// The run's time was over, and how it ended cannot be known any more.
    TimeOver,
    /// OpenHEXA no longer knows the run.
    Gone,
}

impl Reason {
    /// What is shown of such a task, of its note and its pipeline's own message.
    pub fn message(self, note: Option<&Note>, own: Option<&str>) -> Option<Shown> {
        let is_corrected = self == Self::FailedAfterSuccess;
        message_of(is_corrected, self == Self::Reported, note, own)
    }

    /// Of the two facts that decide a task's end, and of its note: it tells who refused a launch, and when a run was gone.
    /// None where they make no error.
    pub fn of(run: Option<RunEnd>, word: Option<Word>, note: Option<NoteCode>) -> Option<Self> {
        match (run, word) {
            (Some(RunEnd::Failed), Some(Word::Success)) => Some(Self::FailedAfterSuccess),
            (_, Some(Word::Error)) => Some(Self::Reported),
            (Some(RunEnd::Failed), None) => Some(Self::RunFailed),
            (Some(RunEnd::Refused), None) => Some(Self::of_refused(note)),
            (Some(RunEnd::NeverConfirmed), None) => Some(Self::NeverConfirmed),
            (Some(RunEnd::Gone), None) => Some(Self::of_gone(note)),
            (Some(RunEnd::Success | RunEnd::Stopped | RunEnd::NeverSent) | None, None)
            | (_, Some(Word::Success | Word::Cancelled)) => None,
        }
    }

    fn of_refused(note: Option<NoteCode>) -> Self {
        match note {
            Some(NoteCode::NotSent) => Self::NotSent,
            Some(code) if code.is_refusal() => Self::Refused,
            Some(_) | None => Self::GivenUp,
        }
    }

    fn of_gone(note: Option<NoteCode>) -> Self {
        match note {
            Some(NoteCode::TimeOver | NoteCode::RunHidden) => Self::TimeOver,
            Some(_) | None => Self::Gone,
        }
    }
}
