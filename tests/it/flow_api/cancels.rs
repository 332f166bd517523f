//! Runs that are cancelled, as a whole or by the task of a step.

use rstest::rstest;
use serde_json::json;

use super::{MANUAL, plan};
use crate::support::story::{Base, Postgres, Sqlite, Story};

async fn running(base: Base) -> (Story, i64) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    let run = story.run_flow("manual", json!({})).await;
    story
        .until_flow_run(run, "its step", |run| {
            run["steps"][0]["status"] == "RUNNING"
        })
        .await;
    (story, run)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_stopped_with_its_tasks(#[values(Sqlite, Postgres)] base: Base) {
    let (story, run) = running(base).await;
    let path = format!("/flow-runs/{run}/cancel/");
    let asked = story.post(&path, &json!({})).await.expect(202);
    assert!(asked["cancel_asked_at"].is_string() && asked["ended_at"].is_null());
    story.post(&path, &json!({})).await.expect(202);
    let ended = story.until_flow_run_ends(run).await;
    assert_eq!(
        (&ended["status"], &ended["steps"][0]["status"]),
        (&json!("CANCELLED"), &json!("CANCELLED"))
    );
    let refused = story.post(&path, &json!({})).await.expect(409);
    assert_eq!(
        refused,
        json!({"error": "The run has already ended (CANCELLED)", "status": "CANCELLED"})
    );
    let events = story.flow_run_events(run).await;
    assert_eq!(
        events,
        [
            "created",
            "started",
            "attempt_started",
            "cancel_asked",
            "attempt_ended",
            "step_cancelled",
            "ended"
        ]
    );
    assert_eq!(
        story
            .post("/flow-runs/999/cancel/", &json!({}))
            .await
            .status,
        404
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_the_task_of_a_step_cancels_the_step(#[values(Sqlite, Postgres)] base: Base) {
    let (story, run) = running(base).await;
    let task = story.flow_run(run).await["steps"][0]["attempts"][0]["task_id"].clone();
    story
        .post(&format!("/tasks/{task}/cancel/"), &json!({}))
        .await
        .expect(202);
    let ended = story.until_flow_run_ends(run).await;
    assert_eq!(ended["steps"][0]["status"], "CANCELLED");
    assert_eq!(
        ended["steps"][0]["reason"],
        "The task of this step was stopped"
    );
    story.end().await;
}
