//! One launch creates one run, and its task gets the run's final status, with and without reports.

use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_ends_without_any_callback(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(ended["status"], "SUCCESS");
    assert_eq!(ended["result"], json!(null));
    let runs = story.runs().await;
    assert_eq!(runs.len(), 1);
    assert_eq!(ended["run"]["id"], runs[0]["id"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_of_the_pipeline_update_the_task(#[values(Sqlite, Postgres)] base: Base) {
    let behaviour = json!({"kind": "succeed", "queued_ms": 5, "running_ms": 40, "steps": 4, "callback": true, "result": {"rows": 3}});
    let mut parameters = injected();
    parameters.push(parameter(
        "country",
        "str",
        json!({"required": true, "name": "Country"}),
    ));
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, behaviour)]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({"country": "CMR"})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(ended["status"], "SUCCESS");
    assert_eq!(
        ended["result"],
        json!({"result": "SUCCESS", "data": {"rows": 3}})
    );
    assert_eq!(ended["config"]["connection_token"], "••••");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_response_of_a_launch_has_eight_keys_of_the_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("hang"))]))
        .begin()
        .await;
    let path = format!("/pipelines/{}/launch/", id(1));
    let answer = story.post(&path, &json!({"config": {}})).await.expect(201);
    assert_eq!(answer.as_object().unwrap().len(), 1, "{answer}");
    let task = answer["task"].as_object().unwrap();
    let mut keys: Vec<&str> = task.keys().map(String::as_str).collect();
    keys.sort_unstable();
    let eight = [
        "end_value",
        "id",
        "name",
        "progress_message",
        "progress_value",
        "result",
        "status",
        "updated_at",
    ];
    assert_eq!(keys, eight);
    assert!(task["id"].is_i64());
    assert_eq!(task["name"], "OpenHexa Pipeline: Pipeline 1");
    assert_eq!(task["status"], "QUEUED");
    assert_eq!(
        (&task["progress_value"], &task["end_value"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        (&task["progress_message"], &task["result"]),
        (&json!(null), &json!(null))
    );
    let updated = task["updated_at"].as_str().unwrap();
    assert!(
        updated.ends_with('Z') && updated.len() == "2026-11-20T10:42:00.123Z".len(),
        "{updated}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launched_task_has_its_pipeline_version_and_run(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("hang"))]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let task = story.task(task).await;
    let runs = story.runs().await;
    assert_eq!(task["pipeline"]["id"], json!(id(1)));
    assert_eq!(
        task["pipeline"]["version"],
        json!({"id": id(1001), "versionNumber": 1})
    );
    assert_eq!(
        (&task["run"]["id"], &task["run"]["status"]),
        (&runs[0]["id"], &json!("queued"))
    );
    assert_eq!(
        (&task["confirmed"], &task["ended_at"]),
        (&json!(false), &json!(null))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_launch_creates_its_own_run(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    let mut own = Vec::new();
    for _ in 0..3 {
        let task = story.launch(&id(1), json!({})).await;
        own.push(story.until_confirmed(task).await["run"]["id"].clone());
    }
    let runs: Vec<_> = story
        .runs()
        .await
        .into_iter()
        .map(|run| run["id"].clone())
        .collect();
    assert_eq!(own, runs);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_whose_client_disconnects_is_still_followed(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
        .begin()
        .await;
    story.delay("runPipeline").await;
    tokio::select! {
        answer = story.launch(&id(1), json!({})) => panic!("the response {answer} came too early"),
        _ = story.until_runs("the run", |runs| !runs.is_empty()) => {}
    }
    story.no_faults().await;
    let task = story.until_task().await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(ended["status"], "SUCCESS");
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_whose_client_disconnects_early_is_still_sent(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .begin()
        .await;
    story.delay("me").await;
    tokio::select! {
        answer = story.launch(&id(1), json!({})) => panic!("the response {answer} came too early"),
        () = story.until_requested("me", 1) => {}
    }
    assert_eq!(story.runs().await.len(), 0);
    story.no_faults().await;
    let task = story.until_task().await;
    assert_eq!(story.until_confirmed(task).await["status"], "SUCCESS");
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}
