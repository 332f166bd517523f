//! What is asked of a run and what is told of it: launch, stop, look, details.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::ids::{PipelineId, RunId, UserId, VersionId};
use super::pipeline::{RunCandidate, RunStatus, RunSummary};

/// One launch, as OpenHEXA shall hear of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    pub pipeline: PipelineId,
    /// None: the pipeline's latest, whichever that is when OpenHEXA is asked.
    pub version: Option<VersionId>,
    pub config: Map<String, Value>,
    pub send_notifications: bool,
    pub debug: bool,
}

/// The run that a launch became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launched {
    pub run: RunId,
}

/// What OpenHEXA said to a request to stop a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Heard, not necessarily done: OpenHEXA can lose a stop that it accepted, so look again.
    Accepted,
    /// The run had ended by itself (success or failed).
    AlreadyCompleted,
    /// The run is stopped or on its way there.
    AlreadyStopped,
    Denied,
    NotFound,
    /// A word of a later OpenHEXA, or none at all (an empty word).
    Other(String),
}

/// A run to be looked at; which pipeline it is of decides what its absence is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    pub pipeline: PipelineId,
    pub run: RunId,
}

/// One answered look at a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Look {
    Seen {
        status: RunStatus,
        /// 0 to 100.
        progress: i64,
    },
    Absent(Absence),
}

/// What a response that does not show a run shows instead: it decides what the absence proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    pub visible: Visible,
    /// The user of the token, in the same response.
    pub user: Option<UserId>,
}

/// The innermost thing around the run that the same response shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visible {
    /// The run's pipeline, in the connection's workspace.
    Pipeline,
    /// The connection's workspace but not the pipeline. OpenHEXA grants access per workspace, so the pipeline was deleted.
    Workspace,
    /// Neither: the workspace was archived, or the token lost its access to it.
    Nothing,
}

impl Absence {
    /// Without a user, which only matters where the pipeline is not visible.
    pub fn of(visible: Visible) -> Self {
        Self {
            visible,
            user: None,
        }
    }

    /// Whether the pipeline was deleted. Only a response to the user who launched the run can prove it.
    pub fn proves_deletion(&self, launched_as: Option<UserId>) -> bool {
        self.visible == Visible::Workspace && self.is_told_to(launched_as)
    }

    /// Whether the run does not exist any more.
    pub fn proves_absence(&self, launched_as: Option<UserId>) -> bool {
        self.visible == Visible::Pipeline || self.proves_deletion(launched_as)
    }

    /// Whether it is a response to the user who launched the run.
    pub fn is_told_to(&self, launched_as: Option<UserId>) -> bool {
        self.user.is_some() && self.user == launched_as
    }
}

/// The runs of a pipeline since some time, or what is shown instead of the pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Recent {
    Runs(Vec<RunCandidate>),
    NoPipeline(Absence),
}

/// One page of a pipeline's runs, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPage {
    pub runs: Vec<RunSummary>,
    pub total_pages: i64,
    pub total_runs: i64,
}

/// What a run said and left behind, and what it was given: OpenHEXA masks nothing of either.
#[derive(Clone, PartialEq)]
pub struct RunDetails {
    pub config: Map<String, Value>,
    pub logs: Option<String>,
    pub messages: Vec<RunMessage>,
    pub outputs: Vec<RunOutput>,
}

/// A line that a pipeline logged on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMessage {
    pub text: String,
    /// DEBUG, INFO, WARNING, ERROR, CRITICAL: the word itself.
    pub priority: String,
    pub at: Option<DateTime<Utc>>,
}

/// Something that a run declared as its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunOutput {
    File {
        name: String,
        path: String,
        /// Bytes.
        size: Option<i64>,
    },
    Table {
        name: String,
    },
    Link {
        name: Option<String>,
        kind: String,
        uri: String,
    },
    /// A kind of a later OpenHEXA.
    Unknown,
}

/// What a run wrote, and what it was given: OpenHEXA masks nothing of either.
#[derive(Clone, PartialEq)]
pub struct RunLog {
    pub text: String,
    pub config: Map<String, Value>,
}

/// How long OpenHEXA lets a run of a version live: 4 hours unless the version says so, 12 at most.
pub fn time_limit(version_seconds: Option<i64>) -> TimeDelta {
    let own = version_seconds.map_or(TimeDelta::hours(4), TimeDelta::seconds);
    own.clamp(TimeDelta::zero(), TimeDelta::hours(12))
}
