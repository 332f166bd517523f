//! Counters for rate limits: each caller has its own allowance, with a rate and a burst.

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

/// Callers with their own counter at a time; all others share one.
const MAX_CALLERS: usize = 50_000;
/// If all counters are in use, how often unused ones are removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// A rate and a burst. None: unlimited.
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

/// All limits, shared by all threads.
pub struct RateLimits {
    pub signed_in: KeyedLimit<LimitedCaller>,
    pub launches: KeyedLimit<LimitedCaller>,
    pub address: KeyedLimit<IpAddr>,
}

/// An authenticated caller: account, Iaso user, name of the actor.
pub type LimitedCaller = (i64, Option<i64>, String);

impl RateLimits {
    pub fn new(signed_in: Rate, launches: Rate, address: Rate, clock: &Clock) -> Self {
        Self {
            signed_in: KeyedLimit::new(signed_in, clock),
            launches: KeyedLimit::new(launches, clock),
            address: KeyedLimit::new(address, clock),
        }
    }
}

type Limiter<K> =
    RateLimiter<Option<K>, HashMapStateStore<Option<K>>, GovernorClock, NoOpMiddleware<Duration>>;

/// A limit with one counter per caller.
pub struct KeyedLimit<K: Hash + Eq + Clone>(Option<ActiveLimit<K>>);

struct ActiveLimit<K: Hash + Eq + Clone> {
    limiter: Limiter<K>,
    clock: GovernorClock,
    last_sweep: Mutex<Duration>,
}

impl<K: Hash + Eq + Clone> KeyedLimit<K> {
    fn new(rate: Rate, clock: &Clock) -> Self {
        let clock = GovernorClock(clock.clone());
        Self(rate.0.map(|quota| ActiveLimit {
            limiter: RateLimiter::new(quota, HashMapStateStore::default(), clock.clone()),
            last_sweep: Mutex::new(clock.now()),
            clock,
        }))
    }

    /// Counts one request. Error: the limit is reached; in how many seconds the next request is allowed.
    pub fn check(&self, caller: K) -> Result<(), u64> {
        let Some(open) = &self.0 else {
            return Ok(());
        };
        let passed = open.limiter.check_key(&open.key_for(caller));
        passed.map_err(|refused| {
            let wait = refused.wait_time_from(open.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
        })
    }
}

impl<K: Hash + Eq + Clone> ActiveLimit<K> {
    /// None if all counters are in use: then the caller shares a counter with others.
    fn key_for(&self, caller: K) -> Option<K> {
        if self.limiter.len() >= MAX_CALLERS {
            self.sweep();
        }
        (self.limiter.len() < MAX_CALLERS).then_some(caller)
    }

    fn sweep(&self) {
        let now = self.clock.now();
        let mut last_sweep = self
            .last_sweep
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if now.saturating_sub(*last_sweep) >= SWEEP_INTERVAL {
            *last_sweep = now;
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
    }
}

/// The bridge's clock, as governor's trait.
#[derive(Clone)]
struct GovernorClock(Clock);

impl governor::clock::Clock for GovernorClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.ticks()
    }
}
