//! Replays: what failed runs again, what succeeded is reused.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::plan;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

/// The first step succeeds, the second one fails.
const HALF: &str = "id: half\nsteps:\n  - {id: good, pipeline: pipeline-1}\n  - {id: bad, pipeline: pipeline-3, after: good}\n";

async fn failed(base: Base) -> (Story, i64) {
    let story = plan(base).begin().await;
    story.save_flow(HALF).await;
    let run = story.run_flow("half", json!({})).await;
    let alive = story
        .post(&format!("/flow-runs/{run}/replay/"), &json!({}))
        .await;
    assert_eq!(alive.error(409), "The run has not ended yet (QUEUED)");
    let ended = story.until_flow_run_ends(run).await;
    assert_eq!(ended["status"], "ERROR");
    (story, run)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_reuses_what_succeeded(#[values(Sqlite, Postgres)] base: Base) {
    let (story, run) = failed(base).await;
    let path = format!("/flow-runs/{run}/replay/");
    let ask = || {
        story
            .ask(As::Operator, Method::POST, &path)
            .header("idempotency-key", "k")
            .send()
    };
    let replay = ask().await.expect(201)["run"].clone();
    assert_eq!(
        (&replay["replay_of"], &replay["trigger"]),
        (&json!(run), &json!("replay"))
    );
    assert_eq!(ask().await.expect(201)["run"]["id"], replay["id"]);
    let good = &replay["steps"][0];
    assert_eq!(
        (&good["status"], &good["reused_from"]),
        (&json!("SUCCESS"), &json!(run))
    );
    assert_eq!(
        (&good["attempts"], &good["result"]),
        (&json!([]), &json!({"rows": 7}))
    );
    let id = replay["id"].as_i64().unwrap();
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(ended["steps"][1]["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(story.runs().await.len(), 3);
    assert_eq!(
        story.flow_run_events(id).await[..2],
        ["created", "step_reused"]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_can_have_the_current_version(#[values(Sqlite, Postgres)] base: Base) {
    let (story, run) = failed(base).await;
    let path = format!("/flow-runs/{run}/replay/");
    story
        .put_flow("half", &HALF.replace("pipeline-3", "pipeline-2"))
        .await
        .expect(200);
    let latest = story
        .post(&path, &json!({"version": "latest"}))
        .await
        .expect(201);
    assert_eq!(latest["run"]["version"], 2);
    let id = latest["run"]["id"].as_i64().unwrap();
    assert_eq!(story.until_flow_run_ends(id).await["status"], "SUCCESS");
    let nothing = story
        .post(&format!("/flow-runs/{id}/replay/"), &json!({}))
        .await;
    assert_eq!(
        nothing.error(409),
        "Every step of this run succeeded, so there is nothing to run again"
    );

    let changed = HALF.replace(
        "pipeline: pipeline-1",
        "pipeline: pipeline-1, parameters: {year: 1}",
    );
    story.put_flow("half", &changed).await.expect(200);
    let refused = story
        .post(&path, &json!({"version": "latest"}))
        .await
        .expect(400);
    assert!(
        refused["version"][0].as_str().unwrap().contains("good"),
        "{refused}"
    );
    let same = story
        .post(&path, &json!({"version": "same"}))
        .await
        .expect(201);
    assert_eq!(same["run"]["version"], 1);
    for version in [json!("newest"), json!(2)] {
        let refused = story
            .post(&path, &json!({"version": version}))
            .await
            .expect(400);
        assert_eq!(
            refused["version"],
            json!(["version must be one of: same, latest"])
        );
    }
    story.end().await;
}
