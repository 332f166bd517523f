//! The monitoring figures of an account: counts of a period, slow tasks, failures, and whether runs are polled on time.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::failure::Reason;
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::statistics::Durations;
use crate::domain::task::Status;
use crate::domain::task::TaskMessage;

/// The figures of a period.
#[derive(Debug)]
pub struct Figures {
    /// When they were computed.
    pub at: DateTime<Utc>,
    /// The starts of the parts of the period, and the end of the last one.
    pub edges: Vec<DateTime<Utc>>,
    /// For each part, how many tasks were launched, by status in the order of [`Status::ALL`].
    pub counts: Vec<[i64; 5]>,
    /// Now, regardless of the period.
    pub queued: i64,
    pub running: i64,
    pub pipelines: Vec<PipelineDurations>,
    pub long: Vec<SlowTask>,
    /// All slow tasks, including those that are not in the list.
    pub long_count: usize,
    pub failures: Vec<FailureGroup>,
    /// All kinds of failures, including those that are not in the list.
    pub failures_count: usize,
    /// Whether there are more succeeded or failed tasks than were read.
    pub cut: bool,
    /// Whether there are more recent succeeded tasks than were read for the usual durations.
    pub usual_cut: bool,
    /// Whether there are more running tasks than were compared with the usual durations.
    pub running_cut: bool,
    pub polling: Polling,
    /// Whether the account has any task.
    pub any: bool,
}

/// How long the succeeded tasks of a pipeline took.
#[derive(Debug)]
pub struct PipelineDurations {
    pub id: PipelineId,
    pub name: String,
    /// In the period.
    pub durations: Durations,
    /// In the last 30 days.
    pub usual: Durations,
}

/// A task that takes, or took, more than twice the mean of its pipeline.
#[derive(Debug)]
pub struct SlowTask {
    pub task: TaskId,
    pub name: String,
    pub status: Status,
    pub created_at: DateTime<Utc>,
    /// In milliseconds, like the mean.
    pub took: i64,
    pub mean: i64,
}

/// Tasks of a pipeline that failed for the same reason.
#[derive(Debug)]
pub struct FailureGroup {
    pub pipeline: PipelineId,
    pub name: String,
    pub reason: Reason,
    pub count: usize,
    /// The newest of these tasks.
    pub task: TaskId,
    pub last: DateTime<Utc>,
    pub message: Option<TaskMessage>,
}

/// Whether tasks are sent and polled on time.
#[derive(Debug)]
pub struct Polling {
    pub states: Vec<(String, i64)>,
    /// How long the oldest launch without a run has been waiting.
    pub oldest_unsent: Option<TimeDelta>,
    /// The delay of the most delayed poll.
    pub behind: TimeDelta,
    pub unsure: i64,
}
