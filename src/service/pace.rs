//! The circuit breaker of the polls: how many runs one request asks an OpenHEXA instance for, and when polls pause.
//!
//! Kept per instance and process. While an instance does not answer, polls pause, longer each time, and the first
//! request after a pause is sent alone. A request that fails as a whole asks for half as many runs next time. An
//! instance that limits the requests of one connection (`Retry-After`) pauses the polls of that connection only.
//! Launches neither wait for a pause nor cause one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::connection::Connection;
use crate::domain::ids::ConnectionId;
use crate::openhexa::Error;

/// The waits between looks at an instance that does not answer.
#[derive(Clone, Debug)]
pub struct Pauses {
    pub first: TimeDelta,
    pub most: TimeDelta,
}

/// What may be asked of an instance now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// So many runs per request; after a failure one request goes first.
    Ask {
        most: usize,
        probe: bool,
    },
    Wait {
        until: DateTime<Utc>,
    },
}

/// How a request failed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// With an answer of OpenHEXA's own.
    Answered,
    /// Without one.
    Out,
    /// OpenHEXA accepts no more requests for so long.
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
struct Pace {
    failures: u32,
    until: Option<DateTime<Utc>>,
    /// How often the size of a request was halved.
    halved: u32,
}

/// The pace of every instance, and of each connection whose requests OpenHEXA limits.
#[derive(Default)]
pub struct Paces {
    instances: Mutex<HashMap<String, Pace>>,
    limited: Mutex<HashMap<ConnectionId, Pace>>,
}

impl Paces {
    pub fn leave(&self, at: &Connection, largest: usize, now: DateTime<Utc>) -> Leave {
        let (pace, limited) = (self.of(&at.instance), self.limit_of(at.id));
        match pace.until.max(limited.until) {
            Some(until) if now < until => Leave::Wait { until },
            _ => Leave::Ask {
                most: (largest >> pace.halved.min(usize::BITS - 1)).max(1),
                probe: pace.failures + limited.failures > 0,
            },
        }
    }

    /// Whether the instance had been unavailable until now.
    pub fn answered(&self, at: &Connection) -> bool {
        self.limits().remove(&at.id);
        let mut was_out = false;
        self.change(&at.instance, |pace| {
            was_out = pace.failures > 0;
            *pace = Pace {
                halved: pace.halved.saturating_sub(1),
                ..Pace::default()
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
            Failed::Answered => self.change(&at.instance, Pace::halve),
            Failed::Out => self.change(&at.instance, |pace| {
                pace.halve();
                pace.pause(&at.instance, pauses, now);
            }),
        }
        !was_out && why == Failed::Out
    }

    fn limit(&self, at: &Connection, wait: TimeDelta, pauses: &Pauses, now: DateTime<Utc>) {
        let mut limits = self.limits();
        limits.retain(|_, pace| {
            pace.until
                .is_some_and(|until| until + FORGOTTEN_AFTER > now)
        });
        let pace = limits.entry(at.id).or_default();
        pace.pause(&at.instance, pauses, now);
        pace.until = pace.until.max(Some(now + wait));
    }

    fn limit_of(&self, connection: ConnectionId) -> Pace {
        self.limits().get(&connection).copied().unwrap_or_default()
    }

    fn limits(&self) -> MutexGuard<'_, HashMap<ConnectionId, Pace>> {
        self.limited.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, instance: &str) -> Pace {
        self.paces().get(instance).copied().unwrap_or_default()
    }

    fn change(&self, instance: &str, change: impl FnOnce(&mut Pace)) {
        change(self.paces().entry(instance.to_owned()).or_default());
    }

    fn paces(&self) -> MutexGuard<'_, HashMap<String, Pace>> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pace {
    /// Requests that were sent at the same time fail together: they count as one failure.
    fn pause(&mut self, instance: &str, pauses: &Pauses, now: DateTime<Utc>) {
        if self.until.is_none_or(|until| until <= now) {
            self.failures += 1;
            self.until = Some(now + pause(instance, self.failures, pauses));
        }
    }

    fn halve(&mut self) {
        self.halved = (self.halved + 1).min(LEAST);
    }
}

/// A limit that ended so long ago does not make the next pause longer.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::minutes(10);

/// Halved so often, the largest request is one run.
const LEAST: u32 = 10;

/// Doubled with each failure, and up to a fifth shorter, so that instances do not come back in step.
fn pause(instance: &str, failures: u32, pauses: &Pauses) -> TimeDelta {
    let doubled = pauses.first * 2_i32.pow(failures.saturating_sub(1).min(10));
    let wait = doubled.min(pauses.most);
    wait - wait / 5 * part(&(instance, failures), 8) / 8
}

/// A number below `of`, always the same for the same thing.
pub fn part(thing: &impl Hash, of: i32) -> i32 {
    let mut hasher = DefaultHasher::new();
    thing.hash(&mut hasher);
    #[allow(clippy::cast_possible_truncation, reason = "a remainder of an i32")]
    let part = (hasher.finish() % u64::from(of.unsigned_abs().max(1))) as i32;
    part
}
