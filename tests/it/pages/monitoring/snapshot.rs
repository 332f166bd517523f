//! All figures of a page are from the same moment, even while tasks change.

use chrono::TimeDelta;
use futures_util::future::join;
use openhexa_bridge::domain::ids::AccountId;
use openhexa_bridge::domain::task::Status;
use openhexa_bridge::store::{self, Error};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{LATER, PAGE, begin};
use crate::support::catalogue::id;
use crate::support::postgres;
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_of_one_snapshot_are_consistent(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let store = story.store().await;
    let (began, has_begun) = tokio::sync::oneshot::channel();
    let (go, goes) = std::sync::mpsc::channel();
    let queued =
        |db: &mut store::Db<'_>| store::count_with_status(db, AccountId(1), Status::Queued);
    let counting = store.snapshot(move |db| {
        let first = queued(db)?;
        began.send(()).unwrap();
        goes.recv().unwrap();
        Ok::<_, Error>((first, queued(db)?))
    });
    let launching = async {
        has_begun.await.unwrap();
        story.launch(&id(1), json!({})).await;
        go.send(()).unwrap();
    };
    let (counted, ()) = join(counting, launching).await;
    assert_eq!(counted.unwrap(), (0, 0));
    let after: Result<i64, Error> = store.snapshot(queued).await;
    assert_eq!(after.unwrap(), 1);
    story.end().await;
}

/// Locks one table until a query waits for it, and ends the task meanwhile.
const MOVES: &str = "BEGIN;
    LOCK TABLE openhexa_bridge.run IN ACCESS EXCLUSIVE MODE;
    DO $$ BEGIN
        WHILE NOT EXISTS (SELECT FROM pg_locks WHERE NOT granted) LOOP PERFORM pg_sleep(0.02); END LOOP;
    END $$;
    UPDATE openhexa_bridge.task SET status = 'SUCCESS', state = 'reported';
    COMMIT";
const HELD: &str = "SELECT mode, '' FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'
    AND relation = 'openhexa_bridge.run'::regclass";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_ends_during_the_count_is_counted_once() {
    let story = begin(Base::Postgres).await;
    let task = story.launch(&id(1), json!({})).await;
    let running = json!({"task_id": task, "status": "RUNNING"});
    story.report(&id(1), &running).await.expect(200);
    story.advance(TimeDelta::minutes(1));
    let (url, watched) = (story.database.clone(), story.database.clone());
    let moving = tokio::task::spawn_blocking(move || postgres::execute(&url, MOVES));
    let held = async || {
        let url = watched.clone();
        let rows = tokio::task::spawn_blocking(move || postgres::rows(&url, HELD));
        !rows.await.unwrap().is_empty()
    };
    story.until_true("the lock", held).await;
    let told = async || {
        let ask = story.ask_at(As::Viewer, Method::GET, PAGE);
        let page = super::Page::of(ask.send().await, 200);
        let is_reported = page.at("live-state").contains("Final status reported");
        (super::numbers(&page)[1].clone(), is_reported)
    };
    assert_eq!(told().await, ("1".to_owned(), false), "before the end");
    moving.await.unwrap();
    story.advance(LATER);
    assert_eq!(told().await, ("0".to_owned(), true), "after the end");
    story.end().await;
}
