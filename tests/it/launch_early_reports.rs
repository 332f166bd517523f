//! Reports before the run's id is known: they prove that the run exists.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

/// A task whose run is running, but whose run id was lost.
async fn lost(base: Base) -> (Story, i64) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("manual"))]))
        .begin()
        .await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    assert_eq!(story.task(task).await["run"], json!(null));
    (story, task)
}

/// Reports with the token of the running pipeline.
async fn report_as_pipeline(story: &Story, body: Value) -> Value {
    let who = As::Bearer(story.callback_token().await);
    let ask = story.ask(who, Method::PATCH, &format!("/pipelines/{}/", id(1)));
    ask.json(&body).send().await.expect(200)["task"].clone()
}

async fn vanish(story: &Story) {
    story.drive_only(&json!({"vanish": true})).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_updates_the_task_and_its_run_is_found_later(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = lost(base).await;
    let told = report_as_pipeline(&story, json!({"status": "RUNNING", "progress_value": 3})).await;
    assert_eq!(
        (&told["status"], &told["progress_value"]),
        (&json!("RUNNING"), &json!(3))
    );
    assert_eq!(story.task(task).await["run"], json!(null));
    let found = story
        .until(task, "its run", |task| !task["run"].is_null())
        .await;
    assert_eq!(
        (&found["status"], &found["run"]["id"]),
        (&json!("RUNNING"), &story.runs().await[0]["id"])
    );
    story
        .until(task, "the running run", |task| {
            task["run"]["status"] == "running"
        })
        .await;
    story.drive_only(&json!({"status": "success"})).await;
    assert_eq!(story.until_confirmed(task).await["status"], "SUCCESS");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_early_final_report_is_shown_and_then_corrected_by_the_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = lost(base).await;
    report_as_pipeline(&story, json!({"status": "SUCCESS", "result": {"rows": 3}})).await;
    let shown = story.task(task).await;
    assert_eq!(
        (&shown["status"], &shown["confirmed"]),
        (&json!("SUCCESS"), &json!(false))
    );
    let found = story
        .until(task, "its run", |task| !task["run"].is_null())
        .await;
    assert_eq!(
        (&found["status"], &found["confirmed"]),
        (&json!("SUCCESS"), &json!(false))
    );
    story.drive_only(&json!({"status": "failed"})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["result"]["data"]),
        (&json!("ERROR"), &json!({"rows": 3}))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_report_the_launch_is_not_repeated_and_the_run_is_searched_until_its_deadline(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = lost(base).await;
    report_as_pipeline(&story, json!({"status": "RUNNING"})).await;
    vanish(&story).await;
    for _ in 0..40 {
        story.next_cycle().await;
    }
    story.advance(TimeDelta::minutes(20));
    story.next_cycle().await;
    assert_eq!(
        (
            &story.task(task).await["status"],
            story.request_count("runPipeline").await
        ),
        (&json!("RUNNING"), 1)
    );
    // The version's timeout is an hour, and the deadline half an hour later.
    story.advance(TimeDelta::minutes(72));
    story.next_cycle().await;
    let ended = story.task(task).await;
    assert_eq!(
        (&ended["status"], &ended["confirmed"]),
        (&json!("ERROR"), &json!(true))
    );
    assert_eq!(
        ended["progress_message"],
        "OpenHEXA never confirmed the launch"
    );
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reported_success_of_a_run_that_is_not_found_is_kept(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = lost(base).await;
    report_as_pipeline(&story, json!({"status": "SUCCESS", "result": 3})).await;
    vanish(&story).await;
    story.next_cycle().await;
    story.advance(TimeDelta::minutes(92));
    story.next_cycle().await;
    let ended = story.task(task).await;
    assert_eq!(
        (&ended["status"], &ended["confirmed"]),
        (&json!("SUCCESS"), &json!(true))
    );
    assert_eq!(ended["result"], json!({"result": "SUCCESS", "data": 3}));
    assert_eq!(story.request_count("runPipeline").await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_during_the_launch_request_is_accepted(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("manual"))]))
        .begin()
        .await;
    story.delay("runPipeline").await;
    let early = async {
        story.until_runs("the run", |runs| !runs.is_empty()).await;
        let told = report_as_pipeline(
            &story,
            json!({"status": "RUNNING", "progress_message": "early"}),
        )
        .await;
        story.no_faults().await;
        told
    };
    let (task, told) = tokio::join!(story.launch(&id(1), json!({})), early);
    assert_eq!(told["status"], "RUNNING");
    let shown = story.task(task).await;
    assert_eq!(
        (&shown["status"], &shown["progress_message"]),
        (&json!("RUNNING"), &json!("early"))
    );
    assert_eq!(shown["run"]["id"], story.runs().await[0]["id"]);
    story.end().await;
}
