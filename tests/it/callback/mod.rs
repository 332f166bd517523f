//! The reports of a running pipeline, through HTTP, in every format that clients use.

mod access;
mod bodies;
mod concurrent;
mod final_status;
pub mod fuzz;
mod groups;
mod late;
mod report_limits;
mod results;
mod statuses;
mod task_ids;
mod values;

use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline};
use crate::support::story::{Answer, Base, Story, StoryBuilder};

/// Two pipelines whose runs continue until a test ends them.
pub fn plan(base: Base) -> StoryBuilder {
    let manual = |number| {
        let behaviour = json!({"kind": "manual", "queued_ms": 1});
        pipeline(number, &injected(), behaviour)
    };
    StoryBuilder::on(base).pipelines(json!([manual(1), manual(2)]))
}

/// A story with a task of the first pipeline.
pub async fn launched(base: Base) -> (Story, i64) {
    let story = plan(base).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    (story, task)
}

/// A report on a task of the first pipeline.
pub async fn report(story: &Story, task: i64, said: Value) -> Answer {
    let mut body = json!({"task_id": task});
    for (key, value) in said.as_object().unwrap() {
        body[key] = value.clone();
    }
    story.report(&id(1), &body).await
}

/// Sends a report that must be accepted, and returns the response.
pub async fn accepted(story: &Story, task: i64, said: Value) -> Value {
    report(story, task, said).await.expect(200)["task"].clone()
}

/// The field errors of a refused report, each a list of messages; the first of them is also its `error`.
#[track_caller]
pub fn fields(answer: &Answer) -> Vec<String> {
    let error = answer.error(400);
    let body = answer.json();
    let body = body.as_object().unwrap();
    let fields: Vec<_> = body.iter().filter(|(key, _)| *key != "error").collect();
    for (key, list) in &fields {
        let list = list.as_array().unwrap_or_else(|| panic!("{key}: {list}"));
        assert!(
            !list.is_empty() && list.iter().all(Value::is_string),
            "{key}: {list:?}"
        );
    }
    if let Some((_, list)) = fields.first() {
        assert_eq!(list[0], json!(error));
    }
    fields.into_iter().map(|(key, _)| key.clone()).collect()
}

/// The messages of a task's log.
pub async fn log(story: &Story, task: i64) -> Vec<String> {
    let answer = story.get(&format!("/tasks/{task}/logs/")).await.expect(200);
    let lines = answer["logs"].as_array().unwrap().iter();
    lines
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
}
