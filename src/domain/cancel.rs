//! A task that somebody wants to stop: an intention beside its state, which ends where its run ends.

use chrono::{DateTime, Utc};

use super::note::NoteCode;
use super::observation::Conflict;
use super::pipeline::RunStatus;
use super::task::{State, Task};
use super::verdict::{RunEnd, Word};

impl Task {
    /// Whether OpenHEXA may be asked for its run. Never once it was asked to stop.
    pub fn may_be_launched(&self) -> bool {
        self.cancel_asked_at.is_none() && matches!(self.state, State::Accepted | State::Launching)
    }

    /// The wish to stop stands beside the state; only where no run can be, it ends the task at once.
    pub(super) fn cancel(mut self, now: DateTime<Utc>) -> Result<Self, Conflict> {
        if self.verdict().is_some() {
            return Err(Conflict::Ended(self.status()));
        }
        self.cancel_asked_at.get_or_insert(now);
        Ok(self.drop_if_never_sent(now))
    }

    pub(super) fn drop_if_never_sent(self, now: DateTime<Utc>) -> Self {
        if self.state == State::Accepted && self.cancel_asked_at.is_some() {
            return self.end(
                RunEnd::NeverSent,
                Some(NoteCode::CancelledUnsent.into()),
                now,
            );
        }
        self
    }

    /// Whether OpenHEXA is to be asked to stop its run. A reported success is left to finish: a stop could only turn
    /// it into a cancellation.
    pub fn wants_stop(&self) -> bool {
        self.cancel_asked_at.is_some()
            && self.is_live()
            && self.run.id.is_some()
            && self.run.status != Some(RunStatus::Terminating)
            && self.said().is_none_or(|said| said.word != Word::Success)
    }

    pub(super) fn ask_to_stop(mut self, now: DateTime<Utc>) -> Self {
        if self.wants_stop() {
            self.run.stop_asked_at = Some(now);
            self.run.stops += 1;
        }
        self
    }

    /// OpenHEXA may have changed its mind: it is asked again as soon as it is looked at.
    pub(super) fn cancel_again(mut self) -> Self {
        if self.wants_stop() {
            self.run.stop_asked_at = None;
        }
        self
    }

    pub(super) fn stop_unanswered(mut self) -> Self {
        self.run.stop_asked_at = None;
        self
    }

    /// A report that was refused proves all the same that there is a run.
    #[must_use]
    pub fn heard(mut self) -> Self {
        let before = self.clone();
        self.called_back |= !self.is_never_sent();
        self.show();
        self.revision += i64::from(self != before);
        self
    }
}
