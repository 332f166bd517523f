//! The page of a run of a flow: from its start to its end, stopped, and replayed.

use rstest::rstest;
use serde_json::json;

use super::Page;
use crate::flow_api::{DAILY, MANUAL, plan};
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

fn path(run: i64) -> String {
    format!("/dashboard/flow-runs/{run}/")
}

async fn page(story: &Story, run: i64) -> Page {
    story.page(As::Operator, &path(run)).await
}

async fn running(base: Base) -> (Story, i64) {
    let story = plan(base).begin().await;
    story.save_flow(MANUAL).await;
    let run = story.run_flow("manual", json!({})).await;
    story
        .until_flow_run(run, "its step", |run| {
            run["steps"][0]["attempts"][0]["status"] == "RUNNING"
        })
        .await;
    (story, run)
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_followed_to_its_end(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story.save_flow(DAILY).await;
    let run = story.run_flow("daily", json!({"country": "CMR"})).await;
    let queued = page(&story, run).await;
    assert_eq!(queued.at("live-progress"), "0 of 2 steps ended");
    assert_eq!(
        queued.attribute("live", "data-stream").unwrap(),
        format!("{}stream/", path(run))
    );
    assert!(queued.answer.text.contains("http-equiv=\"refresh\""));
    assert_eq!(queued.buttons(), ["Stop the run"]);
    let ended = story.until_flow_run_ends(run).await;
    let shown = page(&story, run).await;
    for text in [
        "Daily load",
        "2 of 2 steps ended",
        "extract: Success",
        "country CMR",
        "year 2026",
        "Pipeline 1",
        "the operator key of the settings file",
        "The run has ended: Success",
        "Attempt 1 ended: Success",
        "Attempts of the steps over time",
    ] {
        assert!(shown.has(text), "{text}: {}", shown.text());
    }
    assert!(shown.at("live-head").contains("Success"));
    assert!(shown.attribute("live", "data-stream").is_none());
    assert!(shown.buttons().is_empty(), "{:?}", shown.buttons());
    let task = ended["steps"][1]["attempts"][0]["task_id"]
        .as_i64()
        .unwrap();
    let task = format!("/dashboard/tasks/{task}/");
    assert!(shown.links().contains(&task));
    let of_task = story.page(As::Viewer, &task).await;
    let step = format!("daily, run {run}: step load, attempt 1");
    assert!(of_task.has(&step) && of_task.links().contains(&path(run)));
    let french = story.french_page(As::Viewer, &path(run)).await;
    for text in ["Exécution", "L’exécution est terminée : Succès", "Entrées"] {
        assert!(french.has(text), "{text}: {}", french.text());
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_run_says_why_and_is_replayed(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = "id: half\nsteps:\n  - {id: good, pipeline: pipeline-1}\n  - {id: bad, pipeline: pipeline-3, after: good, retry: {times: 1, wait: 1m}}\n  - {id: next, pipeline: pipeline-4, after: bad}\n";
    story.save_flow(document).await;
    let run = story.run_flow("half", json!({})).await;
    let active = page(&story, run).await.form("cancel/");
    story
        .until_flow_run(run, "the retry", |run| run["steps"][1]["status"] == "RETRY")
        .await;
    let waits = page(&story, run).await;
    assert!(
        waits
            .at("step-bad")
            .contains("Retry planned Next attempt at the earliest:")
    );
    story.until_flow_run_ends(run).await;
    let shown = page(&story, run).await;
    assert!(
        shown
            .at("step-next")
            .contains("Skipped, because `bad` failed")
    );
    assert!(shown.at("step-bad").contains("Attempt 2"));
    assert_eq!(shown.buttons(), ["Replay"]);
    let late = story.refused(As::Operator, &active, 409).await;
    assert_eq!(late.at("errors"), "The run has already ended (Error)");
    let form = shown.form("replay/");
    let next = story.send_on(As::Operator, &form).await;
    assert_eq!(story.send_on(As::Operator, &form).await, next, "one replay");
    let replay = story.page(As::Operator, &next).await;
    let reused = format!("Reused from run {run}");
    assert!(replay.at("step-good").contains(&reused));
    assert!(replay.links().contains(&path(run)), "the earlier run");
    story
        .put_flow(
            "half",
            &format!("{document}  - {{id: more, pipeline: pipeline-4}}\n"),
        )
        .await
        .expect(200);
    let versions = page(&story, run).await;
    assert_eq!(versions.chosen("version"), "Version 1");
    let latest = versions.form("replay/").fill("version", &["latest"]);
    let next = story.send_on(As::Operator, &latest).await;
    assert!(story.page(As::Operator, &next).await.has("more"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_stopped(#[values(Sqlite, Postgres)] base: Base) {
    let (story, run) = running(base).await;
    let shown = page(&story, run).await;
    assert!(shown.has("wait: Running"), "{}", shown.text());
    let viewer = story.page(As::Viewer, &path(run)).await;
    assert!(viewer.buttons().is_empty(), "{:?}", viewer.buttons());
    let form = shown.form("cancel/");
    assert_eq!(story.send(As::Viewer, &form).await.status, 403);
    assert_eq!(story.send_on(As::Operator, &form).await, path(run));
    let stopping = page(&story, run).await;
    assert!(stopping.has("Stop requested; some steps have not stopped yet"));
    assert!(stopping.buttons().is_empty());
    story.until_flow_run_ends(run).await;
    let stopped = page(&story, run).await;
    assert!(stopped.at("live-head").contains("Stopped"));
    assert!(stopped.has("Stop requested by the operator key of the settings file"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_run_says_why(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let document = "id: hourly\nschedules: [{id: hour, cron: \"0 * * * *\", timezone: UTC}]\nsteps: [{id: wait, pipeline: pipeline-4}]\n";
    story.save_flow(document).await;
    story
        .delete_pipeline(&crate::support::catalogue::id(4))
        .await;
    story.advance(chrono::TimeDelta::hours(1));
    story.flow_cycle().await;
    let flow = story.page(As::Operator, "/dashboard/flows/hourly/").await;
    assert!(flow.has("Refused"), "{}", flow.text());
    let link = flow
        .links()
        .into_iter()
        .find(|link| link.contains("/flow-runs/"));
    let shown = story.page(As::Operator, &link.unwrap()).await;
    assert!(
        shown.at("trouble").starts_with("The run was refused:"),
        "{}",
        shown.text()
    );
    assert!(shown.has("schedule (saved by the operator key of the settings file)"));
    assert!(shown.has("Planned for"));
    story
        .post("/flows/hourly/pause/", &json!({}))
        .await
        .expect(200);
    story
        .page_with(As::Viewer, "/dashboard/flow-runs/999/", 404)
        .await;
    story
        .page_with(As::Viewer, "/dashboard/flow-runs/zzz/", 404)
        .await;
    story.end().await;
}
