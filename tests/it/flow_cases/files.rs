//! Triggers by files: one run for each new file, also if files change or listings fail.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use super::{cycle, plan, runs};
use crate::support::database::sql;
use crate::support::story::{Base, Postgres, Sqlite, Story};

const DROP: &str = "id: night\ntriggers: [{id: drop, file: 'incoming/*.csv', every: 5m}]\n\
    steps: [{id: load, pipeline: pipeline-1, parameters: {text: {from: run.file}}}]\n";

/// A file of this size, changed in this minute.
fn file(name: &str, size: u64, minute: u32) -> Value {
    json!({"key": format!("incoming/{name}"), "size": size, "updatedAt": format!("2027-01-10T00:{minute:02}:00Z")})
}

async fn put(story: &Story, files: &[Value]) {
    story.set_files(&json!({"files": files})).await;
}

/// The next listing.
async fn listing(story: &Story) {
    story.advance(TimeDelta::minutes(5));
    cycle(story).await;
}

async fn found(story: &Story) -> Vec<String> {
    let mut all = Vec::new();
    for run in runs(story).await {
        let id = run["id"].as_i64().unwrap();
        let run = story.flow_run(id).await;
        all.push(run["file"]["path"].as_str().unwrap_or_default().to_owned());
    }
    all
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_starts_one_run_once_it_is_complete(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T01:00:00Z").begin().await;
    put(&story, &[file("old.csv", 1, 0)]).await;
    story.save_flow(DROP).await;
    cycle(&story).await;
    put(&story, &[file("old.csv", 1, 0), file("slow.csv", 10, 1)]).await;
    listing(&story).await;
    // It is still being written.
    put(&story, &[file("old.csv", 1, 0), file("slow.csv", 20, 2)]).await;
    listing(&story).await;
    assert_eq!(found(&story).await, [""; 0]);
    listing(&story).await;
    assert_eq!(found(&story).await, ["incoming/slow.csv"]);
    for _ in 0..3 {
        listing(&story).await;
    }
    assert_eq!(found(&story).await.len(), 1);
    let id = runs(&story).await[0]["id"].as_i64().unwrap();
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(ended["status"], "SUCCESS", "{ended}");
    let task = ended["steps"][0]["attempts"][0]["task_id"]
        .as_i64()
        .unwrap();
    assert_eq!(
        story.task(task).await["config"]["text"],
        "incoming/slow.csv"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_and_a_renamed_file_are_new_files(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T01:00:00Z").begin().await;
    story.save_flow(DROP).await;
    cycle(&story).await;
    for files in [
        file("a.csv", 1, 1),
        file("a.csv", 1, 2),
        file("b.csv", 1, 2),
    ] {
        put(&story, &[files]).await;
        listing(&story).await;
        listing(&story).await;
    }
    assert_eq!(
        found(&story).await,
        ["incoming/a.csv", "incoming/a.csv", "incoming/b.csv"]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_files_at_once_start_twenty_runs_per_listing_and_none_is_lost(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T01:00:00Z").begin().await;
    story.save_flow(DROP).await;
    cycle(&story).await;
    let many: Vec<Value> = (0..1000)
        .map(|n| file(&format!("{n:04}.csv"), 1, 1))
        .collect();
    put(&story, &many).await;
    listing(&story).await;
    let flows = story.bridge().flows;
    for round in 1..=50 {
        story.advance(TimeDelta::minutes(5));
        flows.files.list_files().await.unwrap();
        let counted = crate::support::database::texts(
            &story,
            "SELECT CAST(COUNT(*) AS TEXT) AS text FROM tick",
        );
        assert_eq!(counted.await, [(round * 20).to_string()]);
        // With too many active runs, files would wait.
        sql(&story, "UPDATE flow_run SET ended_at = created_at").await;
    }
    flows.files.list_files().await.unwrap();
    let distinct = "SELECT CAST(COUNT(DISTINCT event) AS TEXT) AS text FROM tick";
    assert_eq!(
        crate::support::database::texts(&story, distinct).await,
        ["1000"]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_that_fails_changes_nothing_and_two_replicas_start_one_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T01:00:00Z").begin().await;
    let replica = story.second_replica().await;
    story.save_flow(DROP).await;
    cycle(&story).await;
    put(&story, &[file("a.csv", 1, 1)]).await;
    listing(&story).await;
    story
        .fault(&json!({"fault": "fail_listing", "count": 1}))
        .await;
    listing(&story).await;
    assert_eq!(found(&story).await, [""; 0]);
    story.advance(TimeDelta::minutes(5));
    tokio::join!(cycle(&story), replica.flow_cycle());
    tokio::join!(cycle(&story), replica.flow_cycle());
    assert_eq!(found(&story).await, ["incoming/a.csv"]);
    replica.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forgotten_version_that_is_back_starts_no_second_run_and_stops_no_other_file(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T01:00:00Z").begin().await;
    story.save_flow(DROP).await;
    cycle(&story).await;
    put(&story, &[file("a.csv", 1, 1)]).await;
    listing(&story).await;
    listing(&story).await;
    assert_eq!(found(&story).await, ["incoming/a.csv"]);
    sql(&story, "DELETE FROM seen_file").await;
    put(&story, &[file("a.csv", 1, 1), file("b.csv", 1, 2)]).await;
    listing(&story).await;
    listing(&story).await;
    assert_eq!(found(&story).await, ["incoming/a.csv", "incoming/b.csv"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_is_paused_during_its_first_listing_is_not_started(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T01:00:00Z").begin().await;
    story.save_flow(DROP).await;
    let slow = json!({"fault": "latency", "operation": "workspace", "ms": 600_000, "count": 1});
    story.fault(&slow).await;
    let before = story.request_count("workspace").await;
    let flows = story.bridge().flows;
    let first = tokio::spawn(async move { flows.files.list_files().await });
    story.until_requested("workspace", before + 1).await;
    story
        .post("/flows/night/pause/", &json!({}))
        .await
        .expect(200);
    story.no_faults().await;
    first.await.unwrap().unwrap();
    put(&story, &[file("a.csv", 1, 1)]).await;
    for _ in 0..3 {
        listing(&story).await;
    }
    assert_eq!(found(&story).await, [""; 0]);
    story.end().await;
}
