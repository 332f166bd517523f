//! Launches while OpenHEXA is unavailable or slow: cached pipeline definitions are used, for a limited time.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{Answer, Base, MAX_WAIT, Postgres, Sqlite, Story, StoryBuilder};

fn plan(base: Base) -> StoryBuilder {
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
}

async fn ask(story: &Story) -> Answer {
    let path = format!("/pipelines/{}/launch/", id(1));
    story.post(&path, &json!({"config": {}})).await
}

/// Launches a task that is accepted and waits.
async fn launch_that_waits(story: &Story) -> i64 {
    let answer = ask(story).await.expect(201);
    assert_eq!(answer["task"]["status"], "QUEUED");
    assert_eq!(story.request_count("runPipeline").await, 0);
    answer["task"]["id"].as_i64().unwrap()
}

async fn cache_the_definition(story: &Story) {
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
}

async fn becomes_one_run(story: &Story, task: i64) {
    let ended = story.until_confirmed(task).await;
    let runs = story.runs().await;
    assert_eq!((&ended["status"], runs.len()), (&json!("SUCCESS"), 1));
    assert_eq!(ended["run"]["id"], runs[0]["id"]);
    assert_eq!(story.request_count("runPipeline").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_cached_definition_no_task_is_created(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base).begin().await;
    story.stop_openhexa().await;
    ask(&story).await.error(502);
    assert_eq!(story.tasks().await.len(), 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_instead_of_json_returns_502_without_its_content(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "html_500", "operation": "pipeline", "count": 1}))
        .await;
    let error = ask(&story).await.error(502);
    assert!(!error.contains('<'), "{error}");
    assert_eq!(story.tasks().await.len(), 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_cached_definition_the_run_is_created_once_openhexa_is_available(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for fault in ["drop_before", "html_500"] {
        let story = plan(base).begin().await;
        cache_the_definition(&story).await;
        story
            .fault(&json!({"fault": fault, "operation": "pipeline", "for_ms": 60_000}))
            .await;
        let task = launch_that_waits(&story).await;
        for _ in 0..3 {
            story.next_cycle().await;
        }
        assert_eq!(
            story.request_count("runPipeline").await,
            0,
            "{fault}: the launch request was not sent"
        );
        assert_eq!(story.task(task).await["status"], "QUEUED");
        story.no_faults().await;
        becomes_one_run(&story, task).await;
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_waits_is_sent_when_openhexa_is_available_after_minutes(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base).begin().await;
    cache_the_definition(&story).await;
    story
        .fault(&json!({"fault": "drop_before", "operation": "pipeline", "count": 1}))
        .await;
    let task = launch_that_waits(&story).await;
    story.stop_openhexa().await;
    for _ in 0..8 {
        story.advance(TimeDelta::minutes(1));
        story.next_cycle().await;
    }
    assert_eq!(story.task(task).await["status"], "QUEUED");
    story
        .reopen_openhexa(&json!([pipeline(1, &injected(), quick("succeed"))]))
        .await;
    becomes_one_run(&story, task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_waits_survives_a_restart(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base).begin().await;
    cache_the_definition(&story).await;
    story
        .fault(&json!({"fault": "drop_before", "operation": "pipeline", "for_ms": 60_000}))
        .await;
    let task = launch_that_waits(&story).await;
    story.restart().await;
    story.no_faults().await;
    becomes_one_run(&story, task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_waits_fails_after_the_time_limit(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base).begin().await;
    cache_the_definition(&story).await;
    story
        .fault(&json!({"fault": "drop_before", "operation": "pipeline", "count": 1}))
        .await;
    let task = launch_that_waits(&story).await;
    story.stop_openhexa().await;
    story.advance(TimeDelta::minutes(14));
    story.next_cycle().await;
    assert_eq!(story.task(task).await["status"], "QUEUED");
    assert!(story.stored_secrets(task).await.is_some());
    story.advance(TimeDelta::minutes(2));
    story.next_cycle().await;
    let ended = story.task(task).await;
    assert_eq!(
        (&ended["status"], &ended["confirmed"]),
        (&json!("ERROR"), &json!(true))
    );
    assert!(
        ended["progress_message"]
            .as_str()
            .unwrap()
            .contains("could not be sent to OpenHEXA in time"),
        "{ended}"
    );
    assert_eq!(story.stored_secrets(task).await, None);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_is_cached_for_ten_minutes(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    cache_the_definition(&story).await;
    story
        .fault(&json!({"fault": "html_500", "operation": "pipeline", "for_ms": 60_000}))
        .await;
    story.advance(TimeDelta::minutes(10));
    launch_that_waits(&story).await;
    story.advance(TimeDelta::seconds(1));
    ask(&story).await.error(502);
    assert_eq!(story.tasks().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cached_definition_still_refuses_invalid_values(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [parameter("country", "str", json!({"required": true}))];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    cache_the_definition(&story).await;
    story
        .fault(&json!({"fault": "html_500", "for_ms": 60_000}))
        .await;
    let refused = ask(&story).await.expect(400);
    assert_eq!(refused["config"]["country"], json!(["country is required"]));
    assert_eq!(story.tasks().await.len(), 0);
    story.end().await;
}

/// Launches while OpenHEXA does not respond; then removes the fault.
async fn response_in_time(story: &Story, slow: &str, status: u16) -> Value {
    story.delay(slow).await;
    let asked = story.request_count(slow).await;
    let answer = tokio::time::timeout(MAX_WAIT, ask(story)).await;
    let answer = answer
        .expect("the response does not wait for OpenHEXA")
        .expect(status);
    assert_eq!(
        story.request_count(slow).await,
        asked + 1,
        "no request was slow"
    );
    story.no_faults().await;
    answer
}

/// A bridge with a response time limit that is much shorter than the request timeout of OpenHEXA.
async fn with_short_time_limit(base: Base) -> Story {
    let plan = plan(base).setting("launch.answer_within", "2s");
    let plan = plan.setting("openhexa.request_timeout", "5m");
    plan.setting("reconcile.lease", "10m")
        .setting("launch.grace", "10m")
        .begin()
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_launch_gets_a_response_in_time_and_continues_in_the_background(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = with_short_time_limit(base).await;
    // On a busy machine the definition may already take two seconds.
    cache_the_definition(&story).await;
    let answer = response_in_time(&story, "runPipeline", 201).await;
    assert_eq!(answer["task"]["status"], "QUEUED");
    becomes_one_run(&story, answer["task"]["id"].as_i64().unwrap()).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_definition_is_taken_from_the_cache(#[values(Sqlite, Postgres)] base: Base) {
    let story = with_short_time_limit(base).await;
    cache_the_definition(&story).await;
    let answer = response_in_time(&story, "pipeline", 201).await;
    assert_eq!(answer["task"]["status"], "QUEUED");
    becomes_one_run(&story, answer["task"]["id"].as_i64().unwrap()).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_definition_that_is_not_cached_returns_504_without_a_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = with_short_time_limit(base).await;
    response_in_time(&story, "pipeline", 504).await;
    assert_eq!(
        (
            story.tasks().await.len(),
            story.request_count("runPipeline").await
        ),
        (0, 0)
    );
    story.end().await;
}
