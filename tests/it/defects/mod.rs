//! The defects of the implementation that this one replaces: each test is named after one and shows that it
//! is fixed. `docs/reliability.md` has the list.
//!
//! ```text
//! answers.rs   wrong responses and final statuses
//! reports.rs   what happened to the reports of pipelines
//! cost.rs      what was blocked, lost, or slow
//! ```

mod answers;
mod cost;
mod reports;

use serde_json::{Value, json};

use crate::callback::plan;
use crate::support::catalogue::id;
use crate::support::fixtures::end;
use crate::support::story::{Base, Story};

fn launch_path(pipeline: u64) -> String {
    format!("/pipelines/{}/launch/", id(pipeline))
}

/// A task whose run continues until the test ends it.
async fn running(base: Base) -> (Story, i64) {
    let story = plan(base).begin().await;
    let task = runs(&story).await;
    (story, task)
}

/// Launches another one.
async fn runs(story: &Story) -> i64 {
    let task = story.launch(&id(1), json!({})).await;
    story
        .until(task, "the run", |task| task["run"]["status"] == "running")
        .await;
    task
}

async fn run_of(story: &Story, task: i64) -> String {
    let task = story.task(task).await;
    task["run"]["id"].as_str().unwrap().to_owned()
}

async fn run_ends(story: &Story, task: i64, status: &str) -> Value {
    let run = run_of(story, task).await;
    story.drive(&run, &json!({"status": status})).await;
    story.until_confirmed(task).await
}

async fn cancel(story: &Story, task: i64) -> Value {
    let path = format!("/tasks/{task}/cancel/");
    story.post(&path, &json!({})).await.expect(202)
}
