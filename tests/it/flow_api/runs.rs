//! Runs that a user starts: their steps, results and history.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{DAILY, each, in_french, plan};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_passes_results_from_step_to_step(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let id = story.run_flow("daily", json!({"country": "CMR"})).await;
    let queued = story.flow_run(id).await;
    assert_eq!(
        (&queued["status"], &queued["trigger"]),
        (&json!("QUEUED"), &json!("manual"))
    );
    assert_eq!(queued["inputs"], json!({"country": "CMR", "year": 2026}));
    assert_eq!(
        queued["steps"][0]["pipeline"]["version"]["versionNumber"],
        1
    );
    let run = story.until_flow_run_ends(id).await;
    assert_eq!(
        (&run["status"], &run["trouble"]),
        (&json!("SUCCESS"), &json!([]))
    );
    let [extract, load] = [&run["steps"][0], &run["steps"][1]];
    assert_eq!(
        (&extract["status"], &extract["result"]),
        (&json!("SUCCESS"), &json!({"rows": 7}))
    );
    assert_eq!(load["after"], json!(["extract"]));
    assert_eq!(load["attempts"][0]["status"], "SUCCESS");
    let sent = story.runs().await;
    assert_eq!(
        (&sent[0]["config"]["country"], &sent[1]["config"]["rows"]),
        (&json!("CMR"), &json!(7))
    );

    let task = load["attempts"][0]["task_id"].as_i64().unwrap();
    let flow_run = json!({"id": id, "flow": "daily", "step": "load", "attempt": 1});
    assert_eq!(story.task(task).await["flow_run"], flow_run);
    assert_eq!(
        story.flow_run_events(id).await,
        [
            "created",
            "started",
            "attempt_started",
            "attempt_ended",
            "attempt_started",
            "attempt_ended",
            "ended"
        ]
    );
    let events = story
        .get(&format!("/flow-runs/{id}/events/"))
        .await
        .expect(200);
    let first = events["results"][0]["message"].as_str().unwrap();
    assert_eq!(first, "Created by: the operator key of the settings file");
    assert_eq!(events["results"][5]["task_id"], task);
    let french = in_french(&story, &format!("/flow-runs/{id}/events/"))
        .await
        .expect(200);
    assert_eq!(
        french["results"][6]["message"],
        "L’exécution est terminée\u{a0}: SUCCESS"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_relaunched_leaves_the_flow(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let id = story.run_flow("daily", json!({})).await;
    let run = story.until_flow_run_ends(id).await;
    let first = run["steps"][0]["attempts"][0]["task_id"].as_i64().unwrap();
    let again = story
        .post(&format!("/tasks/{first}/relaunch/"), &json!({}))
        .await;
    let again = again.expect(201)["task"]["id"].as_i64().unwrap();
    assert_eq!(story.task(again).await["flow_run"], json!(null));
    let events = story
        .get(&format!("/tasks/{again}/events/"))
        .await
        .expect(200);
    let detail = format!(
        "relaunch of task {first}, outside the flow daily, whose run {id} launched that task"
    );
    assert_eq!(events["results"][0]["detail"], detail);
    let french = in_french(&story, &format!("/tasks/{again}/events/"))
        .await
        .expect(200);
    assert!(
        french["results"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("hors du flux daily")
    );
    assert_eq!(story.flow_run(id).await, run);
    story.end().await;
}

async fn with_key(story: &Story, path: &str, key: &str, body: &Value) -> Answer {
    let ask = story.ask(As::Operator, Method::POST, path);
    ask.header("idempotency-key", key).json(body).send().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_starts_one_run(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let path = "/flows/daily/run/";
    let body = json!({"inputs": {"country": "NE", "year": 1}, "interval": {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z"}});
    let same = json!({"interval": {"end": "2026-02-01T01:00:00+01:00", "start": "2026-01-01T00:00:00Z"}, "inputs": {"year": 1, "country": "NE"}});
    let first = with_key(&story, path, "one", &body).await.expect(201);
    assert_eq!(first["run"]["interval"]["end"], "2026-02-01T00:00:00.000Z");
    let again = with_key(&story, path, "one", &same).await.expect(201);
    assert_eq!(again["run"]["id"], first["run"]["id"]);
    let other = with_key(&story, path, "one", &json!({})).await;
    assert_eq!(other.status, 409, "{}", other.text);
    let next = with_key(&story, path, "two", &body).await.expect(201);
    assert_ne!(next["run"]["id"], first["run"]["id"]);
    let listed = story.get("/flow-runs/").await.expect(200);
    assert_eq!(each(&listed, "id").len(), 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_says_why_in_both_languages(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = "id: fails\nsteps:\n  - {id: bad, pipeline: pipeline-3, retry: {times: 1, wait: 1m}}\n  - {id: next, pipeline: pipeline-2, after: bad}\n";
    story.save_flow(document).await;
    let id = story.run_flow("fails", json!({})).await;
    let waits = story
        .until_flow_run(id, "the retry", |run| run["steps"][0]["status"] == "RETRY")
        .await;
    assert!(waits["steps"][0]["not_before"].is_string());
    let run = story.until_flow_run_ends(id).await;
    assert_eq!(run["status"], "ERROR");
    assert_eq!(run["steps"][0]["attempts"].as_array().unwrap().len(), 2);
    assert!(run["steps"][0]["reason"].is_string(), "{run}");
    assert_eq!(
        (&run["steps"][1]["status"], &run["steps"][1]["reason"]),
        (&json!("SKIPPED"), &json!("Skipped, because `bad` failed"))
    );
    let french = in_french(&story, &format!("/flow-runs/{id}/"))
        .await
        .expect(200);
    assert_ne!(french["steps"][1]["reason"], run["steps"][1]["reason"]);
    assert_eq!(
        story.flow_run_events(id).await,
        [
            "created",
            "started",
            "attempt_started",
            "attempt_ended",
            "retry",
            "attempt_started",
            "attempt_ended",
            "step_failed",
            "step_skipped",
            "ended"
        ]
    );
    story.end().await;
}
