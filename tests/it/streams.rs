//! Live updates: which events a stream contains, when, and when it ends.

mod order;
mod permissions;
mod reconnect;

use rstest::rstest;
use std::time::Instant;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::callback::{accepted, launched, plan, report};
use crate::support::catalogue::id;
use crate::support::story::stream::Block;
use crate::support::story::{Base, Postgres, Sqlite, Story};

fn path(task: i64) -> String {
    format!("/tasks/{task}/stream/")
}

/// The status and whether it is confirmed, for each change of either.
fn steps(told: &[Value]) -> Vec<(String, bool)> {
    let mut steps: Vec<_> = told.iter().map(step).collect();
    steps.dedup();
    steps
}

fn step(task: &Value) -> (String, bool) {
    let status = task["status"].as_str().unwrap();
    (status.to_owned(), task["confirmed"].as_bool().unwrap())
}

async fn drive(story: &Story, task: i64, status: &str) {
    let run = story.task(task).await["run"]["id"].clone();
    let change = json!({"status": status});
    story.drive(run.as_str().unwrap(), &change).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_shows_a_task_from_its_launch_to_its_confirmed_end(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    let mut stream = story.stream(&path(task)).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert_eq!(
        (
            stream.header("cache-control"),
            stream.header("x-accel-buffering")
        ),
        ("no-store", "no")
    );
    assert_eq!(
        stream.next().await,
        Some(Block::Other("retry: 3000".to_owned()))
    );
    let mut told = vec![stream.task().await];
    let mut shown = story.task(task).await;
    shown.as_object_mut().unwrap().remove("config");
    assert_eq!(told[0], shown, "the same as in a list");

    accepted(&story, task, json!({"status": "RUNNING", "progress_message": "Half way", "progress_value": 1, "end_value": 2})).await;
    told.push(
        stream
            .until(|task| task["progress_message"] == "Half way")
            .await,
    );
    accepted(
        &story,
        task,
        json!({"status": "SUCCESS", "result": {"cases": 3}}),
    )
    .await;
    told.push(stream.until(|task| task["status"] == "SUCCESS").await);
    assert_eq!(
        told[2]["result"],
        json!({"result": "SUCCESS", "data": {"cases": 3}})
    );
    drive(&story, task, "success").await;
    story.until_confirmed(task).await;
    told.extend(stream.rest().await);
    let step = |status: &str, confirmed| (status.to_owned(), confirmed);
    assert_eq!(
        steps(&told),
        [
            step("QUEUED", false),
            step("RUNNING", false),
            step("SUCCESS", false),
            step("SUCCESS", true)
        ]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_of_an_ended_task_sends_it_and_cannot_be_reopened(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    accepted(
        &story,
        task,
        json!({"status": "ERROR", "progress_message": "No data"}),
    )
    .await;
    drive(&story, task, "failed").await;
    story.until_confirmed(task).await;
    let mut stream = story.stream(&path(task)).await;
    let told = stream.rest().await;
    assert_eq!(steps(&told), [("ERROR".to_owned(), true)]);
    // A browser reconnects by itself; only this status stops it.
    let again = story.ask(
        crate::support::story::As::Viewer,
        reqwest::Method::GET,
        &path(task),
    );
    let again = again.header("Last-Event-ID", &stream.last_id).send().await;
    assert_eq!((again.status, again.text.as_str()), (204, ""));
    // A late first result is a new event.
    accepted(&story, task, json!({"result": [1]})).await;
    let again = story.ask(
        crate::support::story::As::Viewer,
        reqwest::Method::GET,
        &path(task),
    );
    let told = again
        .header("Last-Event-ID", &stream.last_id)
        .stream()
        .await
        .rest()
        .await;
    assert_eq!((told.len(), &told[0]["result"]), (1, &json!([1])));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_another_replica_are_sent(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).setting("stream.poll", "100ms").begin().await;
    let replica = story.second_replica().await;
    let mut all = story.all_tasks().await;
    let launched = story.launch_at(&replica.url(), id(1)).await.unwrap();
    let task = launched["task"]["id"].as_i64().unwrap();
    all.until(|told| told["id"] == task && told["run"] != json!(null))
        .await;
    let mut one = story.stream(&path(task)).await;
    drive(&story, task, "success").await;
    let mut passes = 0;
    while story.task(task).await["confirmed"] == false {
        story.advance(TimeDelta::seconds(2));
        replica.run_cycle().await;
        passes += 1;
        assert!(passes < 100);
    }
    assert_eq!(
        step(one.rest().await.last().unwrap()),
        ("SUCCESS".to_owned(), true)
    );
    all.until(|told| told["confirmed"] == true).await;
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_of_the_same_replica_are_sent_at_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).setting("stream.poll", "1h").begin().await;
    let task = story.launch(&id(1), json!({})).await;
    let (mut all, mut one) = (story.all_tasks().await, story.stream(&path(task)).await);
    for message in ["one", "two", "three"] {
        accepted(&story, task, json!({"progress_message": message})).await;
        all.until(|told| told["progress_message"] == message).await;
        one.until(|told| told["progress_message"] == message).await;
    }
    let second = story.launch(&id(2), json!({})).await;
    all.until(|told| told["id"] == second).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_the_last_state(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("limits.reports_per_second", "0")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let (mut all, mut one) = (story.all_tasks().await, story.stream(&path(task)).await);
    // More than the socket buffers of a client that does not read.
    let large = "🙂".repeat(10_000);
    for number in 1..=300 {
        accepted(
            &story,
            task,
            json!({"progress_value": number, "progress_message": large}),
        )
        .await;
    }
    for stream in [&mut all, &mut one] {
        let mut told = 0;
        let is_last = |task: &Value| task["progress_value"] == 300;
        while !is_last(&stream.task().await) {
            told += 1;
        }
        assert!(told < 290, "{told} states were buffered for it");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_beyond_the_memory_buffer_are_read_from_the_database(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base)
        .setting("stream.memory", "65536")
        .setting("stream.poll", "500ms")
        .begin()
        .await;
    let replica = story.second_replica().await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        tasks.push(story.launch(&id(1), json!({})).await);
    }
    let (mut all, mut first) = (story.all_tasks().await, story.stream(&path(tasks[0])).await);
    // All changes at the other replica, so that this one reads them in few queries.
    let large = "🙂".repeat(8_000);
    for task in &tasks {
        story
            .report_at(
                &replica.url(),
                &id(1),
                &json!({"task_id": task, "progress_value": 7, "progress_message": large}),
            )
            .await;
    }
    let mut missing = tasks.clone();
    while !missing.is_empty() {
        let told = all.until(|told| told["progress_value"] == 7).await;
        missing.retain(|task| told["id"] != *task);
    }
    first.until(|told| told["progress_value"] == 7).await;
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_without_events_sends_comments(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("stream.comment_every", "50ms")
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    for mut stream in [story.all_tasks().await, story.stream(&path(task)).await] {
        let mut comments = 0;
        while comments < 3 {
            comments += i32::from(stream.next().await == Some(Block::Comment));
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_streams_and_does_not_wait_for_them(#[values(Sqlite, Postgres)] base: Base) {
    let (mut story, task) = launched(base).await;
    let (mut all, mut one) = (story.all_tasks().await, story.stream(&path(task)).await);
    one.task().await;
    let began = Instant::now();
    let ((), told, _) = tokio::join!(story.restart(), all.rest(), one.rest());
    assert!(began.elapsed().as_secs() < 8, "the stop does not wait");
    assert_eq!(told, Vec::<Value>::new());
    // A reader reconnects, and no change from meanwhile is missing.
    report(
        &story,
        task,
        json!({"progress_message": "While you were away"}),
    )
    .await
    .expect(200);
    let mut again = story.all_tasks_after(&all.last_id).await;
    assert_eq!(
        again.task().await["progress_message"],
        "While you were away"
    );
    story.end().await;
}
