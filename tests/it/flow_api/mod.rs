//! The API of flows, as users and programs use it.

mod backfills;
mod cancels;
mod documents;
mod full;
mod limits;
mod lists;
mod refusals;
mod replays;
mod runs;
mod schedules;
mod streams;
mod validation;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::catalogue::{injected, parameter, pipeline, quick};
use crate::support::story::{Answer, As, Base, Story, StoryBuilder};

/// The document of most stories: the second step uses a result of the first one.
pub const DAILY: &str = r#"id: daily
name: {en: Daily load, fr: Chargement quotidien}
inputs: {country: {type: str, default: NE}, year: {type: int, default: 2026}}
schedules: [{id: night, cron: "0 2 * * *", timezone: Africa/Kinshasa}]
steps:
  - {id: extract, pipeline: pipeline-1, parameters: {country: {from: inputs.country}, year: {from: inputs.year}}}
  - {id: load, pipeline: pipeline-2, parameters: {rows: {from: steps.extract.result.rows, type: int}}}
"#;

/// A flow with one step that runs until the test ends it.
pub const MANUAL: &str = "id: manual\nsteps: [{id: wait, pipeline: pipeline-4}]\n";

/// Pipeline 1 reports `rows`, 2 takes them, 3 fails, 4 runs until the test ends it.
pub fn plan(base: Base) -> StoryBuilder {
    let mut extract = injected();
    let choices = json!({"choices": ["NE", "CMR"]});
    extract.push(parameter("country", "str", choices));
    extract.push(parameter("year", "int", json!({})));
    let mut load = injected();
    load.push(parameter("rows", "int", json!({})));
    let reports = json!({
        "kind": "succeed", "queued_ms": 5, "running_ms": 10, "steps": 2, "callback": true,
        "result": {"rows": 7},
    });
    let manual = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    StoryBuilder::on(base).pipelines(json!([
        pipeline(1, &extract, reports),
        pipeline(2, &load, quick("succeed")),
        pipeline(3, &injected(), quick("fail")),
        pipeline(4, &injected(), manual),
    ]))
}

/// A GET in French.
pub async fn in_french(story: &Story, path: &str) -> Answer {
    story
        .ask(As::Viewer, Method::GET, path)
        .header("accept-language", "fr")
        .send()
        .await
}

/// A POST in French.
pub async fn post_in_french(story: &Story, path: &str, body: &Value) -> Answer {
    story
        .ask(As::Operator, Method::POST, path)
        .header("accept-language", "fr")
        .json(body)
        .send()
        .await
}

/// The values of a key in the results of a list.
pub fn each<'a>(list: &'a Value, key: &str) -> Vec<&'a Value> {
    let all = list["results"].as_array().unwrap().iter();
    all.map(|one| &one[key]).collect()
}

/// Validates a document that must be refused; returns its faults.
pub async fn faults(story: &Story, document: &Value) -> Vec<String> {
    let body = json!({"document": document});
    let answer = story.post("/flows/validate/", &body).await.expect(400);
    let all = answer["document"].as_array();
    let all = all.unwrap_or_else(|| panic!("{answer}")).iter();
    all.map(|one| one.as_str().unwrap().to_owned()).collect()
}
