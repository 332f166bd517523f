//! When polls of an OpenHEXA instance pause, and for which accounts.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::clock::Clock;
use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::openhexa::{Error, Instances, Pauses, Permission};

fn target(token: &str) -> Target {
    Target {
        url: "https://hexa.example.org".to_owned(),
        workspace: "demo".to_owned(),
        token: token.to_owned().into(),
    }
}

fn pauses() -> Pauses {
    Pauses {
        first: TimeDelta::seconds(10),
        longest: TimeDelta::minutes(5),
    }
}

/// The instances that a bridge uses, and its clock.
struct Polls {
    instances: Instances,
    clock: Arc<AtomicI64>,
}

impl Polls {
    fn new() -> Self {
        let clock = Arc::new(AtomicI64::new(0));
        Self {
            instances: Instances::new(Clock::Moved(clock.clone()), 8),
            clock,
        }
    }

    fn set(&self, now: DateTime<Utc>) {
        self.clock.store(now.timestamp_millis(), Ordering::SeqCst);
    }

    fn failed(&self, at: &Target, error: &Error) {
        self.instances.poll_failed(at, error, &pauses());
    }

    fn permission(&self, at: &Target) -> Permission {
        self.instances.permission(at, 64)
    }

    fn asks(&self, at: &Target) -> Option<(usize, bool)> {
        match self.permission(at) {
            Permission::Allowed { max_runs, probe } => Some((max_runs, probe)),
            Permission::Paused { .. } => None,
        }
    }

    fn paused(&self, at: &Target) -> TimeDelta {
        match self.permission(at) {
            Permission::Paused { until } => until - DateTime::UNIX_EPOCH,
            Permission::Allowed { .. } => TimeDelta::zero(),
        }
    }
}

#[test]
fn a_limit_of_one_account_does_not_pause_the_polls_of_another() {
    let (polls, first, other) = (Polls::new(), target("token-1"), target("token-2"));
    let limited = Error::Throttled { seconds: Some(600) };
    polls.failed(&first, &limited);
    let until = DateTime::UNIX_EPOCH + TimeDelta::seconds(600);
    assert_eq!(polls.permission(&first), Permission::Paused { until });
    assert_eq!(polls.asks(&other), Some((64, false)));
    polls.instances.poll_succeeded(&other);
    assert_eq!(polls.permission(&first), Permission::Paused { until });
    // A later failure without `Retry-After` does not shorten the pause; after it, one request is sent first.
    polls.failed(&first, &Error::Throttled { seconds: None });
    polls.set(until);
    assert_eq!(polls.asks(&first), Some((64, true)));
}

#[test]
fn a_limit_without_retry_after_also_pauses_polls() {
    let (polls, first) = (Polls::new(), target("token-1"));
    polls.failed(&first, &Error::Throttled { seconds: None });
    let first_pause = polls.paused(&first);
    assert!(first_pause > TimeDelta::seconds(7), "{first_pause}");
    polls.set(DateTime::UNIX_EPOCH + first_pause);
    polls.failed(&first, &Error::Throttled { seconds: None });
    let second = polls.paused(&first) - first_pause;
    assert!(second > first_pause, "{second}: each pause is longer");
}

#[test]
fn an_outage_pauses_the_polls_of_all_accounts_of_the_instance() {
    let (polls, first, other) = (Polls::new(), target("token-1"), target("token-2"));
    polls.failed(&first, &Error::Unreachable);
    polls.failed(&other, &Error::Unreachable);
    assert_eq!(polls.asks(&other), None);
    polls.set(DateTime::UNIX_EPOCH + pauses().first);
    assert_eq!(polls.asks(&other), Some((16, true)));
    polls.instances.poll_succeeded(&other);
    assert_eq!(polls.asks(&first), Some((32, false)));
    polls.instances.poll_succeeded(&other);
    assert_eq!(polls.asks(&first), Some((64, false)));
}
