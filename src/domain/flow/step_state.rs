//! The states of a step of a flow run, and the settings of a step: when it starts, its retries and its time limit.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::message::{Message, say};
use crate::domain::words::words;

/// The longest wait before a retry.
pub const LONGEST_WAIT: TimeDelta = TimeDelta::hours(24);

words! {
    /// When a step starts, once all of its parents have ended.
    pub enum RunIf {
        /// All parents ended as SUCCESS.
        Success = "success";
        /// No parent ended as ERROR or CANCELLED; a skipped one is fine.
        NoFailure = "no_failure";
        Always = "always";
    }
}

words! {
    /// How the wait before a retry grows.
    pub enum Backoff {
        Constant = "constant";
        /// It doubles each time.
        Exponential = "exponential";
    }
}

/// How often, and after which wait, a failed step starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub times: u32,
    pub wait: TimeDelta,
    pub backoff: Backoff,
}

impl Retry {
    pub const NONE: Self = Self {
        times: 0,
        wait: TimeDelta::minutes(1),
        backoff: Backoff::Constant,
    };

    /// The wait after attempt n, counted from 1; at most 24 hours.
    pub fn wait_after(self, attempt: u32) -> TimeDelta {
        let factor = match self.backoff {
            Backoff::Constant => 1,
            Backoff::Exponential => 1_i32 << attempt.saturating_sub(1).min(20),
        };
        let wait = self.wait.checked_mul(factor).unwrap_or(LONGEST_WAIT);
        wait.min(LONGEST_WAIT)
    }
}

/// What the version of a flow says about one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepPlan {
    pub run_if: RunIf,
    pub allow_failure: bool,
    pub retry: Retry,
    /// None: only the pipeline's own.
    pub time_limit: Option<TimeDelta>,
}

/// The state of a step in a flow run. Attempts count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    Pending,
    Running {
        attempt: u32,
        /// Why its task is being cancelled, if it is.
        stopping: Option<Stop>,
    },
    /// The attempt starts when the time has come.
    Retry {
        attempt: u32,
        not_before: DateTime<Utc>,
    },
    /// Attempt 0 is a result that was reused from an earlier run.
    Success {
        attempt: u32,
    },
    Error(ErrorReason),
    Skipped(SkipReason),
    Cancelled(CancelReason),
}

/// Why the bridge cancels the task of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    FlowCancelled,
    TookTooLong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorReason {
    /// The task ended as ERROR and says why.
    Task,
    /// The launch was refused.
    Refused,
    /// A reference has no usable value.
    WrongReference,
    TookTooLong {
        limit: TimeDelta,
    },
}

/// Why a step does not run: which parent, by its position, ended how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    ParentFailed {
        parent: usize,
    },
    ParentSkipped {
        parent: usize,
    },
    ParentCancelled {
        parent: usize,
    },
    /// The run was refused before its first step.
    RunRefused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    Flow,
    /// The task of the step was cancelled by itself.
    Task,
}

impl StepState {
    /// The word that the API and the pages show.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running { .. } => "RUNNING",
            Self::Retry { .. } => "RETRY",
            Self::Success { .. } => "SUCCESS",
            Self::Error(_) => "ERROR",
            Self::Skipped(_) => "SKIPPED",
            Self::Cancelled(_) => "CANCELLED",
        }
    }

    pub fn has_ended(&self) -> bool {
        match self {
            Self::Pending | Self::Running { .. } | Self::Retry { .. } => false,
            Self::Success { .. } | Self::Error(_) | Self::Skipped(_) | Self::Cancelled(_) => true,
        }
    }

    pub fn is_success(&self) -> bool {
        matches!(self, Self::Success { .. })
    }

    /// The sentence that explains the state, where it needs one. `id` names a step by its position.
    pub fn reason<'a>(&self, id: impl Fn(usize) -> &'a str) -> Option<Message> {
        match self {
            Self::Pending | Self::Retry { .. } | Self::Success { .. } => None,
            Self::Running { stopping, .. } => stopping.map(Stop::message),
            Self::Error(reason) => reason.message(),
            Self::Skipped(reason) => Some(reason.message(id)),
            Self::Cancelled(reason) => Some(reason.message()),
        }
    }
}

impl Stop {
    fn message(self) -> Message {
        match self {
            Self::FlowCancelled => say("flow-step-stopping"),
            Self::TookTooLong => say("flow-step-stopping-late"),
        }
    }
}

impl ErrorReason {
    /// None: the task's own message says more.
    fn message(self) -> Option<Message> {
        match self {
            Self::Task | Self::Refused | Self::WrongReference => None,
            Self::TookTooLong { limit } => {
                let limit = humantime::format_duration(limit.to_std().unwrap_or_default());
                Some(say("flow-step-took-too-long").with("limit", limit))
            }
        }
    }
}

impl SkipReason {
    fn message<'a>(self, id: impl Fn(usize) -> &'a str) -> Message {
        match self {
            Self::ParentFailed { parent } => {
                say("flow-step-parent-failed").with("parent", id(parent))
            }
            Self::ParentSkipped { parent } => {
                say("flow-step-parent-skipped").with("parent", id(parent))
            }
            Self::ParentCancelled { parent } => {
                say("flow-step-parent-cancelled").with("parent", id(parent))
            }
            Self::RunRefused => say("flow-step-run-refused"),
        }
    }
}

impl CancelReason {
    fn message(self) -> Message {
        match self {
            Self::Flow => say("flow-step-flow-cancelled"),
            Self::Task => say("flow-step-task-cancelled"),
        }
    }
}
