//! Many readers at the same time: one request at a time computes the figures for all of them.

use chrono::TimeDelta;
use futures_util::future::{join, join_all};
use reqwest::Method;
use rstest::rstest;

use super::{LATER, PAGE, begin, ended, numbers, page_at};
use crate::support::postgres;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

/// The number of launches that twenty readers see.
async fn twenty(story: &Story) -> Vec<String> {
    let pages = join_all((0..20).map(|_| story.page(As::Viewer, PAGE))).await;
    pages.iter().map(|page| numbers(page)[0].clone()).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_readers_share_the_cached_figures(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    ended(&story, 1, "SUCCESS", TimeDelta::minutes(1)).await;
    assert_eq!(twenty(&story).await, ["1"; 20]);
    ended(&story, 1, "SUCCESS", TimeDelta::zero()).await;
    // The database was not queried again: the second task is not there yet.
    assert_eq!(twenty(&story).await, ["1"; 20]);
    // Another period needs another query.
    assert_eq!(
        numbers(&story.page(As::Viewer, &format!("{PAGE}?days=7")).await)[0],
        "2"
    );
    story.advance(LATER);
    assert_eq!(twenty(&story).await, ["2"; 20]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn for_readers_in_many_time_zones_few_responses_are_cached(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    ended(&story, 1, "SUCCESS", TimeDelta::minutes(1)).await;
    let launched = async |zone: &str| numbers(&page_at(&story, zone).await)[0].clone();
    assert_eq!(
        (launched("0").await, launched("60").await),
        ("1".to_owned(), "1".to_owned())
    );
    ended(&story, 1, "SUCCESS", TimeDelta::zero()).await;
    assert_eq!(launched("0").await, "1", "kept");
    for zone in ["120", "180", "240", "300", "360"] {
        assert_eq!(launched(zone).await, "2", "{zone}");
    }
    assert_eq!(launched("0").await, "2", "no longer cached");
    story.end().await;
}

/// The processes that wait for this reason.
async fn waiting(story: &Story, condition: &'static str) -> Vec<String> {
    let url = story.database.clone();
    let query = format!(
        "SELECT pid::text, '' FROM pg_stat_activity WHERE datname = current_database() AND {condition}"
    );
    let rows = tokio::task::spawn_blocking(move || postgres::rows(&url, &query));
    let rows = rows.await.unwrap().into_iter();
    rows.map(|row| row.0).collect()
}

/// A lock on the table makes each query wait, so that they can be counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_one_query_at_a_time() {
    const HOLDS: &str = "wait_event = 'PgSleep'";
    const WAITS: &str = "wait_event_type = 'Lock'";
    let story = begin(Base::Postgres).await;
    ended(&story, 1, "SUCCESS", TimeDelta::minutes(1)).await;
    let url = story.database.clone();
    let hold =
        "BEGIN; LOCK TABLE openhexa_bridge.task IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(60)";
    let holder = tokio::task::spawn_blocking(move || postgres::execute(&url, hold));
    story
        .until_true("the lock", async || waiting(&story, HOLDS).await.len() == 1)
        .await;
    let count = async {
        story
            .until_true("a query", async || !waiting(&story, WAITS).await.is_empty())
            .await;
        // Gives the other readers time to send a query, if they send one.
        for _ in 0..50 {
            let alive = story.ask_at(As::Anonymous, Method::GET, "/healthz");
            alive.send().await.expect(200);
            assert_eq!(waiting(&story, WAITS).await.len(), 1);
        }
        let holder = waiting(&story, HOLDS).await.remove(0);
        let (url, end) = (
            story.database.clone(),
            format!("SELECT pg_terminate_backend({holder})"),
        );
        let ending = tokio::task::spawn_blocking(move || postgres::execute(&url, &end));
        ending.await.unwrap();
    };
    let (seen, ()) = join(twenty(&story), count).await;
    assert_eq!(seen, ["1"; 20]);
    assert!(holder.await.is_err(), "the lock was released");
    story.end().await;
}
