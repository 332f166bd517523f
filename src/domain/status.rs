//! The status of a task, and the table of final statuses: a pure function of two facts that can arrive in either order.

/// The status that a task shows.
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

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Success => "SUCCESS",
            Self::Error => "ERROR",
            Self::Cancelled => "CANCELLED",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A final status that a pipeline reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinalStatus {
    Success,
    Error,
    Cancelled,
}

impl FinalStatus {
    pub fn status(self) -> Status {
        match self {
            Self::Success => Status::Success,
            Self::Error => Status::Error,
            Self::Cancelled => Status::Cancelled,
        }
    }
}

/// How the task's own run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    Success,
    Failed,
    /// Stopped or skipped.
    Stopped,
    /// A poll proved that the run does not exist any more.
    Gone,
    /// OpenHEXA never confirmed that it created a run, and none was found.
    NeverConfirmed,
    /// Cancelled before a launch request was sent: there never was a run, so no report of a final status is accepted.
    NeverSent,
    /// OpenHEXA refused the launch: there never was a run, so no report of a final status is accepted.
    Refused,
}

/// The outcome of a task, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskOutcome {
    pub status: Status,
    /// Whether the end or the absence of the run is known.
    pub confirmed: bool,
    /// Whether a reported success was reverted.
    pub reverted: bool,
}

/// The table of final statuses: the first reported final status and the end of the run decide, in either
/// order. None while neither is known.
pub fn outcome(
    run: Option<RunEnd>,
    reported: Option<FinalStatus>,
    cancel_asked: bool,
) -> Option<TaskOutcome> {
    let confirmed = run.is_some();
    let reverted = run == Some(RunEnd::Failed) && reported == Some(FinalStatus::Success);
    let status = match (run, reported) {
        (None, None) => return None,
        (Some(RunEnd::Failed), Some(FinalStatus::Success)) => Status::Error,
        (Some(RunEnd::Stopped), Some(FinalStatus::Success) | None)
        | (Some(RunEnd::NeverSent), None) => Status::Cancelled,
        (_, Some(reported)) => reported.status(),
        (Some(RunEnd::Success), None) => Status::Success,
        // A user requested the cancel, and the run is not running any more.
        (Some(RunEnd::Failed | RunEnd::NeverConfirmed), None) if cancel_asked => Status::Cancelled,
        (Some(RunEnd::Failed | RunEnd::Refused | RunEnd::Gone | RunEnd::NeverConfirmed), None) => {
            Status::Error
        }
    };
    Some(TaskOutcome {
        status,
        confirmed,
        reverted,
    })
}
