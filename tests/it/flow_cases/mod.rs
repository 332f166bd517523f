//! What goes wrong in other schedulers, and is right here: each test is named after what happened. Rules of the calendar are in
//! `flows/times.rs` and `flows/due.rs`.

mod crashes;
mod files;
mod runs;
mod schedules;

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::catalogue::{injected, parameter, pipeline, quick};
use crate::support::story::{As, Base, MAX_WAIT, Story, StoryBuilder};

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

async fn save(story: &Story, document: &str) -> Value {
    let saved = story.post("/flows/", &json!({"document": document})).await;
    saved.expect(201)["flow"].clone()
}

async fn change(story: &Story, document: &str) -> Value {
    let request = story.ask(As::Operator, Method::PUT, "/flows/night/");
    let saved = request.json(&json!({"document": document})).send().await;
    saved.expect(200)["flow"].clone()
}

/// Starts a run; returns its id.
async fn start(story: &Story, slug: &str) -> i64 {
    let started = story.post(&format!("/flows/{slug}/run/"), &json!({})).await;
    started.expect(201)["run"]["id"].as_i64().unwrap()
}

async fn run(story: &Story, id: i64) -> Value {
    story.get(&format!("/flow-runs/{id}/")).await.expect(200)
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
    let listed = story.get("/flows/night/ticks/").await.expect(200);
    let text = |tick: &Value, key: &str| tick[key].as_str().unwrap().to_owned();
    let all = listed["results"].as_array().unwrap().iter().rev();
    all.map(|tick| (text(tick, "outcome"), text(tick, "scheduled_for")))
        .collect()
}

fn of(ticks: &[(&str, &str)]) -> Vec<(String, String)> {
    let one = |(outcome, time): &(&str, &str)| ((*outcome).to_owned(), (*time).to_owned());
    ticks.iter().map(one).collect()
}

/// Everything that the bridge does in the background, once.
async fn cycle(story: &Story) {
    let flows = story.bridge().flows;
    flows.runner.fire_due().await.unwrap();
    flows.files.list_files().await.unwrap();
    flows.runner.advance_due().await.unwrap();
    flows.runner.run_backfills().await.unwrap();
    story.run_cycle().await;
    flows.runner.advance_due().await.unwrap();
}

async fn go_to(story: &Story, time: &str) {
    story.advance(at(time) - story.now());
    cycle(story).await;
}

/// Runs cycles, two seconds apart, until the run matches. The emulator has its own clock.
async fn until(story: &Story, id: i64, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + MAX_WAIT;
    loop {
        let found = run(story, id).await;
        if holds(&found) {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} was not reached: {found}");
        story.advance(TimeDelta::seconds(2));
        cycle(story).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn until_ended(story: &Story, id: i64) -> Value {
    until(story, id, "the end", |run| !run["ended_at"].is_null()).await
}

/// Until all steps that run have a run in OpenHEXA.
async fn until_running(story: &Story, id: i64) -> Value {
    until(story, id, "the running step", |run| {
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
