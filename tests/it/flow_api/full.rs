//! An account with too many flows, and a flow with too many active runs or backfills.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{MANUAL, in_french, plan};
use crate::support::database::sql;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

/// Numbers from 1 to n, in the table `n (i)`, in a statement that both databases support.
fn numbers(n: usize) -> String {
    format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n})")
}

/// Copies the runs of the flow `manual` that are active, without their steps.
async fn copy_run(story: &Story, times: usize) {
    let columns = "account_id, flow_id, version, cause, launcher, inputs, waiting, prepared, status, warnings, created_at, revision";
    let statement = format!(
        "INSERT INTO flow_run ({columns}) {} SELECT {columns} FROM flow_run, n WHERE ended_at IS NULL",
        numbers(times)
    );
    sql(story, &statement).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_at_most_1000_flows(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    let columns = "account_id, version, search, paused, created_at, updated_at, updated_by";
    let statement = format!(
        "INSERT INTO flow (slug, {columns}) {} SELECT 'copy-' || i, {columns} FROM flow, n",
        numbers(999)
    );
    sql(&story, &statement).await;
    let body = json!({"document": MANUAL.replace("id: manual", "id: other")});
    let refused = story.post("/flows/", &body).await;
    assert_eq!(
        refused.error(409),
        "The account has 1000 flows, which is the limit. Delete one that is not used"
    );
    let document = MANUAL.replace("id: wait", "id: waits");
    story.put_flow("manual", &document).await.expect(200);
    let delete = story.ask(As::Operator, Method::DELETE, "/flows/manual/");
    assert_eq!(delete.send().await.status, 204);
    story.post("/flows/", &body).await.expect(201);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_has_at_most_500_active_runs(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    story
        .save_flow("id: first\nsteps: [{id: a, pipeline: pipeline-1}]\n")
        .await;
    let after = "id: manual\ntriggers: [{id: end, flow: first, when: any}]\nsteps: [{id: wait, pipeline: pipeline-4}]\n";
    story.put_flow("manual", after).await.expect(200);
    story.run_flow("manual", json!({})).await;
    copy_run(&story, 499).await;
    let refused = story.post("/flows/manual/run/", &json!({})).await;
    assert_eq!(
        refused.error(429),
        "The flow already has 500 active runs. Start it again when some have ended"
    );
    assert_eq!(refused.header("retry-after"), "60");
    let first = story.run_flow("first", json!({})).await;
    story.until_flow_run_ends(first).await;
    let ticks = in_french(&story, "/flows/manual/ticks/").await.expect(200);
    let tick = &ticks["results"][0];
    assert_eq!(tick["outcome"], "refused", "{ticks}");
    assert!(
        tick["why"].as_str().unwrap().contains("500 exécutions"),
        "{ticks}"
    );
    sql(&story, "UPDATE flow_run SET ended_at = created_at WHERE id > (SELECT min(id) FROM flow_run) AND next_at IS NULL AND ended_at IS NULL").await;
    story
        .post("/flows/manual/run/", &json!({}))
        .await
        .expect(201);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_wait_while_a_flow_has_too_many_runs(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = "id: manual\ntriggers: [{id: drop, file: 'in/*.csv', every: 5m}]\nsteps: [{id: wait, pipeline: pipeline-4}]\n";
    story.save_flow(document).await;
    story.set_files(&json!({"files": []})).await;
    story.flow_cycle().await;
    story.run_flow("manual", json!({})).await;
    copy_run(&story, 499).await;
    let file = json!({"key": "in/a.csv", "size": 1, "updatedAt": "2026-01-10T00:00:00Z"});
    story.set_files(&json!({"files": [file]})).await;
    for _ in 0..3 {
        story.advance(TimeDelta::minutes(5));
        story.flow_cycle().await;
    }
    let by_file = "/flow-runs/?trigger=file";
    let waiting = story.get(by_file).await.expect(200);
    assert_eq!(waiting["results"], json!([]));
    sql(
        &story,
        "UPDATE flow_run SET ended_at = created_at WHERE next_at IS NULL AND ended_at IS NULL",
    )
    .await;
    for _ in 0..3 {
        story.advance(TimeDelta::minutes(5));
        story.flow_cycle().await;
    }
    let started = story.get(by_file).await.expect(200);
    assert_eq!(started["results"].as_array().unwrap().len(), 1, "{started}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_has_at_most_10_active_backfills(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = "id: manual\nschedules: [{id: night, cron: '0 2 * * *', timezone: UTC}]\nsteps: [{id: wait, pipeline: pipeline-4}]\n";
    story.save_flow(document).await;
    let path = "/flows/manual/backfills/";
    for month in 1..=10 {
        let (from, to) = (format!("2025-{month:02}-01"), format!("2025-{month:02}-02"));
        let body = json!({"from": format!("{from}T00:00:00Z"), "to": format!("{to}T00:00:00Z"), "mode": "all"});
        story.post(path, &body).await.expect(201);
    }
    let body = json!({"from": "2025-11-01T00:00:00Z", "to": "2025-11-02T00:00:00Z", "mode": "all"});
    let refused = story.post(path, &body).await;
    assert_eq!(
        refused.error(409),
        "The flow already has 10 active backfills. Wait until one has ended, or cancel one"
    );
    story.end().await;
}
