//! Every wait and limit of the flows, each with a name.

use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

use super::pace::{Pauses, part};
use super::throttle::ReportLimits;
use crate::domain::run::time_limit;
use crate::domain::task::{State, Task};

#[derive(Clone, Debug)]
pub struct Rules {
    /// A launch is answered within this time, whatever OpenHEXA does.
    pub answer_within: Duration,
    /// How long a launch that could not be sent is tried again.
    pub give_up_after: TimeDelta,
    /// How long a launch may be asked for again under its key.
    pub idempotency_kept: TimeDelta,
    /// How far OpenHEXA's clock may be behind ours.
    pub clock_skew: TimeDelta,
    /// How long answered looks may fail to show a run before the launch counts as not made.
    pub grace: TimeDelta,
    pub looks: Looks,
    pub reports: ReportLimits,
    /// How long a claim on a task holds; longer than any call to OpenHEXA takes.
    pub lease: TimeDelta,
    /// How many tasks one pass takes on.
    pub pass_limit: usize,
    /// How many questions about them are under way at a time; below what the client lets through to one instance.
    pub looks_at_once: usize,
    /// How many runs are asked for in one request.
    pub runs_per_request: usize,
    /// How long an instance that does not answer is left alone.
    pub pauses: Pauses,
    /// Answered looks in a row that prove a run absent.
    pub absent_looks: i32,
    /// Added to a run's own time limit before it is overdue.
    pub deadline_grace: TimeDelta,
    /// How long an overdue run and its pipeline must both be out of sight to count as gone.
    pub hidden_for: TimeDelta,
    /// When a run that still runs is asked again to stop; each time twice as late, up to sixteen times.
    pub stop_again: TimeDelta,
    /// How long a run may wait in OpenHEXA's queue before it is overdue.
    pub queue_allowance: TimeDelta,
}

/// How often a run is looked at.
#[derive(Clone, Debug)]
pub struct Looks {
    pub early: TimeDelta,
    pub early_for: TimeDelta,
    /// While a launch is unsure or a reported end unconfirmed.
    pub unsure: TimeDelta,
    pub usual: TimeDelta,
    pub late: TimeDelta,
    pub late_after: TimeDelta,
    /// At most this, past a run's deadline.
    pub overdue: TimeDelta,
}

impl Looks {
    /// How far apart looks at an overdue run may lie to count as a row: some may be late, an outage is none.
    pub fn hidden_within(&self) -> TimeDelta {
        self.overdue * 12
    }

    fn of_age(&self, age: TimeDelta) -> TimeDelta {
        if age < self.early_for {
            self.early
        } else if age > self.late_after {
            self.late
        } else {
            self.usual
        }
    }
}

/// Runs of one pipeline are due at the same moments, so that one page shows them all; pipelines are spread out.
/// Never later than `wait` from now, nor sooner than a fifth of it.
fn together(task: &Task, wait: TimeDelta, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = wait.num_milliseconds();
    let (soonest, step) = (wait / 5, (wait - wait / 5).max(1));
    let offset = part(&task.pipeline.id, i32::try_from(step).unwrap_or(i32::MAX));
    let passed = (now.timestamp_millis() + soonest - i64::from(offset)).rem_euclid(step);
    now + TimeDelta::milliseconds(soonest + (step - passed) % step)
}

impl Rules {
    /// When a task is looked at next; never, once the end of its run is known.
    pub fn next_look(&self, task: &Task, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let age = now - task.created_at;
        let wait = match &task.state {
            State::Ended { .. } => return None,
            State::Accepted => self.backoff(age),
            State::Launching | State::Submitted | State::Running | State::Reported(_)
                if self.is_overdue(task, now) =>
            {
                self.looks.overdue
            }
            State::Launching | State::Reported(_) => self.looks.unsure,
            State::Submitted | State::Running if task.run.id.is_none() => self.looks.unsure,
            State::Submitted | State::Running if task.cancel_asked_at.is_some() => {
                self.looks.unsure.min(self.stop_again)
            }
            State::Submitted | State::Running => {
                return Some(together(task, self.looks.of_age(age), now));
            }
        };
        Some(now + wait)
    }

    /// When its run must be over. OpenHEXA counts from the start of the run; one that was not seen to start may have
    /// waited in the queue.
    pub fn deadline(&self, task: &Task) -> DateTime<Utc> {
        let sent = task.run.attempted_at.unwrap_or(task.created_at);
        let started = task.started_at.unwrap_or(sent + self.queue_allowance);
        started + time_limit(task.run.timeout_seconds) + self.deadline_grace
    }

    /// Late, which is no end: a run past its deadline is looked at until a look shows its end.
    pub fn is_overdue(&self, task: &Task, now: DateTime<Utc>) -> bool {
        task.is_live() && task.run.attempts > 0 && now >= self.deadline(task)
    }

    /// Whether OpenHEXA is to be asked now to stop the task's run.
    pub fn stop_is_due(&self, task: &Task, now: DateTime<Utc>) -> bool {
        let doubled = task.run.stops.clamp(1, 5) - 1;
        let wait = self.stop_again * 2_i32.pow(doubled.unsigned_abs());
        task.wants_stop() && task.run.stop_asked_at.is_none_or(|at| now - at >= wait)
    }

    /// A quarter of the time it has taken so far, up to three usual looks.
    fn backoff(&self, age: TimeDelta) -> TimeDelta {
        // In whole milliseconds, as every time: the databases keep different parts of one.
        let quarter = TimeDelta::milliseconds(age.num_milliseconds() / 4);
        quarter.clamp(self.looks.early, self.looks.usual.max(self.looks.early) * 3)
    }
}
