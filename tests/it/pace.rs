//! When polls of an OpenHEXA instance pause, and whose polls.

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::connection::{Connection, Target};
use openhexa_bridge::domain::ids::{AccountId, ConnectionId};
use openhexa_bridge::openhexa::Error;
use openhexa_bridge::service::runs::{CircuitBreakers, Pauses, Permission};

const URL: &str = "https://hexa.example.org";

fn connection(id: i64) -> Connection {
    Connection {
        id: ConnectionId(id),
        account: AccountId(id),
        instance: URL.to_owned(),
        target: Target {
            url: URL.to_owned(),
            workspace: "demo".to_owned(),
            token: format!("token-{id}").into(),
        },
        user: None,
    }
}

fn pauses() -> Pauses {
    Pauses {
        first: TimeDelta::seconds(10),
        longest: TimeDelta::minutes(5),
    }
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn failed(breakers: &CircuitBreakers, at: &Connection, error: &Error, now: DateTime<Utc>) -> bool {
    breakers.failed(at, error.into(), &pauses(), now)
}

fn asks(leave: Permission) -> Option<(usize, bool)> {
    match leave {
        Permission::Allowed { max_runs, probe } => Some((max_runs, probe)),
        Permission::Paused { .. } => None,
    }
}

#[test]
fn a_limit_of_one_account_does_not_pause_the_polls_of_another() {
    let (breakers, first, other) = (CircuitBreakers::default(), connection(1), connection(2));
    let limited = Error::Throttled { seconds: Some(600) };
    failed(&breakers, &first, &limited, start());
    let until = start() + TimeDelta::seconds(600);
    assert_eq!(
        breakers.permission(&first, 64, start()),
        Permission::Paused { until }
    );
    assert_eq!(
        asks(breakers.permission(&other, 64, start())),
        Some((64, false))
    );
    breakers.answered(&other);
    assert_eq!(
        breakers.permission(&first, 64, start()),
        Permission::Paused { until }
    );
    // A later failure without a time does not shorten the pause; after it one request goes first.
    failed(
        &breakers,
        &first,
        &Error::Throttled { seconds: None },
        start(),
    );
    assert_eq!(
        asks(breakers.permission(&first, 64, until)),
        Some((64, true))
    );
}

#[test]
fn a_limit_without_a_time_is_waited_for_all_the_same() {
    let (breakers, first) = (CircuitBreakers::default(), connection(1));
    failed(
        &breakers,
        &first,
        &Error::Throttled { seconds: None },
        start(),
    );
    let paused = |leave| match leave {
        Permission::Paused { until } => until - start(),
        Permission::Allowed { .. } => TimeDelta::zero(),
    };
    let first_pause = paused(breakers.permission(&first, 64, start()));
    assert!(first_pause > TimeDelta::seconds(7), "{first_pause}");
    let again = start() + first_pause;
    failed(
        &breakers,
        &first,
        &Error::Throttled { seconds: None },
        again,
    );
    let second = paused(breakers.permission(&first, 64, again)) - first_pause;
    assert!(second > first_pause, "{second}: each pause is longer");
}

#[test]
fn an_outage_pauses_the_polls_of_all_accounts_of_the_instance() {
    let (breakers, first, other) = (CircuitBreakers::default(), connection(1), connection(2));
    assert!(
        failed(&breakers, &first, &Error::Unreachable, start()),
        "it was available"
    );
    assert!(
        !failed(&breakers, &other, &Error::Unreachable, start()),
        "told once"
    );
    assert_eq!(asks(breakers.permission(&other, 64, start())), None);
    let later = start() + pauses().first;
    assert_eq!(
        asks(breakers.permission(&other, 64, later)),
        Some((16, true))
    );
    assert!(breakers.answered(&other), "it was unavailable");
    assert!(!breakers.answered(&other), "told once");
    assert_eq!(
        asks(breakers.permission(&first, 64, later)),
        Some((64, false))
    );
}
