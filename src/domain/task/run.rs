//! The task's own run, and what is known about its launch, its polls and its stop requests.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use crate::domain::ids::{LaunchId, RunId, UserId};
use crate::domain::pipeline::RunStatus;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub id: Option<RunId>,
    /// None: it was launched before launches had an id.
    pub launch: Option<LaunchId>,
    pub status: Option<RunStatus>,
    /// Percent, 0 to 100.
    pub progress: i32,
    /// What was sent, with masked secrets.
    pub config: Map<String, Value>,
    /// Whether the config that was sent contains the task's id, so that a lost run can be identified.
    pub names_task: bool,
    /// Whether OpenHEXA drops the config (notebooks, runs without a version).
    pub drops_config: bool,
    pub send_notifications: bool,
    pub debug: bool,
    /// The version's time limit in seconds.
    pub timeout_seconds: Option<i64>,
    /// When the last launch request was sent.
    pub attempted_at: Option<DateTime<Utc>>,
    pub attempts: i32,
    /// The OpenHEXA user whose token the launch request had.
    pub launched_as: Option<UserId>,
    /// Whether an attempt may have created a run without a response to the bridge.
    pub unsure: bool,
    /// Consecutive successful polls that showed the pipeline without the run.
    pub absent_polls: i32,
    /// The first successful poll since the last attempt that did not find the lost run.
    pub unseen_since: Option<DateTime<Utc>>,
    /// The first of the consecutive successful polls that showed neither the run nor its pipeline to the user who launched it.
    pub hidden_since: Option<DateTime<Utc>>,
    /// The last of those polls.
    pub hidden_at: Option<DateTime<Utc>>,
    /// When the last stop request was sent; unset again if it got no response.
    pub stop_asked_at: Option<DateTime<Utc>>,
    pub stops: i32,
}

impl Run {
    /// A poll showed neither the run nor its pipeline: the workspace is archived, or the pipeline was deleted. Polls further
    /// apart than `within` are not consecutive.
    pub(super) fn count_hidden(&mut self, within: TimeDelta, now: DateTime<Utc>) {
        let is_consecutive = self.hidden_at.is_some_and(|last| now - last <= within);
        self.hidden_since = self.hidden_since.filter(|_| is_consecutive).or(Some(now));
        self.hidden_at = Some(now);
    }

    /// A poll or a report showed something else: the polls before it do not count any more.
    pub(super) fn reset_hidden(&mut self) {
        self.hidden_since = None;
        self.hidden_at = None;
    }
}
