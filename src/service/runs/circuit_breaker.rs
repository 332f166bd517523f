//! The circuit breaker of the polls: how many runs one request asks an OpenHEXA instance for, and when polls pause.
//!
//! Kept per instance and process. While an instance does not answer, polls pause, longer each time, and the first
//! request after a pause is sent alone. A request that fails as a whole asks for half as many runs next time. An
//! instance that limits the requests of one connection (`Retry-After`) pauses the polls of that connection only.
//! Launches neither wait for a pause nor cause one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::Pauses;
use super::spread::offset;
use crate::domain::connection::Connection;
use crate::domain::ids::ConnectionId;
use crate::openhexa::Error;

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

/// How a request failed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// OpenHEXA responded with an error.
    Answered,
    /// OpenHEXA did not respond.
    Out,
    /// OpenHEXA accepts no more requests for this time.
    Throttled { wait: TimeDelta },
}

impl From<&Error> for Failed {
    fn from(error: &Error) -> Self {
        if error.is_throttled() {
            let seconds = error.retry_after().unwrap_or_default();
            let wait = TimeDelta::seconds(seconds.into());
            return Self::Throttled { wait };
        }
        if error.is_outage() {
            Self::Out
        } else {
            Self::Answered
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Breaker {
    failures: u32,
    until: Option<DateTime<Utc>>,
    /// How often the size of a request was halved.
    halved: u32,
}

/// One for each instance, and one for each connection whose requests OpenHEXA limits.
#[derive(Default)]
pub struct CircuitBreakers {
    instances: Mutex<HashMap<String, Breaker>>,
    limited: Mutex<HashMap<ConnectionId, Breaker>>,
}

impl CircuitBreakers {
    pub fn permission(&self, at: &Connection, largest: usize, now: DateTime<Utc>) -> Permission {
        let (breaker, limited) = (self.of(&at.instance), self.limit_of(at.id));
        match breaker.until.max(limited.until) {
            Some(until) if now < until => Permission::Paused { until },
            _ => Permission::Allowed {
                max_runs: (largest >> breaker.halved.min(usize::BITS - 1)).max(1),
                probe: breaker.failures + limited.failures > 0,
            },
        }
    }

    /// Whether the instance had been unavailable until now.
    pub fn answered(&self, at: &Connection) -> bool {
        self.limits().remove(&at.id);
        let mut was_out = false;
        self.change(&at.instance, |breaker| {
            was_out = breaker.failures > 0;
            *breaker = Breaker {
                halved: breaker.halved.saturating_sub(1),
                ..Breaker::default()
            };
        });
        was_out
    }

    /// A request failed as a whole. Whether the instance had been available until now.
    pub fn failed(
        &self,
        at: &Connection,
        why: Failed,
        pauses: &Pauses,
        now: DateTime<Utc>,
    ) -> bool {
        let was_out = self.of(&at.instance).failures > 0;
        match why {
            Failed::Throttled { wait } => self.limit(at, wait, pauses, now),
            Failed::Answered => self.change(&at.instance, Breaker::halve),
            Failed::Out => self.change(&at.instance, |breaker| {
                breaker.halve();
                breaker.pause(&at.instance, pauses, now);
            }),
        }
        !was_out && why == Failed::Out
    }

    fn limit(&self, at: &Connection, wait: TimeDelta, pauses: &Pauses, now: DateTime<Utc>) {
        let mut limits = self.limits();
        limits.retain(|_, breaker| {
            breaker
                .until
                .is_some_and(|until| until + FORGOTTEN_AFTER > now)
        });
        let breaker = limits.entry(at.id).or_default();
        breaker.pause(&at.instance, pauses, now);
        breaker.until = breaker.until.max(Some(now + wait));
    }

    fn limit_of(&self, connection: ConnectionId) -> Breaker {
        self.limits().get(&connection).copied().unwrap_or_default()
    }

    fn limits(&self) -> MutexGuard<'_, HashMap<ConnectionId, Breaker>> {
        self.limited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, instance: &str) -> Breaker {
        self.breakers().get(instance).copied().unwrap_or_default()
    }

    fn change(&self, instance: &str, change: impl FnOnce(&mut Breaker)) {
        change(self.breakers().entry(instance.to_owned()).or_default());
    }

    fn breakers(&self) -> MutexGuard<'_, HashMap<String, Breaker>> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Breaker {
    /// Requests that were sent at the same time fail together: they count as one failure.
    fn pause(&mut self, instance: &str, pauses: &Pauses, now: DateTime<Utc>) {
        if self.until.is_none_or(|until| until <= now) {
            self.failures += 1;
            self.until = Some(now + pause(instance, self.failures, pauses));
        }
    }

    fn halve(&mut self) {
        self.halved = (self.halved + 1).min(MAX_HALVINGS);
    }
}

/// A limit that ended this long ago does not make the next pause longer.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::minutes(10);

/// Halved this often, the largest request is one run.
const MAX_HALVINGS: u32 = 10;

/// Doubled with each failure, and up to a fifth shorter, so that instances do not come back in step.
fn pause(instance: &str, failures: u32, pauses: &Pauses) -> TimeDelta {
    let doubled = pauses.first * 2_i32.pow(failures.saturating_sub(1).min(10));
    let wait = doubled.min(pauses.longest);
    wait - wait / 5 * offset(&(instance, failures), 8) / 8
}
