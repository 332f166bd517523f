//! What polls show of the task's run.

use chrono::{DateTime, TimeDelta, Utc};

use super::{RunEnd, Task};
use crate::domain::note::Note;
use crate::domain::observation::{PolledStatus, Premise};
use crate::domain::pipeline::RunStatus;

impl Task {
    /// If another poll has seen the end meanwhile, this one is too late and changes nothing.
    pub(super) fn run_seen(mut self, polled: &PolledStatus, now: DateTime<Utc>) -> Self {
        if !self.is_live() {
            return self;
        }
        self.run.status = Some(polled.status.clone());
        self.run.progress = polled.progress.clamp(0, 100) as i32;
        self.run.absent_polls = 0;
        self.run.reset_hidden();
        match polled.status {
            RunStatus::Running => self.start(now),
            RunStatus::Success => self.end(RunEnd::Success, None, now),
            RunStatus::Failed => self.end(RunEnd::Failed, polled.why.clone(), now),
            RunStatus::Stopped | RunStatus::Skipped => self.end(RunEnd::Stopped, None, now),
            // A run that is stopped in the queue is terminating too, without having started.
            RunStatus::Queued | RunStatus::Terminating | RunStatus::Other(_) => self,
        }
    }

    pub(super) fn run_unseen(mut self, now: DateTime<Utc>) -> Self {
        match self.run.id {
            _ if !self.is_live() => return self,
            Some(_) => self.run.absent_polls += 1,
            None => {
                self.run.unseen_since.get_or_insert(now);
            }
        }
        self.run.reset_hidden();
        self
    }

    pub(super) fn run_hidden(mut self, within: TimeDelta, now: DateTime<Utc>) -> Self {
        if self.is_live() {
            self.run.count_hidden(within, now);
        }
        self
    }

    /// A failed poll disproves nothing: earlier polls that did not find the run still count. It only interrupts the polls that
    /// showed neither the run nor its pipeline.
    pub(super) fn poll_failed(mut self) -> Self {
        self.run.reset_hidden();
        self
    }

    /// The state on which the conclusion that the run is gone is based. If any of it has changed since the poll, the
    /// conclusion is ignored.
    pub fn premise(&self) -> Premise {
        Premise {
            run: self.run.id,
            absent_polls: self.run.absent_polls,
            called_back: self.called_back,
            hidden_since: self.run.hidden_since,
        }
    }

    pub(super) fn run_gone(self, why: &Note, premise: Premise, now: DateTime<Utc>) -> Self {
        if self.premise() != premise {
            return self;
        }
        let end = match self.run.id {
            Some(_) => RunEnd::Gone,
            None => RunEnd::NeverConfirmed,
        };
        self.end(end, Some(why.clone()), now)
    }
}
