//! Why a task failed, by kind: for counting, where the message of each would tell too much.

use super::shown::message_of;
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
    /// What is told of such a task, of its note and its pipeline's own message.
    pub fn message<'a>(self, note: Option<&'a str>, own: Option<&'a str>) -> Option<&'a str> {
        let is_corrected = self == Self::FailedAfterSuccess;
        message_of(is_corrected, self == Self::Reported, note, own)
    }

    /// Of the two facts that decide a task's end; none where they make no error. Which launch was refused by whom, and
    /// which run was gone when, only the task's note knows.
    pub fn of(run: Option<RunEnd>, word: Option<Word>) -> Option<Self> {
        match (run, word) {
            (Some(RunEnd::Failed), Some(Word::Success)) => Some(Self::FailedAfterSuccess),
            (_, Some(Word::Error)) => Some(Self::Reported),
            (Some(RunEnd::Failed), None) => Some(Self::RunFailed),
            (Some(RunEnd::Refused), None) => Some(Self::Refused),
            (Some(RunEnd::NeverConfirmed), None) => Some(Self::NeverConfirmed),
            (Some(RunEnd::Gone), None) => Some(Self::Gone),
            (Some(RunEnd::Success | RunEnd::Stopped | RunEnd::NeverSent) | None, None)
            | (_, Some(Word::Success | Word::Cancelled)) => None,
        }
    }
}
