//! Requests about a run and their responses: launch, stop, poll, details.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::ids::{PipelineId, RunId, UserId, VersionId};
use super::pipeline::{RunCandidate, RunStatus, RunSummary};

/// A launch request.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    pub pipeline: PipelineId,
    /// None: the latest version at the time of the request.
    pub version: Option<VersionId>,
    pub config: Map<String, Value>,
    pub send_notifications: bool,
    pub debug: bool,
}

/// The run that a launch created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Launched {
    pub run: RunId,
}

/// OpenHEXA's response to a stop request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Accepted, not necessarily done: OpenHEXA can lose a stop that it accepted, so keep polling.
    Accepted,
    /// The run had already ended by itself (success or failed).
    AlreadyCompleted,
    /// The run is stopped or terminating.
    AlreadyStopped,
    Denied,
    NotFound,
    /// A value of a later OpenHEXA. Empty: the response has none.
    Other(String),
}

/// A run to poll, with its pipeline: whether the pipeline is shown decides what a missing run proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolledRun {
    pub pipeline: PipelineId,
    pub run: RunId,
}

/// The result of one successful poll of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum PollResult {
    Seen {
        status: RunStatus,
        /// 0 to 100.
        progress: i64,
    },
    Absent(Absence),
}

/// What a response shows instead of the run: it decides what the absence proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    pub visible: Visible,
    /// The user of the token, in the same response.
    pub user: Option<UserId>,
}

/// The closest parent of the run that the same response shows.
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
    /// Without a user, who only matters if the pipeline is not visible.
    pub fn of(visible: Visible) -> Self {
        Self {
            visible,
            user: None,
        }
    }

    /// Whether the pipeline was deleted. Only a response to the user who launched the run can prove it.
    pub fn proves_deletion(&self, launched_as: Option<UserId>) -> bool {
        self.visible == Visible::Workspace && self.is_for_user(launched_as)
    }

    /// Whether the run does not exist any more.
    pub fn proves_absence(&self, launched_as: Option<UserId>) -> bool {
        self.visible == Visible::Pipeline || self.proves_deletion(launched_as)
    }

    /// Whether it is a response to the user who launched the run.
    pub fn is_for_user(&self, launched_as: Option<UserId>) -> bool {
        self.user.is_some() && self.user == launched_as
    }
}

/// The runs of a pipeline since a given time, or what is shown instead of the pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum RecentRuns {
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

/// A run's config, log, messages and outputs. OpenHEXA masks no secrets in them.
#[derive(Clone, PartialEq)]
pub struct RunDetails {
    pub config: Map<String, Value>,
    pub logs: Option<String>,
    pub messages: Vec<RunMessage>,
    pub outputs: Vec<RunOutput>,
}

/// A message that the pipeline logged for users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunMessage {
    pub text: String,
    /// DEBUG, INFO, WARNING, ERROR or CRITICAL, as OpenHEXA sends it.
    pub priority: String,
    pub at: Option<DateTime<Utc>>,
}

/// An output that the run declared.
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
    /// A type of a later OpenHEXA.
    Unknown,
}

/// A run's log and config. OpenHEXA masks no secrets in them.
#[derive(Clone, PartialEq)]
pub struct RunLog {
    pub text: String,
    pub config: Map<String, Value>,
}

/// OpenHEXA's time limit for a run: the version's, 4 hours if it has none, 12 hours at most.
pub fn time_limit(version_seconds: Option<i64>) -> TimeDelta {
    let own = version_seconds.map_or(TimeDelta::hours(4), TimeDelta::seconds);
    own.clamp(TimeDelta::zero(), TimeDelta::hours(12))
}
