//! How many requests a caller may make: one allowance for each, of so much in a time and so much at once.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;

/// How many callers have an allowance of their own at a time; all others share one.
const MOST: usize = 50_000;
/// How often the callers of long ago are forgotten once there are so many.
const SWEPT_EVERY: Duration = Duration::from_secs(1);

/// So much in such a time, and so much at once; none where nothing is limited.
#[derive(Clone, Copy, Debug)]
pub struct Rate(Option<Quota>);

impl Rate {
    pub fn per_second(number: u32, burst: u32) -> Self {
        let quota = |number, burst| Quota::per_second(number).allow_burst(burst);
        Self(both(number, burst).map(|(number, burst)| quota(number, burst)))
    }

    pub fn per_minute(number: u32) -> Self {
        Self(NonZeroU32::new(number).map(Quota::per_minute))
    }

    pub fn unlimited() -> Self {
        Self(None)
    }
}

fn both(one: u32, other: u32) -> Option<(NonZeroU32, NonZeroU32)> {
    NonZeroU32::new(one).zip(NonZeroU32::new(other))
}

/// The gates that requests pass; one of each for all threads.
pub struct Limits {
    pub signed_in: Gate<Caller>,
    pub launches: Gate<Caller>,
    pub address: Gate<IpAddr>,
}

/// Who is signed in, told apart from everybody else.
pub type Caller = (i64, Option<i64>, String);

impl Limits {
    pub fn new(signed_in: Rate, launches: Rate, address: Rate, clock: &Clock) -> Self {
        Self {
            signed_in: Gate::new(signed_in, clock),
            launches: Gate::new(launches, clock),
            address: Gate::new(address, clock),
        }
    }
}

type Limiter<K> =
    RateLimiter<Option<K>, HashMapStateStore<Option<K>>, Ticks, NoOpMiddleware<Duration>>;

/// One allowance for each caller.
pub struct Gate<K: Hash + Eq + Clone>(Option<Open<K>>);

struct Open<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    clock: Ticks,
    swept: Mutex<Duration>,
}

impl<K: Hash + Eq + Clone> Gate<K> {
    fn new(rate: Rate, clock: &Clock) -> Self {
        let clock = Ticks(clock.clone());
        Self(rate.0.map(|quota| Open {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            swept: Mutex::new(clock.now()),
            clock,
        }))
    }

    /// Takes one from the allowance, or says in how many seconds there is one again.
    pub fn pass(&self, caller: K) -> Result<(), u64> {
        let Some(open) = &self.0 else {
            return Ok(());
        };
        let passed = open.limiter.check_key(&open.room_for(caller));
        passed.map_err(|refused| {
            let wait = refused.wait_time_from(open.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }
}

impl<K: Hash + Eq + Clone> Open<K> {
    /// None where there is no more room: those who come then share one allowance.
    fn room_for(&self, caller: K) -> Option<K> {
        if self.limiter.len() >= MOST {
            self.sweep();
        }
        (self.limiter.len() < MOST).then_some(caller)
    }

    fn sweep(&self) {
        let now = self.clock.now();
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(*swept) >= SWEPT_EVERY {
            *swept = now;
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }
}

/// The bridge's clock as the library wants it.
#[derive(Clone)]
struct Ticks(Clock);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.ticks()
    }
}
