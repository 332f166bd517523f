//! Reports before the run's id is known: they prove that there is a run.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

/// A task whose run lives, and whose run's id was lost.
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

/// As the running pipeline itself reports.
async fn says(story: &Story, body: Value) -> Value {
    let who = As::Bearer(story.callback_token().await);
    let ask = story.ask(who, Method::PATCH, &format!("/pipelines/{}/", id(1)));
    ask.json(&body).send().await.expect(200)["task"].clone()
}

async fn vanish(story: &Story) {
    story.drive_only(&json!({"vanish": true})).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_moves_the_task_and_its_run_is_found_later(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = lost(base).await;
    let told = says(&story, json!({"status": "RUNNING", "progress_value": 3})).await;
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
async fn an_end_reported_early_is_shown_and_then_corrected_by_the_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = lost(base).await;
    says(&story, json!({"status": "SUCCESS", "result": {"rows": 3}})).await;
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
async fn a_reported_run_is_never_launched_again_and_is_looked_for_until_its_deadline(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = lost(base).await;
    says(&story, json!({"status": "RUNNING"})).await;
    vanish(&story).await;
    for _ in 0..40 {
        story.look().await;
    }
    story.advance(TimeDelta::minutes(20));
    story.look().await;
    assert_eq!(
        (
            &story.task(task).await["status"],
            story.asked("runPipeline").await
        ),
        (&json!("RUNNING"), 1)
    );
    // The version allows an hour, and the deadline half an hour more.
    story.advance(TimeDelta::minutes(72));
    story.look().await;
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
async fn a_reported_success_of_a_run_never_found_stays_one(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = lost(base).await;
    says(&story, json!({"status": "SUCCESS", "result": 3})).await;
    vanish(&story).await;
    story.look().await;
    story.advance(TimeDelta::minutes(92));
    story.look().await;
    let ended = story.task(task).await;
    assert_eq!(
        (&ended["status"], &ended["confirmed"]),
        (&json!("SUCCESS"), &json!(true))
    );
    assert_eq!(ended["result"], json!({"result": "SUCCESS", "data": 3}));
    assert_eq!(story.asked("runPipeline").await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_while_the_launch_is_still_under_way_is_taken(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("manual"))]))
        .begin()
        .await;
    story.delay("runPipeline").await;
    let early = async {
        story.until_runs("the run", |runs| !runs.is_empty()).await;
        let told = says(
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
