//! Alerts of flows and pipelines: what opens them, what resolves them, and when they are silent.

mod causes;
mod figures;
mod list;
mod muted;
mod notices;
mod pipelines;
mod state;
mod ticks;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::catalogue::{injected, pipeline, quick};
use crate::support::story::{Base, Story, StoryBuilder};

/// A pipeline that succeeds, one that the test ends itself, and one that fails.
pub const GOOD: u64 = 1;
const MANUAL: u64 = 2;
pub const FAILING: u64 = 3;
/// Pipelines with these results, from this number on.
const RESULTS: u64 = 4;

pub fn plan(base: Base, begins: &str) -> StoryBuilder {
    with_results(base, begins, &[])
}

fn with_results(base: Base, begins: &str, results: &[Value]) -> StoryBuilder {
    let of = |number: u64, behaviour: Value| pipeline(number, &injected(), behaviour);
    let mut pipelines = vec![
        of(GOOD, succeeds(&json!({"rows": 3}))),
        of(MANUAL, quick("manual")),
        of(FAILING, quick("fail")),
    ];
    for (number, result) in (RESULTS..).zip(results) {
        pipelines.push(of(number, succeeds(result)));
    }
    StoryBuilder::on(base)
        .pipelines(json!(pipelines))
        .starting_at(at(begins))
}

fn succeeds(result: &Value) -> Value {
    json!({"kind": "succeed", "queued_ms": 5, "running_ms": 10, "steps": 2, "callback": true, "result": result})
}

fn at(time: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(time).expect(time).to_utc()
}

/// A flow `night` with one step `load` that runs this pipeline.
fn night(number: u64, more: &str) -> String {
    format!("id: night\n{more}\nsteps: [{{id: load, pipeline: pipeline-{number}}}]\n")
}

/// Saves the flow, or changes it.
async fn save(story: &Story, document: &str) {
    let changed = story.put_flow("night", document).await;
    if changed.status == 404 {
        story.save_flow(document).await;
    } else {
        changed.expect(200);
    }
}

/// Runs the flow with this pipeline until it ends.
pub async fn run(story: &Story, number: u64, more: &str) -> Value {
    save(story, &night(number, more)).await;
    let id = story.run_flow("night", json!({})).await;
    story.until_flow_run_ends(id).await
}

async fn go_to(story: &Story, time: &str) {
    story.advance(at(time) - story.now());
    story.flow_cycle().await;
}

/// All alerts, oldest first.
pub async fn alerts(story: &Story) -> Vec<Value> {
    let listed = story.get("/alerts/?limit=100").await.expect(200);
    let mut all = listed["results"].as_array().unwrap().clone();
    all.reverse();
    all
}

/// The cause and step or schedule of each open alert.
async fn open(story: &Story) -> Vec<(String, String)> {
    let listed = story.get("/alerts/?open=true").await.expect(200);
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = listed["results"].as_array().unwrap().iter().rev();
    all.map(|alert| {
        let part = word(&alert["step"]) + &word(&alert["schedule"]);
        (word(&alert["cause"]), part)
    })
    .collect()
}

fn of(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let one = |(cause, part): &(&str, &str)| ((*cause).to_owned(), (*part).to_owned());
    all.iter().map(one).collect()
}
