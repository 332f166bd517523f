//! A running task, and the final status of a task.

use serde_json::{Value, json};

use super::catalogue::{id, injected, pipeline, quick};
use super::story::{Base, Story, StoryBuilder};

/// A task whose run continues until the test ends it.
pub async fn running(base: Base) -> (Story, i64, String) {
    let story = StoryBuilder::on(base)
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

/// The status of a task, and whether it is confirmed.
pub fn end(task: &Value) -> (&str, bool) {
    (
        task["status"].as_str().unwrap(),
        task["confirmed"].as_bool().unwrap(),
    )
}
