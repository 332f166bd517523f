//! What monitoring shows of an account: figures of a period, slow tasks, failures, and whether runs are polled on time.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::failure::Reason;
use crate::domain::figures::Durations;
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::shown::Shown;
use crate::domain::task::Status;

/// How one period went for an account.
#[derive(Debug)]
pub struct Monitoring {
    /// When this was found.
    pub at: DateTime<Utc>,
    /// Where the parts of the period begin, and where the last one ends.
    pub edges: Vec<DateTime<Utc>>,
    /// Of each part how many were launched, by status as in [`Status::ALL`].
    pub counts: Vec<[i64; 5]>,
    /// Under way now, whenever they were launched.
    pub queued: i64,
    pub running: i64,
    pub pipelines: Vec<Pipeline>,
    pub long: Vec<Long>,
    /// How many took long, shown or not.
    pub long_count: usize,
    pub failures: Vec<Failure>,
    /// Kinds of failures, shown or not.
    pub failures_count: usize,
    /// Whether more had ended well, or had failed, than were read.
    pub cut: bool,
    /// Whether more had ended well of late than were read for what is usual,
    pub usual_cut: bool,
    /// and whether more run than were compared with it.
    pub running_cut: bool,
    pub looks: Looks,
    /// Whether anything was ever launched.
    pub any: bool,
}

/// How long a pipeline's runs took that ended well.
#[derive(Debug)]
pub struct Pipeline {
    pub id: PipelineId,
    pub name: String,
    /// In the period,
    pub durations: Durations,
    /// and of late, whichever period is looked at: what is usual for it.
    pub usual: Durations,
}

/// A task that takes, or took, over twice its pipeline's mean.
#[derive(Debug)]
pub struct Long {
    pub task: TaskId,
    pub name: String,
    pub status: Status,
    pub created_at: DateTime<Utc>,
    /// Milliseconds, as the mean.
    pub took: i64,
    pub mean: i64,
}

/// Tasks of a pipeline that failed for the same reason.
#[derive(Debug)]
pub struct Failure {
    pub pipeline: PipelineId,
    pub name: String,
    pub reason: Reason,
    pub count: usize,
    /// The newest of them.
    pub task: TaskId,
    pub last: DateTime<Utc>,
    pub message: Option<Shown>,
}

/// Whether what is under way is looked after in time.
#[derive(Debug)]
pub struct Looks {
    pub states: Vec<(String, i64)>,
    /// For how long the oldest launch has waited to become a run.
    pub oldest_unsent: Option<TimeDelta>,
    /// How late the longest overdue look is.
    pub behind: TimeDelta,
    pub unsure: i64,
}
