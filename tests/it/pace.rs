//! When polls of an OpenHEXA instance pause, and whose polls.

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::connection::{Connection, Target};
use openhexa_bridge::domain::ids::{AccountId, ConnectionId};
use openhexa_bridge::openhexa::Error;
use openhexa_bridge::service::Pauses;
use openhexa_bridge::service::pace::{Leave, Paces};

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
        most: TimeDelta::minutes(5),
    }
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

fn failed(paces: &Paces, at: &Connection, error: &Error, now: DateTime<Utc>) -> bool {
    paces.failed(at, error.into(), &pauses(), now)
}

fn asks(leave: Leave) -> Option<(usize, bool)> {
    match leave {
        Leave::Ask { most, probe } => Some((most, probe)),
        Leave::Wait { .. } => None,
    }
}

#[test]
fn a_limit_of_one_account_does_not_pause_the_polls_of_another() {
    let (paces, first, other) = (Paces::default(), connection(1), connection(2));
    let limited = Error::Throttled { seconds: Some(600) };
    failed(&paces, &first, &limited, start());
    let until = start() + TimeDelta::seconds(600);
    assert_eq!(paces.leave(&first, 64, start()), Leave::Wait { until });
    assert_eq!(asks(paces.leave(&other, 64, start())), Some((64, false)));
    paces.answered(&other);
    assert_eq!(paces.leave(&first, 64, start()), Leave::Wait { until });
    // A later failure without a time does not shorten the pause; after it one request goes first.
    failed(&paces, &first, &Error::Throttled { seconds: None }, start());
    assert_eq!(asks(paces.leave(&first, 64, until)), Some((64, true)));
}

#[test]
fn a_limit_without_a_time_is_waited_for_all_the_same() {
    let (paces, first) = (Paces::default(), connection(1));
    failed(&paces, &first, &Error::Throttled { seconds: None }, start());
    let paused = |leave| match leave {
        Leave::Wait { until } => until - start(),
        Leave::Ask { .. } => TimeDelta::zero(),
    };
    let first_pause = paused(paces.leave(&first, 64, start()));
    assert!(first_pause > TimeDelta::seconds(7), "{first_pause}");
    let again = start() + first_pause;
    failed(&paces, &first, &Error::Throttled { seconds: None }, again);
    let second = paused(paces.leave(&first, 64, again)) - first_pause;
    assert!(second > first_pause, "{second}: each pause is longer");
}

#[test]
fn an_outage_pauses_the_polls_of_all_accounts_of_the_instance() {
    let (paces, first, other) = (Paces::default(), connection(1), connection(2));
    assert!(
        failed(&paces, &first, &Error::Unreachable, start()),
        "it was available"
    );
    assert!(
        !failed(&paces, &other, &Error::Unreachable, start()),
        "told once"
    );
    assert_eq!(asks(paces.leave(&other, 64, start())), None);
    let later = start() + pauses().first;
    assert_eq!(asks(paces.leave(&other, 64, later)), Some((16, true)));
    assert!(paces.answered(&other), "it was unavailable");
    assert!(!paces.answered(&other), "told once");
    assert_eq!(asks(paces.leave(&first, 64, later)), Some((64, false)));
}
