//! The secrets of a launch: sent unchanged, stored encrypted only as long as needed, never shown.

use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

fn plan(base: Base) -> StoryBuilder {
    let mut parameters = injected();
    parameters.push(parameter("password", "secret", json!({"required": true})));
    parameters.push(parameter("other", "secret", json!({})));
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &parameters, quick("manual"))]))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_sent_unchanged_and_shown_masked(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let task = story
        .launch(&id(1), json!({"password": story.secrets.parameter}))
        .await;
    let sent = story.runs().await[0]["config"].clone();
    assert_eq!(sent["password"], json!(story.secrets.parameter));
    let shown = story.task(task).await["config"].clone();
    assert_eq!(
        (&shown["password"], &shown["connection_token"]),
        (&json!("••••"), &json!("••••"))
    );
    assert_eq!(shown.get("other"), None);
    story.get("/tasks/").await.expect(200);
    story
        .get(&format!("/tasks/{task}/events/"))
        .await
        .expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_deleted_once_the_run_is_known(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let task = story
        .launch(&id(1), json!({"password": story.secrets.parameter}))
        .await;
    assert_eq!(story.stored_secrets(task).await, None);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_outcome_is_unknown_secrets_are_stored_encrypted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let task = story
        .launch(&id(1), json!({"password": story.secrets.parameter}))
        .await;
    let kept = story.stored_secrets(task).await.unwrap();
    assert_eq!(kept["secrets"]["password"], json!(story.secrets.parameter));
    assert_eq!(
        kept["secrets"]["connection_token"],
        story.runs().await[0]["config"]["connection_token"]
    );
    story
        .until(task, "its run", |task| !task["run"].is_null())
        .await;
    assert_eq!(story.stored_secrets(task).await, None);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_is_sent_again_has_its_secrets(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let task = story
        .launch(&id(1), json!({"password": story.secrets.parameter}))
        .await;
    story
        .until(task, "its run", |task| !task["run"].is_null())
        .await;
    assert_eq!(
        story.runs().await[0]["config"]["password"],
        json!(story.secrets.parameter)
    );
    assert_eq!(story.stored_secrets(task).await, None);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_value_of_a_refused_secret_is_not_in_the_response(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let path = format!("/pipelines/{}/launch/", id(1));
    let wrong = json!({"config": {"password": [story.secrets.parameter], "other": 3}});
    let refused = story.post(&path, &wrong).await.expect(400);
    assert_eq!(refused["config"].as_object().unwrap().len(), 2, "{refused}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_log_lines_of_a_failed_run_contain_no_token(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let task = story.launch(&id(1), json!({"password": "x"})).await;
    let token = story.callback_token().await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    story
        .drive_only(
            &json!({"status": "failed", "message": format!("ValueError: 401 for Bearer {token}.")}),
        )
        .await;
    let ended = story.until_confirmed(task).await;
    assert!(
        ended["progress_message"]
            .as_str()
            .unwrap()
            .contains("Bearer ••••"),
        "{ended}"
    );
    story.end().await;
}
