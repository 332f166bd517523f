//! On PostgreSQL, transactions become visible in a different order than they are numbered, and another server
//! restarts the numbers.

use std::sync::{Arc, Mutex, mpsc};

use openhexa_bridge::domain::ids::TaskId;
use openhexa_bridge::domain::observation::{Observation, Report};
use openhexa_bridge::service::Error;
use openhexa_bridge::store;
use serde_json::json;

use crate::callback::{accepted, plan};
use crate::support::catalogue::id;
use crate::support::database;
use crate::support::story::Base;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_starts_first_and_is_committed_last_is_not_missed() {
    let story = plan(Base::Postgres)
        .setting("stream.poll", "50ms")
        .begin()
        .await;
    let (slow, quick) = (
        story.launch(&id(1), json!({})).await,
        story.launch(&id(1), json!({})).await,
    );
    let mut stream = story.all_tasks().await;
    let opening = stream.last_id.clone();

    let (store, now) = (story.store().await, story.now());
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let may_go_on = Arc::new(Mutex::new(may_go_on));
    let writing = store.write(move |db| {
        let task = store::lock_task(db, TaskId(slow))?.unwrap();
        let report = Report {
            status: None,
            message: Some("slow".to_owned()),
            progress_value: None,
            end_value: None,
            result: None,
        };
        let changed = task.clone().observe(&Observation::Reported(report), now);
        store::save_task(db, &task, &changed.unwrap())?;
        begun.send(()).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        Ok::<_, Error>(())
    });
    let meanwhile = async {
        tokio::task::spawn_blocking(move || has_begun.recv().unwrap())
            .await
            .unwrap();
        for message in ["one", "two", "three"] {
            accepted(&story, quick, json!({"progress_message": message})).await;
            stream
                .until(|task| task["progress_message"] == message)
                .await;
        }
        let early = stream.last_id.clone();
        // A reader connects while it is still open.
        let late = story.all_tasks().await;
        go_on.send(()).unwrap();
        (early, late)
    };
    let (written, (early, mut late)) = tokio::join!(writing, meanwhile);
    written.unwrap();

    for stream in [&mut stream, &mut late] {
        stream
            .until(|task| task["progress_message"] == "slow")
            .await;
    }
    for id in [opening, early] {
        let mut again = story.all_tasks_after(&id).await;
        again.until(|task| task["progress_message"] == "slow").await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_moved_to_another_server_continues_its_numbers() {
    let mut story = plan(Base::Postgres)
        .setting("stream.poll", "50ms")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    // As if the previous server had numbered many more transactions.
    database::sql(&story, "UPDATE change_counter SET value = 1000000000000").await;
    accepted(&story, task, json!({"progress_message": "before"})).await;
    let stream = story.all_tasks().await;
    let last_id = stream.last_id.clone();
    assert!(last_id.len() > 12, "{last_id}");
    drop(stream);
    database::sql(&story, "UPDATE change_counter SET value = 0").await;
    story.restart().await;

    let mut again = story.all_tasks_after(&last_id).await;
    accepted(&story, task, json!({"progress_message": "after"})).await;
    again
        .until(|task| task["progress_message"] == "after")
        .await;
    let number = |id: &str| id[1..].parse::<i64>().unwrap();
    assert!(
        number(&again.last_id) > number(&last_id),
        "{} {last_id}",
        again.last_id
    );
    story.end().await;
}
