//! What goes wrong in other schedulers, and is right here: each test is named after what happened. Rules of the calendar are in
//! `flows/times.rs` and `flows/due.rs`.

mod crashes;
mod files;
mod runs;
mod schedules;
mod wakes;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::catalogue::{injected, parameter, pipeline, quick};
use crate::support::story::{Base, Story, StoryBuilder};

/// Three pipelines that succeed with a result, one that the test ends itself, and one that fails.
const MANUAL: u64 = 4;
const FAILING: u64 = 5;

fn plan(base: Base, begins: &str) -> StoryBuilder {
    let mut parameters = injected();
    parameters.push(parameter("text", "str", json!({})));
    let succeed = json!({"kind": "succeed", "queued_ms": 5, "running_ms": 10, "steps": 2, "callback": true, "result": {"rows": 3}});
    let mut pipelines: Vec<Value> = (1..MANUAL)
        .map(|number| pipeline(number, &parameters, succeed.clone()))
        .collect();
    pipelines.push(pipeline(MANUAL, &parameters, quick("manual")));
    pipelines.push(pipeline(FAILING, &parameters, quick("fail")));
    StoryBuilder::on(base)
        .pipelines(json!(pipelines))
        .starting_at(at(begins))
}

fn at(time: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(time).expect(time).to_utc()
}

/// A flow `night` with one step that runs this pipeline, and this schedule.
fn nightly(number: u64, schedule: &str) -> String {
    format!(
        "id: night\nschedules: [{schedule}]\nsteps: [{{id: load, pipeline: pipeline-{number}}}]\n"
    )
}

async fn change(story: &Story, document: &str) -> Value {
    story.put_flow("night", document).await.expect(200)["flow"].clone()
}

/// All runs, oldest first.
async fn runs(story: &Story) -> Vec<Value> {
    let listed = story.get("/flow-runs/?limit=100").await.expect(200);
    let mut all = listed["results"].as_array().unwrap().clone();
    all.reverse();
    all
}

/// The outcome and time of each tick, oldest first.
async fn ticks(story: &Story) -> Vec<(String, String)> {
    let listed = story.get("/flows/night/ticks/?limit=100").await.expect(200);
    let text = |tick: &Value, key: &str| tick[key].as_str().unwrap().to_owned();
    let all = listed["results"].as_array().unwrap().iter().rev();
    all.map(|tick| (text(tick, "outcome"), text(tick, "scheduled_for")))
        .collect()
}

fn of(ticks: &[(&str, &str)]) -> Vec<(String, String)> {
    let one = |(outcome, time): &(&str, &str)| ((*outcome).to_owned(), (*time).to_owned());
    ticks.iter().map(one).collect()
}

async fn cycle(story: &Story) {
    story.flow_cycle().await;
}

async fn go_to(story: &Story, time: &str) {
    story.advance(at(time) - story.now());
    cycle(story).await;
}

/// Until all steps that run have a run in OpenHEXA.
async fn until_running(story: &Story, id: i64) -> Value {
    story
        .until_flow_run(id, "the running step", |run| {
            let steps = run["steps"].as_array().unwrap();
            steps.iter().any(|step| {
                let last = step["attempts"].as_array().unwrap().last();
                last.is_some_and(|attempt| attempt["status"] == "RUNNING")
            })
        })
        .await
}

/// The status of each step.
fn steps(run: &Value) -> Vec<&str> {
    let steps = run["steps"].as_array().unwrap().iter();
    steps.map(|step| step["status"].as_str().unwrap()).collect()
}
