//! The circuit breaker of the polls: how many runs one request polls, and when polls pause.
//!
//! While an instance does not respond, polls pause, longer each time, and the first request after a pause is sent alone.
//! After a request that failed as a whole, the next one polls half as many runs. Launches neither wait for a pause nor
//! cause one.

use chrono::{DateTime, TimeDelta, Utc};

use super::error::Error;
use crate::domain::spread::offset;

/// The pauses between polls of an instance that does not respond.
#[derive(Clone, Debug)]
pub struct Pauses {
    pub first: TimeDelta,
    pub longest: TimeDelta,
}

/// Whether an instance can be polled now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    Allowed {
        /// Runs per request.
        max_runs: usize,
        /// Whether a single request is sent first, because the last one failed.
        probe: bool,
    },
    Paused {
        until: DateTime<Utc>,
    },
}

/// How a poll failed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollFailure {
    /// OpenHEXA returned an error.
    Error,
    NoResponse,
    /// OpenHEXA accepts no more requests for this time.
    Throttled {
        wait: TimeDelta,
    },
}

impl From<&Error> for PollFailure {
    fn from(error: &Error) -> Self {
        if error.is_throttled() {
            let seconds = error.retry_after().unwrap_or_default();
            let wait = TimeDelta::seconds(seconds.into());
            return Self::Throttled { wait };
        }
        if error.is_outage() {
            Self::NoResponse
        } else {
            Self::Error
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    until: Option<DateTime<Utc>>,
    /// How often the size of a request was halved.
    halved: u32,
}

impl Breaker {
    /// `limit` is the breaker of the token, whose requests OpenHEXA can limit.
    pub fn permission(&self, limit: &Self, largest: usize, now: DateTime<Utc>) -> Permission {
        match self.until.max(limit.until) {
            Some(until) if now < until => Permission::Paused { until },
            _ => Permission::Allowed {
                max_runs: (largest >> self.halved.min(usize::BITS - 1)).max(1),
                probe: self.failures + limit.failures > 0,
            },
        }
    }

    pub fn succeeded(&mut self) {
        *self = Self {
            halved: self.halved.saturating_sub(1),
            ..Self::default()
        };
    }

    /// Requests that were sent at the same time fail together: they count as one failure.
    pub fn pause(&mut self, instance: &str, pauses: &Pauses, now: DateTime<Utc>) {
        if self.until.is_none_or(|until| until <= now) {
            self.failures += 1;
            self.until = Some(now + pause(instance, self.failures, pauses));
        }
    }

    pub fn pause_at_least(&mut self, until: DateTime<Utc>) {
        self.until = self.until.max(Some(until));
    }

    pub fn halve(&mut self) {
        self.halved = (self.halved + 1).min(MAX_HALVINGS);
    }

    /// Whether its last pause still makes the next one longer.
    pub fn is_recent(&self, now: DateTime<Utc>) -> bool {
        self.until
            .is_some_and(|until| until + FORGOTTEN_AFTER > now)
    }
}

/// A limit that ended this long ago does not make the next pause longer.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::minutes(10);

/// Halved this often, the largest request is one run.
const MAX_HALVINGS: u32 = 10;

/// Doubled with each failure, and up to a fifth shorter, so that polls of several instances do not resume at the same time.
fn pause(instance: &str, failures: u32, pauses: &Pauses) -> TimeDelta {
    let doubled = pauses.first * 2_i32.pow(failures.saturating_sub(1).min(10));
    let wait = doubled.min(pauses.longest);
    wait - wait / 5 * offset(&(instance, failures), 8) / 8
}
