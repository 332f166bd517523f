//! The end of a task: a pure function of two facts that may come in either order.

/// What a task is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Queued,
    Running,
    Success,
    Error,
    Cancelled,
}

impl Status {
    pub const ALL: [Self; 5] = [
        Self::Queued,
        Self::Running,
        Self::Success,
        Self::Error,
        Self::Cancelled,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Success => "SUCCESS",
            Self::Error => "ERROR",
            Self::Cancelled => "CANCELLED",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// A terminal word of a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Success,
    Error,
    Cancelled,
}

impl Word {
    pub fn status(self) -> Status {
        match self {
            Self::Success => Status::Success,
            Self::Error => Status::Error,
            Self::Cancelled => Status::Cancelled,
        }
    }
}

/// How the task's own run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    Success,
    Failed,
    /// Stopped or skipped.
    Stopped,
    /// Proven absent.
    Gone,
    /// OpenHEXA never confirmed that it made a run, and none was found.
    NeverConfirmed,
    /// Cancelled before OpenHEXA was asked for a run: there never was one, so no word of one is believed.
    NeverSent,
    /// OpenHEXA refused the launch: there never was a run, so no word of one is believed.
    Refused,
}

/// What the two facts amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub status: Status,
    /// Whether the run's own end, or its absence, is known.
    pub confirmed: bool,
    /// Whether a reported success had to be taken back.
    pub corrected: bool,
}

/// The end table: the first terminal word and the run's own end decide; their order does not.
/// None while neither is known.
pub fn verdict(run: Option<RunEnd>, word: Option<Word>, cancel_asked: bool) -> Option<Verdict> {
    let confirmed = run.is_some();
    let corrected = run == Some(RunEnd::Failed) && word == Some(Word::Success);
    let status = match (run, word) {
        (None, None) => return None,
        (Some(RunEnd::Failed), Some(Word::Success)) => Status::Error,
        (Some(RunEnd::Stopped), Some(Word::Success) | None) | (Some(RunEnd::NeverSent), None) => {
            Status::Cancelled
        }
        (_, Some(word)) => word.status(),
        (Some(RunEnd::Success), None) => Status::Success,
        // Whoever wanted it to stop has what was wanted.
        (Some(RunEnd::Failed | RunEnd::NeverConfirmed), None) if cancel_asked => Status::Cancelled,
        (Some(RunEnd::Failed | RunEnd::Refused | RunEnd::Gone | RunEnd::NeverConfirmed), None) => {
            Status::Error
        }
    };
    Some(Verdict {
        status,
        confirmed,
        corrected,
    })
}
