//! A task: one launch as its launcher sees it, and the rules by which it moves.
//!
//! Callback, poll, user and time-out are all [`Observation`]s and come through one door, [`Task::observe`].
//! What a task ends as is a pure function of two facts that may arrive in either order: the pipeline's first
//! terminal word and the end of its own run ([`verdict`]). Nothing here knows where the facts come from.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::ids::{AccountId, ConnectionId, LaunchId, PipelineId, RunId, TaskId, UserId};
use super::note::Note;
use super::observation::{Conflict, Observation, Premise, Sighting};
use super::pipeline::{RunStatus, VersionLabel};
use super::principal::{Actor, CallbackClaim, Person, Reporter};
pub use super::verdict::{RunEnd, Status, Verdict, Word, verdict};

/// The pipeline's first terminal word with what it said beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub word: Word,
    /// The message of that very report.
    pub message: Option<String>,
    /// The last message before it.
    pub previous: Option<String>,
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Committed; OpenHEXA has not been asked.
    Accepted,
    /// OpenHEXA was asked; whether it made a run is not known yet.
    Launching,
    /// Our run's id is known.
    Submitted,
    Running,
    /// The pipeline has said its end; its run is still watched.
    Reported(Said),
    Ended {
        run: RunEnd,
        said: Option<Said>,
    },
}

/// The pipeline a task belongs to, as it was named at the launch.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineRef {
    pub id: PipelineId,
    pub code: String,
    pub name: String,
    pub version: Option<VersionLabel>,
}

/// The task's own run, and what we know of its making.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub id: Option<RunId>,
    /// None: it was launched before launches had an id.
    pub launch: Option<LaunchId>,
    pub status: Option<RunStatus>,
    /// Percent, 0 to 100.
    pub progress: i32,
    /// What was sent, secrets masked.
    pub config: Map<String, Value>,
    /// Whether the config sent names our task, so that a lost run can be told from others.
    pub names_task: bool,
    /// Whether OpenHEXA drops the config (notebooks, versionless runs).
    pub drops_config: bool,
    pub send_notifications: bool,
    pub debug: bool,
    /// Seconds the version allows.
    pub timeout_seconds: Option<i64>,
    /// When OpenHEXA was last asked to make it.
    pub attempted_at: Option<DateTime<Utc>>,
    pub attempts: i32,
    /// As whom OpenHEXA was asked.
    pub launched_as: Option<UserId>,
    /// Whether an attempt may have made a run without our hearing of it.
    pub unsure: bool,
    /// Answered looks in a row in which the run was absent though its pipeline was visible.
    pub absent_polls: i32,
    /// When a successful poll since the last attempt first did not find the lost run.
    pub unseen_since: Option<DateTime<Utc>>,
    /// Since when every answered look showed neither the run nor its pipeline, though the token was still good.
    pub hidden_since: Option<DateTime<Utc>>,
    /// The last of those looks.
    pub hidden_at: Option<DateTime<Utc>>,
    /// When OpenHEXA was last asked to stop it; unset again where it gave no answer.
    pub stop_asked_at: Option<DateTime<Utc>>,
    pub stops: i32,
}

/// One launch and all that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub id: TaskId,
    pub account: AccountId,
    pub connection: ConnectionId,
    pub name: String,
    pub pipeline: PipelineRef,
    pub launcher: Option<Person>,
    /// Where no person is known.
    pub launched_with: Option<Actor>,
    pub state: State,
    pub run: Run,
    /// The last message of the pipeline.
    pub message: Option<String>,
    pub progress_value: i32,
    pub end_value: i32,
    /// The result as the pipeline sent it.
    pub data: Option<Value>,
    /// Bytes of a result that is stored, but was not read with the task. Such a task is shown or polled, never saved.
    pub unread: Option<i64>,
    /// Whether it came without a status after the end: it is shown as it was sent.
    pub data_late: bool,
    /// Why it ended, where only the bridge can say so.
    pub note: Option<Note>,
    pub called_back: bool,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    pub cancel_asked_at: Option<DateTime<Utc>>,
    pub relaunch_of: Option<TaskId>,
    /// Grows with every change.
    pub revision: i64,
}

impl Task {
    pub fn said(&self) -> Option<&Said> {
        match &self.state {
            State::Reported(said) => Some(said),
            State::Ended { said, .. } => said.as_ref(),
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

    pub fn verdict(&self) -> Option<Verdict> {
        let word = self.said().map(|said| said.word);
        verdict(self.run_end(), word, self.cancel_asked_at.is_some())
    }

    pub fn status(&self) -> Status {
        match self.verdict() {
            Some(verdict) => verdict.status,
            None if self.state == State::Running => Status::Running,
            None => Status::Queued,
        }
    }

    pub fn confirmed(&self) -> bool {
        self.verdict().is_some_and(|verdict| verdict.confirmed)
    }

    /// What the callback token of this task's launch says.
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

    /// Whether its run still has to be watched.
    pub fn is_live(&self) -> bool {
        self.run_end().is_none()
    }

    /// The one door for state changes: the task after the observation, or why it cannot be taken.
    ///
    /// Only a report of a pipeline or a person's wish can conflict; what is seen in OpenHEXA or done by the bridge
    /// either moves the task or leaves it as it is.
    pub fn observe(self, observation: &Observation, now: DateTime<Utc>) -> Result<Self, Conflict> {
        let before = self.clone();
        let mut after = match observation {
            Observation::LaunchReserved { launched_as } => self.reserve(*launched_as, now),
            Observation::LaunchPostponed => self.postpone(now),
            Observation::LaunchUnsure => self.doubt(),
            Observation::LaunchRefused { why } => self.refuse(why, now),
            Observation::RunKnown { run } => self.know(*run),
            Observation::RunSeen(sighting) => self.see(sighting, now),
            Observation::RunUnseen => self.unseen(now),
            Observation::RunHidden { within } => self.hide(*within, now),
            Observation::PollFailed => self.look_again(),
            Observation::RunGone { why, premise } => self.gone(why, *premise, now),
            Observation::CancelAsked => self.cancel(now)?,
            Observation::CancelAskedAgain => self.cancel_again(),
            Observation::StopAsked => self.ask_to_stop(now),
            Observation::StopUnanswered => self.stop_unanswered(),
            Observation::Reported(report) => self.report(report, now)?,
            Observation::ProgressKept(kept) => self.take_kept(kept),
        };
        if after != before {
            // The clocks of two replicas differ a little, and kept progress is older than its writing.
            after.updated_at = now.max(before.updated_at);
            after.revision += 1;
        }
        Ok(after)
    }

    fn reserve(mut self, launched_as: Option<UserId>, now: DateTime<Utc>) -> Self {
        if self.may_be_launched() {
            // A launch under way whose answer nobody waits for any more.
            self.run.unsure |= self.state == State::Launching;
            self.state = State::Launching;
            self.run.attempted_at = Some(now);
            self.run.attempts += 1;
            self.run.launched_as = launched_as;
            self.run.unseen_since = None;
        }
        self
    }

    /// Nothing was sent this time; a run of an attempt before may still show.
    fn postpone(mut self, now: DateTime<Utc>) -> Self {
        if self.state == State::Launching && !self.run.unsure {
            self.state = State::Accepted;
        }
        self.drop_if_never_sent(now)
    }

    fn doubt(mut self) -> Self {
        if self.state == State::Accepted {
            self.state = State::Launching;
        }
        self.run.unsure = true;
        self
    }

    /// A failed poll disproves nothing: polls before it that did not find the run still count. It only breaks the row of
    /// polls that showed neither the run nor its pipeline.
    fn look_again(mut self) -> Self {
        self.show();
        self
    }

    /// Neither run nor pipeline: what an archived workspace looks like, and a deleted pipeline. Looks that lie
    /// further apart than `within` are no row.
    fn hide(mut self, within: TimeDelta, now: DateTime<Utc>) -> Self {
        if self.is_live() {
            let in_a_row = self.run.hidden_at.is_some_and(|last| now - last <= within);
            self.run.hidden_since = self.run.hidden_since.filter(|_| in_a_row).or(Some(now));
            self.run.hidden_at = Some(now);
        }
        self
    }

    /// Something of it was seen or heard: it is not hidden.
    pub(super) fn show(&mut self) {
        self.run.hidden_since = None;
        self.run.hidden_at = None;
    }

    /// What an absence is judged by: should any of it have changed since the look, the judgement is void.
    pub fn premise(&self) -> Premise {
        Premise {
            run: self.run.id,
            absent_polls: self.run.absent_polls,
            called_back: self.called_back,
            hidden_since: self.run.hidden_since,
        }
    }

    fn gone(self, why: &Note, premise: Premise, now: DateTime<Utc>) -> Self {
        if self.premise() != premise {
            return self;
        }
        let end = match self.run.id {
            Some(_) => RunEnd::Gone,
            None => RunEnd::NeverConfirmed,
        };
        self.end(end, Some(why.clone()), now)
    }

    fn refuse(mut self, why: &Note, now: DateTime<Utc>) -> Self {
        if matches!(self.state, State::Accepted | State::Launching) {
            self = self.end(RunEnd::Refused, Some(why.clone()), now);
        }
        self
    }

    fn know(mut self, run: RunId) -> Self {
        if self.run.id.is_none() {
            self.run.id = Some(run);
            self.run.unseen_since = None;
            if self.is_live() {
                self.run.status.get_or_insert(RunStatus::Queued);
            }
        }
        if matches!(self.state, State::Accepted | State::Launching) {
            self.state = State::Submitted;
        }
        self
    }

    /// A look that was under way when another one saw the end comes too late to tell anything.
    fn see(mut self, sighting: &Sighting, now: DateTime<Utc>) -> Self {
        if !self.is_live() {
            return self;
        }
        self.run.status = Some(sighting.status.clone());
        self.run.progress = sighting.progress.clamp(0, 100) as i32;
        self.run.absent_polls = 0;
        self.show();
        match sighting.status {
            RunStatus::Running => self.start(now),
            RunStatus::Success => self.end(RunEnd::Success, None, now),
            RunStatus::Failed => self.end(RunEnd::Failed, sighting.why.clone(), now),
            RunStatus::Stopped | RunStatus::Skipped => self.end(RunEnd::Stopped, None, now),
            // A run that is stopped in the queue terminates too, without ever having run.
            RunStatus::Queued | RunStatus::Terminating | RunStatus::Other(_) => self,
        }
    }

    fn unseen(mut self, now: DateTime<Utc>) -> Self {
        match self.run.id {
            _ if !self.is_live() => return self,
            Some(_) => self.run.absent_polls += 1,
            None => {
                self.run.unseen_since.get_or_insert(now);
            }
        }
        self.show();
        self
    }

    pub(super) fn start(mut self, now: DateTime<Utc>) -> Self {
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

    /// Where nothing was ever sent, nothing can run, whoever says so.
    pub(super) fn is_never_sent(&self) -> bool {
        self.state == State::Accepted && self.run.attempts == 0
    }

    pub(super) fn end(mut self, run: RunEnd, why: Option<Note>, now: DateTime<Utc>) -> Self {
        if self.run_end().is_none() {
            self.note = why;
            self.state = State::Ended {
                run,
                said: self.said().cloned(),
            };
            self.ended_at.get_or_insert(now);
            if matches!(run, RunEnd::Success | RunEnd::Failed) {
                self.started_at.get_or_insert(now);
            }
        }
        self
    }
}
