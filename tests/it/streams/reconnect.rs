//! Reconnecting with `Last-Event-ID`: no change is missed, also if many have the same time.

use rstest::rstest;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::callback::{accepted, plan};
use crate::support::catalogue::id;
use crate::support::database;
use crate::support::story::stream::Stream;
use crate::support::story::{Base, Postgres, Sqlite, Story};

/// Reads until the stream has sent the current state of each task; returns how often each was sent.
async fn read_until_current(
    stream: &mut Stream,
    story: &Story,
    tasks: &[i64],
) -> BTreeMap<i64, usize> {
    let mut now = BTreeMap::new();
    for task in tasks {
        now.insert(*task, story.task(*task).await["progress_value"].clone());
    }
    let mut times: BTreeMap<i64, usize> = BTreeMap::new();
    while !now.is_empty() {
        let task = stream.task().await;
        let id = task["id"].as_i64().unwrap();
        *times.entry(id).or_default() += 1;
        if now.get(&id) == Some(&task["progress_value"]) {
            now.remove(&id);
        }
    }
    times
}

async fn several(story: &Story, count: usize) -> Vec<i64> {
    let mut tasks = Vec::new();
    for _ in 0..count {
        tasks.push(story.launch(&id(1), json!({})).await);
    }
    tasks
}

async fn progress(story: &Story, task: i64, value: usize) -> Value {
    accepted(story, task, json!({"progress_value": value})).await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_from_meanwhile_are_sent_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let tasks = several(&story, 25).await;
    let stream = story.all_tasks().await;
    let last_id = stream.last_id.clone();
    drop(stream);
    // The clock does not move: all changes are in the same millisecond.
    let before = story.task(tasks[0]).await["updated_at"].clone();
    for (at, task) in tasks.iter().enumerate() {
        progress(&story, *task, 100 + at).await;
    }
    for (at, task) in tasks.iter().enumerate().take(5) {
        progress(&story, *task, 200 + at).await;
    }
    assert_eq!(story.task(tasks[4]).await["updated_at"], before);
    let mut again = story.all_tasks_after(&last_id).await;
    let times = read_until_current(&mut again, &story, &tasks).await;
    assert_eq!(times.len(), 25);
    assert!(times.values().all(|times| *times == 1), "{times:?}");
    // The stream continues.
    progress(&story, tasks[7], 300).await;
    again.until(|task| task["progress_value"] == 300).await;
    story.end().await;
}

// The page read from the database ended between tasks with the same number, and the others were left out.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_with_the_same_number_on_several_pages_are_all_sent(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let tasks = several(&story, 45).await;
    let stream = story.all_tasks().await;
    let last_id = stream.last_id.clone();
    drop(stream);
    // One transaction, so that on PostgreSQL all changes have the same number.
    database::sql(
        &story,
        "UPDATE task SET progress_value = 7, revision = revision + 1",
    )
    .await;
    let mut again = story.all_tasks_after(&last_id).await;
    let times = read_until_current(&mut again, &story, &tasks).await;
    assert!(
        times.len() == 45 && times.values().all(|times| *times == 1),
        "{times:?}"
    );
    // The connection may break anywhere: after a page that was read from the database, and within one.
    for read in [20, 30] {
        let mut broken = story.all_tasks_after(&last_id).await;
        let mut seen = Vec::new();
        for _ in 0..read {
            seen.push(broken.task().await["id"].as_i64().unwrap());
        }
        let mut again = story.all_tasks_after(&broken.last_id).await;
        let missing: Vec<i64> = tasks
            .iter()
            .copied()
            .filter(|task| !seen.contains(task))
            .collect();
        read_until_current(&mut again, &story, &missing).await;
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_is_missed_wherever_the_connection_breaks(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let tasks = several(&story, 6).await;
    let mut stream = story.all_tasks().await;
    for round in 1..=4 {
        for task in &tasks {
            progress(&story, *task, round).await;
        }
        // One or some events are read, the others are lost.
        for _ in 0..round {
            stream.task().await;
        }
        let last_id = stream.last_id.clone();
        drop(stream);
        for task in &tasks[..round] {
            progress(&story, *task, 10 * round).await;
        }
        stream = story.all_tasks_after(&last_id).await;
        read_until_current(&mut stream, &story, &tasks[..round]).await;
    }
    drop(stream);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_id_is_valid_at_other_replicas_and_after_a_restart(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base).setting("stream.poll", "100ms").begin().await;
    let tasks = several(&story, 3).await;
    let replica = story.second_replica().await;
    let mut stream = story.all_tasks().await;
    progress(&story, tasks[0], 1).await;
    stream.until(|task| task["progress_value"] == 1).await;
    let last_id = stream.last_id.clone();
    drop(stream);
    progress(&story, tasks[1], 2).await;
    let mut there = story.all_tasks_at(&replica.url(), &last_id).await;
    there.until(|task| task["progress_value"] == 2).await;
    progress(&story, tasks[2], 3).await;
    there.until(|task| task["progress_value"] == 3).await;
    drop(there);
    story.restart().await;
    let mut again = story.all_tasks_after(&last_id).await;
    read_until_current(&mut again, &story, &tasks[1..]).await;
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_event_id_is_ignored(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let task = several(&story, 1).await[0];
    let far = format!("c{}", i64::MAX);
    for id in [
        "",
        "c",
        "c-1",
        "c1x",
        "r1",
        "1",
        "c99999999999999999999",
        "é",
        far.as_str(),
    ] {
        let mut stream = story.all_tasks_after(id).await;
        let value = usize::try_from(story.task(task).await["progress_value"].as_i64().unwrap())
            .unwrap()
            + 1;
        progress(&story, task, value).await;
        stream.until(|task| task["progress_value"] == value).await;
    }
    // From the first change.
    let mut all = story.all_tasks_after("c0").await;
    assert_eq!(all.task().await["id"], task);
    story.end().await;
}
