//! `POST /flows/validate/`: the document with its defaults, its warnings and its next firing times.

use rstest::rstest;
use serde_json::{Value, json};

use super::{DAILY, plan};
use crate::support::story::{Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valid_document_is_shown_with_its_defaults(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let validate = async |document: Value| {
        let body = json!({"document": document});
        story.post("/flows/validate/", &body).await.expect(200)
    };
    let told = validate(json!(DAILY)).await;
    assert_eq!(
        (&told["valid"], &told["warnings"]),
        (&json!(true), &json!([]))
    );
    let flow = &told["flow"];
    assert_eq!(flow["timezone"], "UTC");
    assert_eq!(
        flow["inputs"]["country"],
        json!({"type": "str", "required": false, "default": "NE"})
    );
    assert_eq!(
        flow["steps"][1],
        json!({
            "id": "load", "pipeline": "pipeline-2", "version": null, "after": [], "run_if": "success",
            "parameters": {"rows": {"from": "steps.extract.result.rows", "type": "int"}},
            "allow_failure": false, "retry": null, "time_limit": null,
        })
    );
    assert_eq!(told["next"].as_array().unwrap().len(), 5);
    // The shown document is a valid document with the same meaning.
    assert_eq!(validate(flow.clone()).await["flow"], *flow);
    assert_eq!(story.get("/flows/").await.expect(200)["results"], json!([]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_a_document_can_have_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let document = json!({
        "id": "all", "name": "All", "timezone": "Africa/Niamey",
        "inputs": {"big": {"type": "int", "default": 1}},
        "schedules": [{"id": "s", "cron": "@daily", "timezone": "Europe/Brussels", "finish_by": "06:00", "overlap": "queue", "catch_up": "all"}],
        "triggers": [{"id": "t", "flow": "daily", "when": "any"}, {"id": "f", "file": "in/*.csv", "every": "10m"}],
        "steps": [
            {"id": "a", "pipeline": "pipeline-1", "version": 1, "parameters": {"year": {"from": "run.scheduled_for", "format": "%Y", "type": "int"}},
             "retry": {"times": 2, "wait": "90s", "backoff": "exponential"}, "time_limit": "1h"},
            {"id": "b", "pipeline": "pipeline-3", "after": ["a"], "run_if": "always", "allow_failure": true},
        ],
        "alerts": {"duration": 2.5, "records": {"from": "steps.a.result.rows", "expected": 700}, "errors": {"from": "steps.a.result.bad", "of": "steps.a.result.rows", "most": "7%"}},
        "notify": [{"channel": "team", "level": "ALL"}],
    });
    let body = json!({"document": document});
    let told = story.post("/flows/validate/", &body).await.expect(200);
    let flow = &told["flow"];
    assert_eq!(flow["triggers"], document["triggers"]);
    assert_eq!(flow["alerts"], document["alerts"]);
    assert_eq!(flow["notify"], document["notify"]);
    assert_eq!(flow["steps"][0]["retry"]["wait"], "1m 30s");
    let mut schedule = document["schedules"][0].clone();
    schedule["cron"] = flow["schedules"][0]["cron"].clone();
    assert_eq!(flow["schedules"][0], schedule);
    let again = json!({"document": flow});
    let again = story.post("/flows/validate/", &again).await.expect(200);
    assert_eq!(again["flow"], *flow);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn warnings_have_places_and_firing_times_have_notes(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = DAILY
        .replace("0 2 * * *", "30 2 * * *")
        .replace("Africa/Kinshasa", "Europe/Brussels");
    let body =
        json!({"document": document, "next_from": "2027-03-27T12:00:00+01:00", "next_count": 2});
    let told = story.post("/flows/validate/", &body).await.expect(200);
    assert_eq!(
        told["next"],
        json!([
            {"schedule": "night", "at": "2027-03-28T01:00:00.000Z", "local": "2027-03-28T03:00:00+02:00[Europe/Brussels]", "note": "gap"},
            {"schedule": "night", "at": "2027-03-29T00:30:00.000Z", "local": "2027-03-29T02:30:00+02:00[Europe/Brussels]", "note": null},
        ])
    );
    let document = DAILY.replace("0 2 * * *", "0 0 1 * MON");
    let body = json!({"document": document});
    let told = story.post("/flows/validate/", &body).await.expect(200);
    assert_eq!(told["places"][0]["line"], 4);
    let warning = told["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("line 4, column "), "{warning}");
    let french = super::post_in_french(&story, "/flows/validate/", &body).await;
    let french = french.expect(200)["warnings"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(french.starts_with("ligne 4, colonne "), "{french}");
    story.end().await;
}
