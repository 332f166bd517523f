//! A user's request to stop a task. It is stored independently of the task's state; the task ends when its run ends.

use chrono::{DateTime, Utc};

use super::{FinalStatus, Task};
use crate::domain::observation::Conflict;
use crate::domain::pipeline::RunStatus;

impl Task {
    /// Ends the task at once if there can be no run.
    pub(super) fn cancel(mut self, now: DateTime<Utc>) -> Result<Self, Conflict> {
        if self.outcome().is_some() {
            return Err(Conflict::Ended(self.status()));
        }
        self.cancel_asked_at.get_or_insert(now);
        Ok(self.end_if_cancelled_before_sending(now))
    }

    /// Whether a stop request is to be sent. A run whose pipeline reported success is not stopped: a stop could only turn
    /// the success into a cancellation.
    pub fn wants_stop(&self) -> bool {
        self.cancel_asked_at.is_some()
            && self.is_live()
            && self.run.id.is_some()
            && self.run.status != Some(RunStatus::Terminating)
            && self
                .final_report()
                .is_none_or(|report| report.status != FinalStatus::Success)
    }

    pub(super) fn stop_requested(mut self, now: DateTime<Utc>) -> Self {
        if self.wants_stop() {
            self.run.stop_asked_at = Some(now);
            self.run.stops += 1;
        }
        self
    }

    /// OpenHEXA may accept a stop that it denied before: the request is sent again at the next poll.
    pub(super) fn cancel_again(mut self) -> Self {
        if self.wants_stop() {
            self.run.stop_asked_at = None;
        }
        self
    }

    pub(super) fn stop_not_answered(mut self) -> Self {
        self.run.stop_asked_at = None;
        self
    }
}
