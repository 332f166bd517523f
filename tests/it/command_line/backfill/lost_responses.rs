//! Failures between the command and the bridge: there is one backfill at most, and it is followed to its end.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::gateway::{Gateway, Rule};
use super::*;

const FLOW: &str = "GET /api/openhexa/flows/daily/";
const CREATE: &str = "POST /api/openhexa/flows/daily/backfills/";
const FOLLOW: &str = "GET /api/openhexa/backfills/1/";

async fn place(pipeline: u64) -> Place {
    let place = Place::begin(Sqlite).await;
    place.save("30 6 * * *", pipeline).await;
    place
}

async fn ran_once(place: &Place, ended: &Ended) {
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    assert_eq!(place.backfills().await.len(), 1);
    assert_eq!(place.runs().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rate_limit_or_503_does_not_end_the_command() {
    let place = place(1).await;
    let gateway = Gateway::open(&place.bridge, |request, before| match (request, before) {
        (FLOW | CREATE | FOLLOW, 0) => Rule::Refuse(429),
        (FOLLOW, 1) => Rule::Refuse(503),
        (FOLLOW, 2) => Rule::Refuse(502),
        (_, _) => Rule::Pass,
    });
    let ended = at(&gateway.url, &TWO_DAYS).run().await;
    ran_once(&place, &ended).await;
    let told = "the bridge responded with status 503. Trying again …";
    assert!(
        ended.err.iter().any(|line| line == told),
        "{:#?}",
        ended.err
    );
    assert!(gateway.count(FOLLOW) > 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_whose_response_is_lost_is_found_and_not_created_again() {
    let place = place(1).await;
    let gateway = Gateway::open(&place.bridge, |request, _| match request {
        CREATE => Rule::Lose,
        _ => Rule::Pass,
    });
    let ended = at(&gateway.url, &TWO_DAYS).run().await;
    ran_once(&place, &ended).await;
    assert_eq!(gateway.count(CREATE), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_that_was_not_created_is_an_error_that_says_so() {
    let place = place(1).await;
    let gateway = Gateway::open(&place.bridge, |request, _| match request {
        CREATE => Rule::Refuse(502),
        _ => Rule::Pass,
    });
    let ended = at(&gateway.url, &TWO_DAYS).run().await;
    assert_eq!(ended.status.code(), Some(1), "{:#?}", ended.err);
    assert_eq!(
        ended.err.last().unwrap(),
        "openhexa-bridge: the bridge responded with status 502. No backfill was created: run the command again"
    );
    assert_eq!(gateway.count(CREATE), 1);
    assert_eq!(place.backfills().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_before_the_backfill_is_created_starts_nothing() {
    let place = place(1).await;
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let gateway = Gateway::open(&place.bridge, move |_, _| Rule::Hold(held.clone()));
    let command = at(&gateway.url, &TWO_DAYS).start();
    gateway.until_seen(FLOW).await;
    let ended = command.stop(Signal::INT).await;
    assert_eq!(ended.error_line(), "interrupted: no backfill was started");
    gate.add_permits(1);
    assert_eq!(place.backfills().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_while_the_backfill_is_created_waits_for_its_number() {
    let place = place(3).await;
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let gateway = Gateway::open(&place.bridge, move |request, _| match request {
        CREATE => Rule::Hold(held.clone()),
        _ => Rule::Pass,
    });
    let args = [&TWO_DAYS[..], &["--url", &gateway.url]].concat();
    let command = at("http://127.0.0.1:1", &args).start();
    gateway.until_seen(CREATE).await;
    command.signal(Signal::INT);
    command
        .until_printed("that it waits", |lines| {
            ends_with(lines, "waiting for the response")
        })
        .await;
    gate.add_permits(1);
    let ended = command.end().await;
    assert_eq!(ended.status.code(), Some(0), "{:#?}", ended.err);
    let told = format!(
        "The backfill continues. To follow it: openhexa-bridge backfill --follow 1 --url {}",
        gateway.url
    );
    assert!(ended.err.contains(&told), "{:#?}", ended.err);
    let deadline = Instant::now() + MAX_WAIT;
    while place.backfills().await[0]["status"] != "DONE" {
        assert!(Instant::now() < deadline, "{:?}", place.backfills().await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(place.runs().await.len(), 2);
}
