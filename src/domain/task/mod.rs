//! A task: one launch, its run, and the rules by which its state changes.
//!
//! Reports, polls, users' requests and timeouts are all [`Observation`]s, and every change goes through [`Task::observe`].
//! The final status depends on two facts that can arrive in either order: the first final status that the pipeline reports,
//! and the end of the task's own run ([`outcome`]). Nothing here knows where the facts come from.
//!
//! ```text
//! launch.rs    attempts to launch the run    polls.rs     what polls show of the run
//! reports.rs   reports of the pipeline       cancel.rs    cancel and stop requests
//! display.rs   the message, progress and result that are shown
//! ```

mod cancel;
mod display;
mod launch;
mod polls;
mod reports;
mod run;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::flow_step::FlowStep;
use super::ids::{AccountId, ConnectionId, PipelineId, TaskId};
use super::note::Note;
use super::observation::{Conflict, Observation};
use super::pipeline::VersionLabel;
use super::principal::{Actor, CallbackClaim, Person, Reporter};
pub use super::status::{FinalStatus, RunEnd, Status, TaskOutcome, outcome};
pub use display::{TaskMessage, message_of};
pub use run::Run;

/// The first report of a final status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalReport {
    pub status: FinalStatus,
    /// The message of this report.
    pub message: Option<String>,
    /// The last message before it.
    pub previous: Option<String>,
}

/// The state of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Committed; no launch request was sent.
    Accepted,
    /// A launch request was sent; its outcome is not known yet.
    Launching,
    /// The run's id is known.
    Submitted,
    Running,
    /// The pipeline has reported its final status; the run is still polled.
    Reported(FinalReport),
    Ended {
        run: RunEnd,
        report: Option<FinalReport>,
    },
}

/// The task's pipeline, with the names it had at the launch.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineRef {
    pub id: PipelineId,
    pub code: String,
    pub name: String,
    pub version: Option<VersionLabel>,
}

/// One launch and everything known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub id: TaskId,
    pub account: AccountId,
    pub connection: ConnectionId,
    pub name: String,
    pub pipeline: PipelineRef,
    pub launcher: Option<Person>,
    /// The API key or local user that launched it, if no person is known.
    pub launched_with: Option<Actor>,
    pub state: State,
    pub run: Run,
    /// The pipeline's last message.
    pub message: Option<String>,
    pub progress_value: i32,
    pub end_value: i32,
    /// The result as the pipeline sent it.
    pub data: Option<Value>,
    /// The size in bytes of a stored result that was not read with the task. Such a task is shown or polled, never saved.
    pub unread: Option<i64>,
    /// Whether the result came without a status after the end: it is shown as it was sent.
    pub data_late: bool,
    /// Why the task ended, if only the bridge knows.
    pub note: Option<Note>,
    pub called_back: bool,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub cancel_asked_at: Option<DateTime<Utc>>,
    pub relaunch_of: Option<TaskId>,
    /// The attempt of a step of a flow that it is, if a flow launched it.
    pub flow_step: Option<FlowStep>,
    /// Increases with every change.
    pub revision: i64,
}

impl Task {
    pub fn final_report(&self) -> Option<&FinalReport> {
        match &self.state {
            State::Reported(report) => Some(report),
            State::Ended { report, .. } => report.as_ref(),
            State::Accepted | State::Launching | State::Submitted | State::Running => None,
        }
    }

    pub fn run_end(&self) -> Option<RunEnd> {
        match self.state {
            State::Ended { run, .. } => Some(run),
            State::Accepted
            | State::Launching
            | State::Submitted
            | State::Running
            | State::Reported(_) => None,
        }
    }

    pub fn outcome(&self) -> Option<TaskOutcome> {
        let reported = self.final_report().map(|report| report.status);
        outcome(self.run_end(), reported, self.cancel_asked_at.is_some())
    }

    pub fn status(&self) -> Status {
        match self.outcome() {
            Some(outcome) => outcome.status,
            None if self.state == State::Running => Status::Running,
            None => Status::Queued,
        }
    }

    pub fn is_confirmed(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.confirmed)
    }

    /// The claim in the callback token of this task's launch.
    pub fn claim(&self) -> Option<CallbackClaim> {
        Some(CallbackClaim {
            account: self.account,
            task: self.id,
            pipeline: self.pipeline.id,
            launch: self.run.launch?,
        })
    }

    /// Whether this reporter may report on this task.
    pub fn is_reported_by(&self, reporter: &Reporter) -> bool {
        match reporter {
            Reporter::Account(account) => self.account == *account,
            Reporter::Pipeline(claim) => self.claim() == Some(*claim),
        }
    }

    /// Whether the end of its run is not known yet.
    pub fn is_live(&self) -> bool {
        self.run_end().is_none()
    }

    /// The task after the observation, or why the observation is refused. All changes of a task go through here.
    ///
    /// Only a report of a pipeline and a cancel request can conflict. What OpenHEXA shows and what the bridge does either
    /// change the task or leave it as it is.
    pub fn observe(self, observation: &Observation, now: DateTime<Utc>) -> Result<Self, Conflict> {
        let before = self.clone();
        let mut after = match observation {
            Observation::LaunchReserved { launched_as } => self.reserve(*launched_as, now),
            Observation::LaunchPostponed => self.postpone(now),
            Observation::LaunchUnsure => self.launch_unsure(),
            Observation::LaunchRefused { why } => self.refuse(why, now),
            Observation::RunKnown { run } => self.run_known(*run),
            Observation::RunSeen(polled) => self.run_seen(polled, now),
            Observation::RunUnseen => self.run_unseen(now),
            Observation::RunHidden { within } => self.run_hidden(*within, now),
            Observation::PollFailed => self.poll_failed(),
            Observation::RunGone { why, premise } => self.run_gone(why, *premise, now),
            Observation::CancelRequested => self.cancel(now)?,
            Observation::CancelRepeated => self.cancel_again(),
            Observation::StopRequested => self.stop_requested(now),
            Observation::StopNotAnswered => self.stop_not_answered(),
            Observation::Reported(report) => self.report(report, now)?,
            Observation::ProgressMerged(merged) => self.merge_progress(merged),
        };
        if after != before {
            // The clocks of two replicas differ a little, and merged progress is older than its writing.
            after.updated_at = now.max(before.updated_at);
            after.revision += 1;
        }
        Ok(after)
    }

    fn start(mut self, now: DateTime<Utc>) -> Self {
        if !self.is_never_sent()
            && matches!(
                self.state,
                State::Accepted | State::Launching | State::Submitted
            )
        {
            self.state = State::Running;
            self.started_at.get_or_insert(now);
        }
        self
    }

    /// If no launch request was ever sent, there can be no run, even if a report arrives.
    fn is_never_sent(&self) -> bool {
        self.state == State::Accepted && self.run.attempts == 0
    }

    fn end(mut self, run: RunEnd, why: Option<Note>, now: DateTime<Utc>) -> Self {
        if self.run_end().is_none() {
            self.note = why;
            self.state = State::Ended {
                run,
                report: self.final_report().cloned(),
            };
            self.ended_at.get_or_insert(now);
            if matches!(run, RunEnd::Success | RunEnd::Failed) {
                self.started_at.get_or_insert(now);
            }
        }
        self
    }
}
