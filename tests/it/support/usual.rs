//! What many stories begin with, and how they tell a task's end.

use serde_json::{Value, json};

use super::catalogue::{id, injected, pipeline, quick};
use super::story::{Base, Plan, Story};

/// A task whose run goes on until it is driven or stopped.
pub async fn running(base: Base) -> (Story, i64, String) {
    let story = Plan::on(base)
        .pipelines(json!([pipeline(1, &injected(), quick("manual"))]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let shown = story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    let run = shown["run"]["id"].as_str().unwrap().to_owned();
    (story, task, run)
}

/// What is told of a task's end: its status, and whether that is confirmed.
pub fn end(task: &Value) -> (&str, bool) {
    (
        task["status"].as_str().unwrap(),
        task["confirmed"].as_bool().unwrap(),
    )
}
