//! A run as server-sent events.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{MANUAL, plan};
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_shows_a_run_until_its_end(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base)
        .setting("stream.most_per_caller", "1")
        .begin()
        .await;
    story.save_flow(MANUAL).await;
    let id = story.run_flow("manual", json!({})).await;
    let path = format!("/flow-runs/{id}/stream/");
    let mut stream = story.stream(&path).await;
    assert_eq!(stream.header("content-type"), "text/event-stream");
    assert_eq!(stream.task().await, story.flow_run(id).await);
    let crowded = story.get(&path).await;
    assert_eq!(crowded.status, 503);
    story
        .until_flow_run(id, "its step", |run| run["steps"][0]["status"] == "RUNNING")
        .await;
    let task = story.flow_run(id).await["steps"][0]["attempts"][0]["task_id"].clone();
    let is_running = |task: &serde_json::Value| task["status"] == "RUNNING";
    story
        .until(task.as_i64().unwrap(), "its run", is_running)
        .await;
    stream
        .until(|run| run["steps"][0]["attempts"][0]["status"] == "RUNNING")
        .await;
    story
        .post(&format!("/flow-runs/{id}/cancel/"), &json!({}))
        .await
        .expect(202);
    let ended = story.until_flow_run_ends(id).await;
    let rest = stream.rest().await;
    assert_eq!(rest.last(), Some(&ended));

    let again = story
        .ask(As::Viewer, Method::GET, &path)
        .header("last-event-id", &stream.last_id);
    assert_eq!(again.send().await.status, 204);
    let mut late = story.stream(&path).await;
    assert_eq!(late.rest().await, [ended]);
    assert_eq!(story.get("/flow-runs/999/stream/").await.status, 404);
    story.end().await;
}
