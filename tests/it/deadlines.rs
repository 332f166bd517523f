//! Overdue runs: they are polled until a poll shows their end, and a time limit alone never ends a task.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Map, json};

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::fixtures::{end, running};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

/// The version's timeout of an hour and the grace.
const TIME_LIMIT: TimeDelta = TimeDelta::minutes(90);

async fn overdue(story: &Story, task: i64) -> usize {
    let events = story.events(task).await;
    events.iter().filter(|event| *event == "overdue").count()
}

/// Polls at the interval of an overdue run for this time, and returns the status of the task.
async fn poll_for(story: &Story, time: TimeDelta, task: i64) -> String {
    for _ in 0..(time.num_seconds() / 100) {
        story.advance(TimeDelta::seconds(100));
        story.run_cycle().await;
    }
    story.task(task).await["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_past_its_deadline_is_recorded_and_polled_more_often_and_not_ended(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story.advance(TIME_LIMIT - TimeDelta::minutes(1));
    story.run_cycle().await;
    assert_eq!(overdue(&story, task).await, 0);
    story.advance(TimeDelta::hours(20));
    story.run_cycle().await;
    let before = story.request_count("pipelineRun").await;
    for _ in 0..60 {
        story.advance(TimeDelta::seconds(1));
        story.run_cycle().await;
    }
    assert_eq!(story.request_count("pipelineRun").await - before, 6);
    assert_eq!(
        (overdue(&story, task).await, end(&story.task(task).await)),
        (1, ("RUNNING", false))
    );
    story.drive(&run, &json!({"status": "success"})).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("SUCCESS", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overdue_run_is_kept_while_unreachable_and_timed_out_if_deleted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story.drive(&run, &json!({"vanish": true})).await;
    story.advance(TIME_LIMIT + TimeDelta::minutes(1));
    story
        .fault(&json!({"fault": "html_500", "for_ms": 600_000}))
        .await;
    assert_eq!(poll_for(&story, TimeDelta::hours(2), task).await, "RUNNING");
    story.no_faults().await;
    // The longest pause of polling after an outage.
    let pause = TimeDelta::seconds(30);
    for _ in 0..2 {
        story.advance(pause);
        story.run_cycle().await;
        assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    }
    story.advance(pause);
    story.run_cycle().await;
    let ended = story.task(task).await;
    assert_eq!(end(&ended), ("ERROR", true));
    let why = ended["progress_message"].as_str().unwrap();
    assert!(why.contains("exceeded its time limit"), "{why}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_waits_in_the_queue_is_not_overdue(#[values(Sqlite, Postgres)] base: Base) {
    let hangs = json!([pipeline(1, &injected(), quick("hang"))]);
    let story = StoryBuilder::on(base).pipelines(hangs).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    story.advance(TimeDelta::hours(24) + TIME_LIMIT - TimeDelta::minutes(1));
    story.run_cycle().await;
    assert_eq!(overdue(&story, task).await, 0);
    story.advance(TimeDelta::minutes(2));
    story.run_cycle().await;
    assert_eq!(
        (overdue(&story, task).await, end(&story.task(task).await)),
        (1, ("QUEUED", false))
    );
    story.end().await;
}

// The time used to be counted from the launch, even if the launch request was sent minutes later.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_limit_of_a_late_launch_counts_from_its_launch_request(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let hangs = json!([pipeline(1, &injected(), quick("hang"))]);
    let story = StoryBuilder::on(base).pipelines(hangs).begin().await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    story
        .fault(&json!({"fault": "drop_before", "operation": "pipeline", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    assert_eq!(story.request_count("runPipeline").await, 0);
    story.advance(TimeDelta::minutes(8));
    story.run_cycle().await;
    assert_eq!(story.request_count("runPipeline").await, 1);
    story.advance(TimeDelta::hours(24) + TIME_LIMIT - TimeDelta::minutes(1));
    story.run_cycle().await;
    assert_eq!(overdue(&story, task).await, 0);
    story.advance(TimeDelta::minutes(2));
    story.run_cycle().await;
    assert_eq!(overdue(&story, task).await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_in_an_archived_workspace_is_ended_an_hour_after_its_deadline(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, _) = running(base).await;
    story.archive(true).await;
    assert_eq!(
        poll_for(&story, TIME_LIMIT - TimeDelta::minutes(5), task).await,
        "RUNNING"
    );
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(60), task).await,
        "RUNNING"
    );
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(12), task).await,
        "ERROR"
    );
    let ended = story.task(task).await;
    let why = ended["progress_message"].as_str().unwrap();
    assert!(
        ended["confirmed"] == true && why.contains("the workspace was archived"),
        "{why}"
    );
    // The last report of the pipeline is still used.
    let word = json!({"task_id": task, "status": "SUCCESS"});
    assert_eq!(
        story.report(&id(1), &word).await.expect(200)["task"]["status"],
        "SUCCESS"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_in_an_archived_workspace_is_ended_after_the_same_hour(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, _) = running(base).await;
    story
        .post(&format!("/tasks/{task}/cancel/"), &json!({}))
        .await
        .expect(202);
    story.archive(true).await;
    assert_eq!(
        poll_for(&story, TIME_LIMIT + TimeDelta::minutes(55), task).await,
        "RUNNING"
    );
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(12), task).await,
        "ERROR"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_or_a_successful_poll_restarts_the_hour(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = running(base).await;
    story.advance(TIME_LIMIT);
    story.archive(true).await;
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(50), task).await,
        "RUNNING"
    );
    story
        .fault(&json!({"fault": "html_500", "operation": "pipelineRun", "count": 1}))
        .await;
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(50), task).await,
        "RUNNING"
    );
    // The bridge itself was stopped: polls with long gaps between them are not counted as consecutive.
    story.advance(TimeDelta::hours(5));
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(50), task).await,
        "RUNNING"
    );
    story.archive(false).await;
    story.advance(TimeDelta::seconds(10));
    story.run_cycle().await;
    story.archive(true).await;
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(50), task).await,
        "RUNNING"
    );
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(15), task).await,
        "ERROR"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_token_never_ends_a_task(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    story.advance(TIME_LIMIT);
    story
        .fault(&json!({"fault": "stranger", "for_ms": 600_000}))
        .await;
    assert_eq!(poll_for(&story, TimeDelta::hours(3), task).await, "RUNNING");
    story.no_faults().await;
    story
        .configure_with(Map::new(), &story.openhexa, "withdrawn", "demo")
        .await;
    assert_eq!(poll_for(&story, TimeDelta::hours(3), task).await, "RUNNING");
    story.configure(Map::new()).await;
    story.drive(&run, &json!({"status": "success"})).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("SUCCESS", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_run_in_an_archived_workspace_is_ended_after_its_deadline(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let ours = json!([pipeline(1, &injected(), quick("manual"))]);
    let story = StoryBuilder::on(base).pipelines(ours).begin().await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    story.archive(true).await;
    story.advance(TimeDelta::hours(24));
    assert_eq!(
        poll_for(&story, TIME_LIMIT + TimeDelta::minutes(55), task).await,
        "QUEUED"
    );
    assert_eq!(
        poll_for(&story, TimeDelta::minutes(12), task).await,
        "ERROR"
    );
    story.end().await;
}

#[test]
fn the_time_limit_of_a_run_is_four_hours_by_default_and_twelve_at_most() {
    let hours = TimeDelta::hours;
    for (version, limit) in [
        (None, hours(4)),
        (Some(3_600), hours(1)),
        (Some(12 * 3_600), hours(12)),
        (Some(20 * 3_600), hours(12)),
        (Some(-1), hours(0)),
    ] {
        assert_eq!(
            openhexa_bridge::domain::run::time_limit(version),
            limit,
            "{version:?}"
        );
    }
}
