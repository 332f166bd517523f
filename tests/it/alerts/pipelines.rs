//! Alerts of pipelines that were launched by themselves.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use super::{FAILING, GOOD, MANUAL, alerts, of, open, plan};
use crate::support::catalogue::id;
use crate::support::story::{Base, Postgres, Sqlite, Story};

async fn launch(story: &Story, number: u64) -> i64 {
    let path = format!("/pipelines/{}/launch/", id(number));
    let launched = story.post(&path, &json!({"config": {}})).await.expect(201);
    launched["task"]["id"].as_i64().unwrap()
}

async fn until_ended(story: &Story, task: i64) {
    story
        .until_true("the confirmed end", async || {
            story.flow_cycle().await;
            story.advance(TimeDelta::seconds(2));
            story.task(task).await["confirmed"] == true
        })
        .await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_task_opens_an_alert_of_its_pipeline(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let task = launch(&story, FAILING).await;
    until_ended(&story, task).await;
    let all = alerts(&story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (&all[0]["pipeline"], &all[0]["task"], &all[0]["flow"]),
        (
            &json!({"id": id(FAILING), "name": "Pipeline 3"}),
            &json!(task),
            &json!(null)
        )
    );
    assert_eq!(all[0]["title"], "Pipeline 3 has failed");
    // Another pipeline does not resolve it.
    let other = launch(&story, GOOD).await;
    until_ended(&story, other).await;
    assert_eq!(open(&story).await, of(&[("failed", "")]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_success_of_the_pipeline_resolves_it(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    for (end, expected) in [("failed", of(&[("failed", "")])), ("success", of(&[]))] {
        let task = launch(&story, MANUAL).await;
        let openhexa = story.runs().await.last().unwrap()["id"].clone();
        story
            .drive(openhexa.as_str().unwrap(), &json!({"status": end}))
            .await;
        until_ended(&story, task).await;
        assert_eq!(open(&story).await, expected, "{end}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_takes_longer_than_usual_opens_an_alert_while_it_runs(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    for _ in 0..5 {
        let task = launch(&story, MANUAL).await;
        let openhexa = story.runs().await.last().unwrap()["id"].clone();
        let openhexa = openhexa.as_str().unwrap().to_owned();
        story.drive(&openhexa, &json!({"status": "running"})).await;
        story.run_cycle().await;
        story.drive(&openhexa, &json!({"status": "success"})).await;
        until_ended(&story, task).await;
    }
    let task = launch(&story, MANUAL).await;
    let openhexa = story.runs().await.last().unwrap()["id"].clone();
    let openhexa = openhexa.as_str().unwrap().to_owned();
    story.drive(&openhexa, &json!({"status": "running"})).await;
    story
        .until_true("the start", async || {
            story.flow_cycle().await;
            story.advance(TimeDelta::seconds(2));
            story.task(task).await["status"] == "RUNNING"
        })
        .await;
    assert_eq!(open(&story).await, of(&[]));
    story.advance(TimeDelta::minutes(3));
    story.flow_cycle().await;
    assert_eq!(open(&story).await, of(&[("duration", "")]));
    story.drive(&openhexa, &json!({"status": "success"})).await;
    until_ended(&story, task).await;
    assert_eq!(open(&story).await, of(&[]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tasks_of_flows_open_no_alerts_of_pipelines(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    super::run(&story, FAILING, "").await;
    let all = alerts(&story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["pipeline"], json!(null));
    story.end().await;
}
