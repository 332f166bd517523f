//! How hard an instance of OpenHEXA is asked about runs: how many at once, and for how long not at all.
//!
//! A breaker and a measure, per instance and process. While an instance does not answer, its runs are not asked for
//! one by one in vain: looks pause, longer each time, and one probe goes first. A request that fails as a whole is
//! smaller next time, so that an answer too slow or too large comes down to what can be answered. Launches neither
//! wait for a pause nor cause one.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

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

impl Failed {
    fn wait(self) -> TimeDelta {
        match self {
            Self::Throttled { wait } => wait,
            Self::Answered | Self::Out => TimeDelta::zero(),
        }
    }
}

impl From<&Error> for Failed {
    fn from(error: &Error) -> Self {
        match (error.retry_after(), error.is_outage()) {
            (Some(seconds), _) => Self::Throttled {
                wait: TimeDelta::seconds(seconds.into()),
            },
            (None, true) => Self::Out,
            (None, false) => Self::Answered,
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

/// The pace of every instance.
#[derive(Default)]
pub struct Paces(Mutex<HashMap<String, Pace>>);

impl Paces {
    pub fn leave(&self, instance: &str, largest: usize, now: DateTime<Utc>) -> Leave {
        let pace = self.of(instance);
        match pace.until {
            Some(until) if now < until => Leave::Wait { until },
            _ => Leave::Ask {
                most: (largest >> pace.halved.min(usize::BITS - 1)).max(1),
                probe: pace.failures > 0,
            },
        }
    }

    pub fn answered(&self, instance: &str) {
        self.change(instance, |pace| {
            *pace = Pace {
                halved: pace.halved.saturating_sub(1),
                ..Pace::default()
            };
        });
    }

    /// A request failed as a whole.
    pub fn failed(&self, instance: &str, why: Failed, pauses: &Pauses, now: DateTime<Utc>) {
        self.change(instance, |pace| {
            let out = match why {
                Failed::Answered => false,
                Failed::Out | Failed::Throttled { .. } => true,
            };
            // Smaller requests would be more of them.
            if !matches!(why, Failed::Throttled { .. }) {
                pace.halved = (pace.halved + 1).min(LEAST);
            }
            // Others of the same pass fail beside the first: that is one failure.
            if out && pace.until.is_none_or(|until| until <= now) {
                pace.failures += 1;
                pace.until = Some(now + pause(instance, pace.failures, pauses).max(why.wait()));
            }
        });
    }

    fn of(&self, instance: &str) -> Pace {
        let paces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        paces.get(instance).copied().unwrap_or_default()
    }

    fn change(&self, instance: &str, change: impl FnOnce(&mut Pace)) {
        let mut paces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(paces.entry(instance.to_owned()).or_default());
    }
}

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
