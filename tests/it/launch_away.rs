//! Launches while OpenHEXA is unavailable or slow: cached definitions are used, for a limited time.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{Answer, Base, PATIENCE, Postgres, Sqlite, Story, StoryBuilder};

fn plan(base: Base) -> StoryBuilder {
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
}

async fn ask(story: &Story) -> Answer {
    let path = format!("/pipelines/{}/launch/", id(1));
    story.post(&path, &json!({"config": {}})).await
}

/// A launch that was accepted and waits: its task.
async fn waits(story: &Story) -> i64 {
    let answer = ask(story).await.expect(201);
    assert_eq!(answer["task"]["status"], "QUEUED");
    assert_eq!(story.asked("runPipeline").await, 0);
    answer["task"]["id"].as_i64().unwrap()
}

async fn learn_the_definition(story: &Story) {
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
    assert_eq!(story.asked("runPipeline").await, 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_nothing_known_of_the_pipeline_there_is_no_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base).begin().await;
    story.stop_openhexa().await;
    ask(&story).await.error(502);
    assert_eq!(story.tasks().await.len(), 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_in_place_of_json_is_502_and_says_nothing_of_it(
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
async fn with_the_definition_known_the_run_is_made_once_openhexa_is_back(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for fault in ["drop_before", "html_500"] {
        let story = plan(base).begin().await;
        learn_the_definition(&story).await;
        story
            .fault(&json!({"fault": fault, "operation": "pipeline", "for_ms": 60_000}))
            .await;
        let task = waits(&story).await;
        for _ in 0..3 {
            story.look().await;
        }
        assert_eq!(
            story.asked("runPipeline").await,
            0,
            "{fault}: sent without a check"
        );
        assert_eq!(story.task(task).await["status"], "QUEUED");
        story.no_faults().await;
        becomes_one_run(&story, task).await;
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_waits_is_made_when_openhexa_comes_back_after_minutes(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base).begin().await;
    learn_the_definition(&story).await;
    story
        .fault(&json!({"fault": "drop_before", "operation": "pipeline", "count": 1}))
        .await;
    let task = waits(&story).await;
    story.stop_openhexa().await;
    for _ in 0..8 {
        story.advance(TimeDelta::minutes(1));
        story.look().await;
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
    learn_the_definition(&story).await;
    story
        .fault(&json!({"fault": "drop_before", "operation": "pipeline", "for_ms": 60_000}))
        .await;
    let task = waits(&story).await;
    story.restart().await;
    story.no_faults().await;
    becomes_one_run(&story, task).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_waits_is_given_up_at_last(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = plan(base).begin().await;
    learn_the_definition(&story).await;
    story
        .fault(&json!({"fault": "drop_before", "operation": "pipeline", "count": 1}))
        .await;
    let task = waits(&story).await;
    story.stop_openhexa().await;
    story.advance(TimeDelta::minutes(14));
    story.look().await;
    assert_eq!(story.task(task).await["status"], "QUEUED");
    assert!(story.kept(task).await.is_some());
    story.advance(TimeDelta::minutes(2));
    story.look().await;
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
    assert_eq!(story.kept(task).await, None);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_definition_is_good_for_ten_minutes(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    learn_the_definition(&story).await;
    story
        .fault(&json!({"fault": "html_500", "operation": "pipeline", "for_ms": 60_000}))
        .await;
    story.advance(TimeDelta::minutes(10));
    waits(&story).await;
    story.advance(TimeDelta::seconds(1));
    ask(&story).await.error(502);
    assert_eq!(story.tasks().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_still_refuses_wrong_values(#[values(Sqlite, Postgres)] base: Base) {
    let parameters = [parameter("country", "str", json!({"required": true}))];
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, quick("succeed"))]))
        .begin()
        .await;
    learn_the_definition(&story).await;
    story
        .fault(&json!({"fault": "html_500", "for_ms": 60_000}))
        .await;
    let refused = ask(&story).await.expect(400);
    assert_eq!(refused["config"]["country"], json!(["country is required"]));
    assert_eq!(story.tasks().await.len(), 0);
    story.end().await;
}

/// An answer while OpenHEXA still has not answered; then it does.
async fn answered_soon(story: &Story, slow: &str, status: u16) -> Value {
    story.delay(slow).await;
    let asked = story.asked(slow).await;
    let answer = tokio::time::timeout(PATIENCE, ask(story)).await;
    let answer = answer.expect("it waited for OpenHEXA").expect(status);
    assert_eq!(story.asked(slow).await, asked + 1, "nothing was slow");
    story.no_faults().await;
    answer
}

/// A bridge that answers long before it gives OpenHEXA up.
async fn brief(base: Base) -> Story {
    let plan = plan(base).setting("launch.answer_within", "2s");
    let plan = plan.setting("openhexa.request_timeout", "5m");
    plan.setting("reconcile.lease", "10m")
        .setting("launch.grace", "10m")
        .begin()
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_launch_is_answered_in_time_and_goes_on_behind(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = brief(base).await;
    // A busy machine may take its two seconds for the definition already.
    learn_the_definition(&story).await;
    let answer = answered_soon(&story, "runPipeline", 201).await;
    assert_eq!(answer["task"]["status"], "QUEUED");
    becomes_one_run(&story, answer["task"]["id"].as_i64().unwrap()).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_definition_that_is_known_is_not_waited_for(#[values(Sqlite, Postgres)] base: Base) {
    let story = brief(base).await;
    learn_the_definition(&story).await;
    let answer = answered_soon(&story, "pipeline", 201).await;
    assert_eq!(answer["task"]["status"], "QUEUED");
    becomes_one_run(&story, answer["task"]["id"].as_i64().unwrap()).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_definition_that_is_not_known_is_504_without_a_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = brief(base).await;
    answered_soon(&story, "pipeline", 504).await;
    assert_eq!(
        (story.tasks().await.len(), story.asked("runPipeline").await),
        (0, 0)
    );
    story.end().await;
}
