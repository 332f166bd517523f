//! The times and limits of launches, polls and reports, and what follows from them.

use chrono::{DateTime, TimeDelta, Utc};

use super::reports::ReportLimits;
use crate::domain::run::time_limit;
use crate::domain::spread::offset;
use crate::domain::task::{State, Task};
use crate::openhexa::Pauses;

#[derive(Clone, Debug)]
pub struct Rules {
    /// How long a launch that could not be sent is retried.
    pub give_up_after: TimeDelta,
    /// How far OpenHEXA's clock can be behind the bridge's.
    pub clock_skew: TimeDelta,
    /// For how long successful polls must not find a run before the launch counts as not made.
    pub grace: TimeDelta,
    pub polls: PollTimes,
    pub reports: ReportLimits,
    /// How long a lease of a task lasts; longer than any request to OpenHEXA.
    pub lease: TimeDelta,
    /// How many tasks one polling cycle handles.
    pub cycle_limit: usize,
    /// Concurrent requests of a polling cycle; fewer than the client allows for one instance.
    pub concurrent_polls: usize,
    /// How many runs one request polls.
    pub runs_per_request: usize,
    /// How long polls of an instance pause that does not respond.
    pub pauses: Pauses,
    /// Consecutive successful polls without a run that prove it deleted.
    pub absent_polls: i32,
    /// Added to a run's own time limit before it is overdue.
    pub deadline_grace: TimeDelta,
    /// How long polls must show neither an overdue run nor its pipeline for the run to count as deleted.
    pub hidden_for: TimeDelta,
    /// The time until the stop request of a run that still runs is repeated. It doubles each time, up to sixteen times.
    pub stop_again: TimeDelta,
    /// How long a run may wait in OpenHEXA's queue before it is overdue.
    pub queue_allowance: TimeDelta,
}

/// The times between polls of a run.
#[derive(Clone, Debug)]
pub struct PollTimes {
    /// Of a new run. The first poll after a reported end comes after half of it.
    pub early: TimeDelta,
    pub early_for: TimeDelta,
    /// While the outcome of a launch is not known, and the longest while a reported end is not confirmed.
    pub unsure: TimeDelta,
    pub usual: TimeDelta,
    pub late: TimeDelta,
    pub late_after: TimeDelta,
    /// The maximum time between polls after a run's deadline.
    pub overdue: TimeDelta,
}

impl PollTimes {
    /// How far apart polls of an overdue run can be to count as consecutive: some can be late, but an outage is a gap.
    pub fn hidden_within(&self) -> TimeDelta {
        self.overdue * 12
    }

    fn interval_for_age(&self, age: TimeDelta) -> TimeDelta {
        if age < self.early_for {
            self.early
        } else if age > self.late_after {
            self.late
        } else {
            self.usual
        }
    }
}

/// Runs of one pipeline are polled at the same time, because one page of its runs shows them all. Different pipelines are
/// spread over `wait`. At most `wait` from now, at least a fifth of it.
fn together(task: &Task, wait: TimeDelta, now: DateTime<Utc>) -> DateTime<Utc> {
    let wait = wait.num_milliseconds();
    let (soonest, step) = (wait / 5, (wait - wait / 5).max(1));
    let offset = offset(&task.pipeline.id, i32::try_from(step).unwrap_or(i32::MAX));
    let passed = (now.timestamp_millis() + soonest - i64::from(offset)).rem_euclid(step);
    now + TimeDelta::milliseconds(soonest + (step - passed) % step)
}

impl Rules {
    /// The time of a task's next poll. None: the end of its run is known.
    pub fn next_poll(&self, task: &Task, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let age = now - task.created_at;
        let wait = match &task.state {
            State::Ended { .. } => return None,
            State::Accepted => self.backoff(age),
            State::Reported(_) => self.confirmation(task, now),
            State::Launching | State::Submitted | State::Running if self.is_overdue(task, now) => {
                self.polls.overdue
            }
            State::Launching => self.polls.unsure,
            State::Submitted | State::Running if task.run.id.is_none() => self.polls.unsure,
            State::Submitted | State::Running if task.cancel_asked_at.is_some() => {
                self.polls.unsure.min(self.stop_again)
            }
            State::Submitted | State::Running => {
                return Some(together(task, self.polls.interval_for_age(age), now));
            }
        };
        Some(now + wait)
    }

    /// When the run must have ended. OpenHEXA counts from the start of the run; a run that was not seen to start can have
    /// waited in the queue.
    pub fn deadline(&self, task: &Task) -> DateTime<Utc> {
        let sent = task.run.attempted_at.unwrap_or(task.created_at);
        let started = task.started_at.unwrap_or(sent + self.queue_allowance);
        started + time_limit(task.run.timeout_seconds) + self.deadline_grace
    }

    /// An overdue run has not ended: it is polled until a poll shows its end.
    pub fn is_overdue(&self, task: &Task, now: DateTime<Utc>) -> bool {
        task.is_live() && task.run.attempts > 0 && now >= self.deadline(task)
    }

    /// Whether the stop request of the task's run is to be sent now.
    pub fn stop_is_due(&self, task: &Task, now: DateTime<Utc>) -> bool {
        let doubled = task.run.stops.clamp(1, 5) - 1;
        let wait = self.stop_again * 2_i32.pow(doubled.unsigned_abs());
        task.wants_stop() && task.run.stop_asked_at.is_none_or(|at| now - at >= wait)
    }

    /// The time until the next poll after a reported end: as long as the time since the report, because OpenHEXA can show the
    /// end of the run at once or much later. At least half of `early`, at most `unsure`.
    fn confirmation(&self, task: &Task, now: DateTime<Utc>) -> TimeDelta {
        let longest = if self.is_overdue(task, now) {
            self.polls.overdue
        } else {
            self.polls.unsure
        };
        let reported_at = task.ended_at.unwrap_or(now);
        // In whole milliseconds, as in `backoff`.
        let passed = TimeDelta::milliseconds((now - reported_at).num_milliseconds());
        passed.max(self.polls.early / 2).min(longest)
    }

    /// A quarter of the time since the launch, up to three times the usual time between polls.
    fn backoff(&self, age: TimeDelta) -> TimeDelta {
        // In whole milliseconds, because the databases store different fractions of one.
        let quarter = TimeDelta::milliseconds(age.num_milliseconds() / 4);
        quarter.clamp(self.polls.early, self.polls.usual.max(self.polls.early) * 3)
    }
}
