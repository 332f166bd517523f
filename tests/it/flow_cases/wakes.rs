//! A run of a flow is woken while another transaction advances it.

use std::sync::{Arc, Barrier};

use chrono::TimeDelta;
use openhexa_bridge::domain::ids::FlowRunId;
use openhexa_bridge::store::{Db, Error, flows};
use serde_json::json;

use super::{MANUAL, nightly, plan, until_running};
use crate::support::database::texts;
use crate::support::story::Postgres;

/// How many transactions wait for a lock.
const WAITING: &str = "SELECT CAST(count(*) AS TEXT) AS text from pg_stat_activity \
     WHERE wait_event_type = 'Lock' AND datname = current_database()";

/// The advancing transaction has not seen what wakes the run, and plans a later time. On SQLite, there is one writer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_wake_beside_a_transaction_that_advances_the_run_is_kept() {
    let story = plan(Postgres, "2027-01-10T00:00:00Z").begin().await;
    story.save_flow(&nightly(MANUAL, "")).await;
    let id = story.run_flow("night", json!({})).await;
    until_running(&story, id).await;
    let (one, other) = (story.store().await, story.store().await);
    let (id, now) = (FlowRunId(id), story.now());
    let [locked, go] = [(); 2].map(|()| Arc::new(Barrier::new(2)));
    let (locked_by_one, one_goes) = (locked.clone(), go.clone());
    let advancing = tokio::spawn(async move {
        let advance = move |db: &mut Db<'_>| {
            let run = flows::lock_flow_run(db, id)?.unwrap();
            locked_by_one.wait();
            one_goes.wait();
            flows::save_flow_run(db, &run, Some(now + TimeDelta::minutes(1)))
        };
        let done: Result<(), Error> = one.write(advance).await;
        done.unwrap();
    });
    tokio::task::spawn_blocking(move || locked.wait())
        .await
        .unwrap();
    let waking = tokio::spawn(async move {
        let wake = move |db: &mut Db<'_>| flows::wake_flow_run(db, id, now);
        let done: Result<(), Error> = other.write(wake).await;
        done.unwrap();
    });
    story
        .until_true("the wake waits, or has passed", async || {
            waking.is_finished() || texts(&story, WAITING).await != ["0"]
        })
        .await;
    tokio::task::spawn_blocking(move || go.wait())
        .await
        .unwrap();
    advancing.await.unwrap();
    waking.await.unwrap();
    let reader = story.store().await;
    let due: Result<bool, Error> = reader
        .read(move |db| flows::has_due_flow_run(db, now))
        .await;
    assert!(due.unwrap(), "the run is due");
    story.end().await;
}
