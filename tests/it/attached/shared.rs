//! Two accounts with the same workspace and OpenHEXA user, whose runs cannot be told apart.

use openhexa_bridge::domain::principal::Role;
use serde_json::json;

use super::stage::{B, Stage};
use super::{launch_as, operator};
use crate::support::catalogue::{id, pipeline, quick};
use crate::support::story::As;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_waits_for_another_accounts_launch_with_unknown_outcome() {
    let stage = Stage::begin(json!([pipeline(1, &[], quick("manual"))])).await;
    stage.workspace(2, B, 1, "demo", &json!({})).await;
    let bob = operator(&stage, B).await;
    stage
        .story
        .fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1}))
        .await;
    let first = launch_as(&stage, &As::Operator, &id(1)).await.expect(201);
    let second = launch_as(&stage, &bob, &id(1)).await.expect(201);
    let (first, second) = (&first["task"], &second["task"]);
    assert_eq!(
        (&first["status"], &second["status"]),
        (&json!("QUEUED"), &json!("QUEUED"))
    );
    assert_eq!(stage.story.runs().await.len(), 1, "the second one waits");
    let first = stage
        .story
        .until(first["id"].as_i64().unwrap(), "its run", |task| {
            task["run"]["id"].is_string()
        })
        .await;
    let made = stage.story.runs().await;
    assert_eq!(
        first["run"]["id"], made[0]["id"],
        "the run that its own launch created"
    );
    for _ in 0..10 {
        stage.story.next_cycle().await;
    }
    let path = format!("/tasks/{}/", second["id"]);
    let second = stage
        .story
        .ask(bob, reqwest::Method::GET, &path)
        .send()
        .await
        .expect(200);
    assert_eq!(stage.story.runs().await.len(), 2);
    assert!(
        second["run"]["id"].is_string() && second["run"]["id"] != first["run"]["id"],
        "{second}"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_does_not_wait_for_another_accounts_launch_that_was_not_sent() {
    let stage = Stage::begin(json!([pipeline(1, &[], quick("manual"))])).await;
    stage.workspace(2, B, 1, "demo", &json!({})).await;
    let bob = operator(&stage, B).await;
    // The first account's launch cannot be sent, for example because the token is refused.
    stage
        .story
        .fault(&json!({"fault": "html_500", "operation": "me", "for_ms": 600_000}))
        .await;
    let first = launch_as(&stage, &As::Operator, &id(1)).await.expect(201);
    let first = first["task"]["id"].as_i64().unwrap();
    stage.story.no_faults().await;
    let second = launch_as(&stage, &bob, &id(1)).await.expect(201);
    let path = format!("/tasks/{}/", second["task"]["id"]);
    let ask = stage.story.ask(bob, reqwest::Method::GET, &path);
    let second = ask.send().await.expect(200);
    assert!(second["run"]["id"].is_string(), "it waits: {second}");
    assert!(stage.story.task(first).await["run"].is_null());
    // Within the account the order of launches is kept.
    let third = launch_as(&stage, &As::Operator, &id(1)).await.expect(201);
    let third = third["task"]["id"].as_i64().unwrap();
    assert!(stage.story.task(third).await["run"].is_null());
    let mut runs = Vec::new();
    for task in [first, third] {
        let launched = |task: &serde_json::Value| task["run"]["id"].is_string();
        let shown = stage.story.until(task, "its run", launched).await;
        runs.push(shown["run"]["id"].clone());
    }
    let made = stage.story.runs().await;
    let made: Vec<_> = made.iter().map(|run| run["id"].clone()).collect();
    assert_eq!(made[1..], runs, "in the order of the launches");
    assert_eq!(made[0], second["run"]["id"]);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_of_all_accounts_need_a_key_of_the_settings() {
    let stage = Stage::begin(json!([])).await;
    let bob = stage.key(B, Role::Administrator).await;
    let ask = |who: As| stage.story.ask_at(who, reqwest::Method::GET, "/metrics");
    ask(bob).send().await.error(403);
    assert_eq!(ask(As::Viewer).send().await.status, 200);
    stage.end().await;
}
