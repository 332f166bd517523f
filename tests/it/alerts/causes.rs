//! Runs of flows that fail or take longer than usual.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{FAILING, GOOD, MANUAL, alerts, night, of, open, plan, run, save};
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_opens_one_alert_and_the_next_success_resolves_it(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let failed = run(&story, FAILING, "").await;
    assert_eq!(failed["status"], "ERROR", "{failed}");
    let all = alerts(&story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let alert = &all[0];
    assert_eq!(alert["title"], "night: step `load` has failed");
    assert_eq!(
        (&alert["cause"], &alert["flow"], &alert["step"]),
        (&json!("failed"), &json!("night"), &json!("load"))
    );
    assert_eq!(alert["flow_run"], failed["id"]);
    assert_eq!(alert["task"], failed["steps"][0]["attempts"][0]["task_id"]);
    assert!(!alert["details"][0].as_str().unwrap().is_empty());
    assert_eq!(alert["occurrences"], 1);

    let again = run(&story, FAILING, "").await;
    let all = alerts(&story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        (&all[0]["occurrences"], &all[0]["flow_run"]),
        (&json!(2), &again["id"])
    );

    run(&story, GOOD, "").await;
    assert_eq!(open(&story).await, of(&[]));
    assert!(!alerts(&story).await[0]["resolved_at"].is_null());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_opens_after_the_last_retry_only(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let document =
        "id: night\nsteps: [{id: load, pipeline: pipeline-3, retry: {times: 1, wait: 10m}}]\n";
    save(&story, document).await;
    let id = story.run_flow("night", json!({})).await;
    let retries = |run: &serde_json::Value| run["steps"][0]["status"] == "RETRY";
    story.until_flow_run(id, "the retry", retries).await;
    assert_eq!(open(&story).await, of(&[]));
    story.advance(TimeDelta::minutes(10));
    story.until_flow_run_ends(id).await;
    assert_eq!(open(&story).await, of(&[("failed", "load")]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_resolves_the_alert_of_the_step_that_it_runs_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    save(&story, &night(MANUAL, "")).await;
    let id = story.run_flow("night", json!({})).await;
    let running = |run: &serde_json::Value| run["steps"][0]["attempts"][0]["status"] == "RUNNING";
    for (end, expected) in [("failed", of(&[("failed", "load")])), ("success", of(&[]))] {
        let id = if end == "failed" {
            id
        } else {
            let replay = story
                .post(&format!("/flow-runs/{id}/replay/"), &json!({}))
                .await;
            replay.expect(201)["run"]["id"].as_i64().unwrap()
        };
        story.until_flow_run(id, "the running step", running).await;
        let openhexa = story.runs().await.last().unwrap()["id"].clone();
        story
            .drive(openhexa.as_str().unwrap(), &json!({"status": end}))
            .await;
        story.until_flow_run_ends(id).await;
        assert_eq!(open(&story).await, expected, "{end}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_run_opens_an_alert_that_says_why(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let schedule = "schedules: [{id: two, cron: '0 2 * * *', timezone: UTC}]";
    save(&story, &night(GOOD, schedule)).await;
    assert!(
        story
            .delete_pipeline(&crate::support::catalogue::id(GOOD))
            .await
    );
    super::go_to(&story, "2027-01-10T02:00:00Z").await;
    let id = story.get("/flow-runs/").await.expect(200)["results"][0]["id"].clone();
    let ended = story.until_flow_run_ends(id.as_i64().unwrap()).await;
    assert_eq!(ended["status"], "ERROR");
    let all = alerts(&story).await;
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["cause"], "failed");
    assert!(!all[0]["details"].as_array().unwrap().is_empty(), "{all:?}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_takes_longer_than_usual_opens_an_alert_while_it_runs(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    for _ in 0..5 {
        let ended = run(&story, GOOD, "").await;
        assert_eq!(ended["status"], "SUCCESS", "{ended}");
    }
    save(&story, &night(MANUAL, "")).await;
    let id = story.run_flow("night", json!({})).await;
    story
        .until_flow_run(id, "the running step", |run| {
            run["steps"][0]["attempts"][0]["status"] == "RUNNING"
        })
        .await;
    story.advance(TimeDelta::seconds(90));
    story.flow_cycle().await;
    assert_eq!(open(&story).await, of(&[("duration", "")]));
    let alert = alerts(&story).await[0].clone();
    let (figure, limit) = (alert["figure"].as_f64(), alert["limit"].as_f64());
    assert!(
        figure.unwrap() > limit.unwrap() && limit.unwrap() > 60.0,
        "{alert}"
    );
    assert!(
        alert["title"]
            .as_str()
            .unwrap()
            .contains("longer than usual"),
        "{alert}"
    );

    let openhexa = story.runs().await.last().unwrap()["id"].clone();
    story
        .drive(openhexa.as_str().unwrap(), &json!({"status": "success"}))
        .await;
    story.until_flow_run_ends(id).await;
    assert_eq!(open(&story).await, of(&[]));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_flow_has_no_open_alerts(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    run(&story, FAILING, "").await;
    assert_eq!(open(&story).await, of(&[("failed", "load")]));
    let deleted = story.ask(As::Operator, Method::DELETE, "/flows/night/");
    assert_eq!(deleted.send().await.status, 204);
    assert_eq!(open(&story).await, of(&[]));
    story.end().await;
}
