//! Once the task of a launch is committed, the response contains it, whatever fails afterwards.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use super::*;
use crate::support::story::{Base, Postgres, Sqlite};

async fn becomes_one_run(story: &Story, task: i64) {
    remove_failure(story).await;
    // The lease of the launch expires.
    story.advance(TimeDelta::minutes(2));
    let ended = story.until_confirmed(task).await;
    let runs = story.runs().await;
    assert_eq!(
        (&ended["status"], runs.len()),
        (&json!("SUCCESS"), 1),
        "{ended}"
    );
    assert_eq!(ended["run"]["id"], runs[0]["id"]);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_failure_between_the_commit_and_the_request_to_openhexa_returns_201_queued(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    fails_on(
        &story,
        "UPDATE ON task",
        "NEW.state = 'launching'",
        "53100",
        "No space left on device",
    )
    .await;
    let answer = launch(&story).await.expect(201);
    assert_eq!(
        (&answer["task"]["status"], story.runs().await.len()),
        (&json!("QUEUED"), 0)
    );
    becomes_one_run(&story, answer["task"]["id"].as_i64().unwrap()).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_failure_after_the_run_was_created_returns_201_queued_and_the_run_is_found(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    fails_on(
        &story,
        "UPDATE ON task",
        "NEW.state = 'submitted'",
        "53100",
        "No space left on device",
    )
    .await;
    let answer = launch(&story).await.expect(201);
    assert_eq!(
        (&answer["task"]["status"], story.runs().await.len()),
        (&json!("QUEUED"), 1)
    );
    becomes_one_run(&story, answer["task"]["id"].as_i64().unwrap()).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_cannot_be_released_does_not_fail_the_launch(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    fails_on(
        &story,
        "UPDATE ON run",
        "NEW.lease_owner IS NULL AND OLD.lease_owner IS NOT NULL",
        "57014",
        "canceling statement",
    )
    .await;
    let answer = launch(&story).await.expect(201);
    assert_eq!(story.runs().await.len(), 1);
    becomes_one_run(&story, answer["task"]["id"].as_i64().unwrap()).await;
    story.end().await;
}
