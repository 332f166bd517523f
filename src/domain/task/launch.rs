//! Attempts to launch the task's run, and their outcomes.

use chrono::{DateTime, Utc};

use super::{RunEnd, State, Task};
use crate::domain::ids::{RunId, UserId};
use crate::domain::note::{Note, NoteCode};
use crate::domain::pipeline::RunStatus;

impl Task {
    /// Whether a launch request may be sent. Never after a cancel.
    pub fn may_be_launched(&self) -> bool {
        self.cancel_asked_at.is_none() && matches!(self.state, State::Accepted | State::Launching)
    }

    pub(super) fn reserve(mut self, launched_as: Option<UserId>, now: DateTime<Utc>) -> Self {
        if self.may_be_launched() {
            // An earlier request whose response is not waited for any more.
            self.run.unsure |= self.state == State::Launching;
            self.state = State::Launching;
            self.run.attempted_at = Some(now);
            self.run.attempts += 1;
            self.run.launched_as = launched_as;
            self.run.unseen_since = None;
        }
        self
    }

    /// Nothing was sent this time, but the run of an earlier attempt may still be found.
    pub(super) fn postpone(mut self, now: DateTime<Utc>) -> Self {
        if self.state == State::Launching && !self.run.unsure {
            self.state = State::Accepted;
        }
        self.end_if_cancelled_before_sending(now)
    }

    pub(super) fn launch_unsure(mut self) -> Self {
        if self.state == State::Accepted {
            self.state = State::Launching;
        }
        self.run.unsure = true;
        self
    }

    pub(super) fn refuse(mut self, why: &Note, now: DateTime<Utc>) -> Self {
        if matches!(self.state, State::Accepted | State::Launching) {
            self = self.end(RunEnd::Refused, Some(why.clone()), now);
        }
        self
    }

    pub(super) fn run_known(mut self, run: RunId) -> Self {
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

    pub(super) fn end_if_cancelled_before_sending(self, now: DateTime<Utc>) -> Self {
        if self.state == State::Accepted && self.cancel_asked_at.is_some() {
            return self.end(
                RunEnd::NeverSent,
                Some(NoteCode::CancelledUnsent.into()),
                now,
            );
        }
        self
    }
}
