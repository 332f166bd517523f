//! Runs: edits in flight, cancels, skipped steps, retries, replays and backfills.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use super::{FAILING, MANUAL, change, cycle, nightly, plan, runs, steps, until_running};
use crate::support::story::{Base, Postgres, Sqlite, Story};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_in_flight_keeps_the_old_steps(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let old = "id: night\nsteps: [{id: load, pipeline: pipeline-4}, {id: join, pipeline: pipeline-1, after: load}]\n";
    story.save_flow(old).await;
    let id = story.run_flow("night", json!({})).await;
    until_running(&story, id).await;
    change(
        &story,
        "id: night\nsteps: [{id: other, pipeline: pipeline-2}]\n",
    )
    .await;
    story.drive_only(&json!({"status": "success"})).await;
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(
        (steps(&ended), &ended["version"]),
        (vec!["SUCCESS", "SUCCESS"], &json!(1))
    );
    assert_eq!(ended["steps"][1]["pipeline"]["code"], "pipeline-1");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_run_never_shows_success(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    story.save_flow(&nightly(MANUAL, "")).await;
    let id = story.run_flow("night", json!({})).await;
    until_running(&story, id).await;
    let cancelled = story
        .post(&format!("/flow-runs/{id}/cancel/"), &json!({}))
        .await;
    cancelled.expect(202);
    // The pipeline succeeds before the stop reaches it.
    story.drive_only(&json!({"status": "success"})).await;
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(ended["status"], "CANCELLED", "{ended}");
    assert_eq!(steps(&ended), ["SUCCESS"]);
    story
        .post(&format!("/flow-runs/{id}/cancel/"), &json!({}))
        .await
        .expect(409);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_skip_of_a_skip_no_failure_runs(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let document = "id: night\nsteps:\n- {id: fails, pipeline: pipeline-5, allow_failure: true}\n\
        - {id: skipped, pipeline: pipeline-1, after: fails}\n\
        - {id: also, pipeline: pipeline-2, after: skipped}\n\
        - {id: runs, pipeline: pipeline-3, after: also, run_if: no_failure}\n";
    story.save_flow(document).await;
    let id = story.run_flow("night", json!({})).await;
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(steps(&ended), ["ERROR", "SKIPPED", "SKIPPED", "SUCCESS"]);
    assert_eq!(
        (&ended["status"], &ended["warnings"]),
        (&json!("SUCCESS"), &json!(true))
    );
    assert_eq!(
        ended["steps"][1]["reason"],
        "Skipped, because `fails` failed"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_is_retried_after_its_wait_and_no_more_often_than_it_says(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let document =
        "id: night\nsteps: [{id: load, pipeline: pipeline-5, retry: {times: 2, wait: 10m}}]\n";
    story.save_flow(document).await;
    let id = story.run_flow("night", json!({})).await;
    let waiting = story
        .until_flow_run(id, "the retry", |run| steps(run) == ["RETRY"])
        .await;
    let first = &waiting["steps"][0]["attempts"][0];
    assert!(waiting["steps"][0]["not_before"].as_str() > first["ended_at"].as_str());
    cycle(&story).await;
    assert_eq!(story.runs().await.len(), 1, "not before its time");
    for _ in 0..2 {
        story.advance(TimeDelta::minutes(10));
        cycle(&story).await;
        story
            .until_flow_run(id, "the next end", |run| steps(run) != ["RUNNING"])
            .await;
    }
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(
        (steps(&ended), story.runs().await.len()),
        (vec!["ERROR"], 3)
    );
    let attempts = ended["steps"][0]["attempts"].as_array().unwrap();
    let numbers: Vec<i64> = attempts
        .iter()
        .map(|one| one["n"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_reuses_what_succeeded(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let document = "id: night\nsteps:\n- {id: extract, pipeline: pipeline-1}\n\
        - {id: load, pipeline: pipeline-4, parameters: {text: {from: steps.extract.result.rows, type: int}}}\n";
    let wrong = story.post("/flows/", &json!({"document": document})).await;
    assert_eq!(
        wrong.error(400),
        "`steps.extract.result.rows` is of type int, but `text` needs str",
        "a reference of another type is refused when the flow is saved"
    );
    story
        .save_flow(&document.replace(
            ", parameters: {text: {from: steps.extract.result.rows, type: int}}",
            ", after: extract",
        ))
        .await;
    let first = story.run_flow("night", json!({})).await;
    until_running_step(&story, first, 1).await;
    let run = story.runs().await[1]["id"].as_str().unwrap().to_owned();
    story.drive(&run, &json!({"status": "failed"})).await;
    let failed = story.until_flow_run_ends(first).await;
    assert_eq!(steps(&failed), ["SUCCESS", "ERROR"]);
    let replay = story
        .post(&format!("/flow-runs/{first}/replay/"), &json!({}))
        .await;
    let replay = replay.expect(201)["run"]["id"].as_i64().unwrap();
    until_running_step(&story, replay, 1).await;
    let run = story.runs().await[2]["id"].as_str().unwrap().to_owned();
    story.drive(&run, &json!({"status": "success"})).await;
    let ended = story.until_flow_run_ends(replay).await;
    assert_eq!(
        (
            &ended["status"],
            &ended["replay_of"],
            &ended["steps"][0]["reused_from"]
        ),
        (&json!("SUCCESS"), &json!(first), &json!(first))
    );
    assert_eq!(ended["steps"][0]["result"], json!({"rows": 3}));
    assert_eq!(story.runs().await.len(), 3);
    story.end().await;
}

async fn until_running_step(story: &Story, id: i64, step: usize) -> Value {
    story
        .until_flow_run(id, "the running step", |run| {
            let last = run["steps"][step]["attempts"].as_array().unwrap().last();
            last.is_some_and(|attempt| attempt["status"] == "RUNNING")
        })
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_backfill_starts_no_further_run(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-02-01T00:00:00Z").begin().await;
    story
        .save_flow(&nightly(
            MANUAL,
            "{id: two, cron: '0 2 * * *', timezone: UTC}",
        ))
        .await;
    let body = json!({"from": "2027-01-01T00:00:00Z", "to": "2027-01-11T00:00:00Z", "mode": "missing", "parallel": 2});
    let created = story
        .post("/flows/night/backfills/", &body)
        .await
        .expect(201);
    let id = created["backfill"]["id"].as_i64().unwrap();
    assert_eq!(created["backfill"]["total"], 10);
    cycle(&story).await;
    assert_eq!(runs(&story).await.len(), 2, "two at a time");
    let path = format!("/backfills/{id}/cancel/");
    let cancelled = story.post(&path, &json!({})).await;
    assert!(matches!(cancelled.status, 200 | 202), "{}", cancelled.text);
    let active: Vec<i64> = runs(&story)
        .await
        .iter()
        .map(|run| run["id"].as_i64().unwrap())
        .collect();
    for one in active {
        story.until_flow_run_ends(one).await;
    }
    for _ in 0..3 {
        cycle(&story).await;
    }
    assert_eq!(runs(&story).await.len(), 2);
    let found = story.get(&format!("/backfills/{id}/")).await.expect(200);
    assert_eq!(
        (&found["status"], &found["waiting"]),
        (&json!("CANCELLED"), &json!(8))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_takes_too_long_is_cancelled_and_says_so(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let document = "id: night\nsteps: [{id: load, pipeline: pipeline-4, time_limit: 10m}]\n";
    story.save_flow(document).await;
    let id = story.run_flow("night", json!({})).await;
    let running = until_running(&story, id).await;
    story.advance(TimeDelta::minutes(10));
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(
        (steps(&ended), &ended["status"]),
        (vec!["ERROR"], &json!("ERROR"))
    );
    assert_eq!(ended["steps"][0]["reason"], "The step took longer than 10m");
    let task = running["steps"][0]["attempts"][0]["task_id"]
        .as_i64()
        .unwrap();
    assert_eq!(story.task(task).await["status"], "CANCELLED");
    let events = story.get(&format!("/tasks/{task}/events/")).await;
    assert!(events.text.contains("the flow night"), "{}", events.text);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_flow_starts_the_next_one_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    story.save_flow(&nightly(1, "")).await;
    let reports = "id: reports\ntriggers: [{id: after, flow: night, when: success}]\nsteps: [{id: load, pipeline: pipeline-2}]\n";
    story.save_flow(reports).await;
    let id = story.run_flow("night", json!({})).await;
    story.until_flow_run_ends(id).await;
    for _ in 0..3 {
        cycle(&story).await;
    }
    let all = runs(&story).await;
    let shown: Vec<(&str, &str)> = all
        .iter()
        .map(|run| {
            (
                run["flow"].as_str().unwrap(),
                run["trigger"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(shown, [("night", "manual"), ("reports", "flow")]);
    let second = all[1]["id"].as_i64().unwrap();
    assert_eq!(story.until_flow_run_ends(second).await["status"], "SUCCESS");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_whose_pipeline_was_deleted_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    let document = format!(
        "id: night\nschedules: [{{id: two, cron: '0 2 * * *', timezone: UTC}}]\n\
         steps: [{{id: load, pipeline: pipeline-1}}, {{id: gone, pipeline: pipeline-{FAILING}, after: load}}]\n"
    );
    story.save_flow(&document).await;
    story
        .delete_pipeline(&crate::support::catalogue::id(FAILING))
        .await;
    super::go_to(&story, "2027-01-10T02:00:00Z").await;
    let id = runs(&story).await[0]["id"].as_i64().unwrap();
    let ended = story.until_flow_run_ends(id).await;
    assert_eq!(ended["status"], "ERROR", "{ended}");
    assert_eq!(story.runs().await.len(), 0, "no step was started");
    assert_eq!(super::ticks(&story).await[0].0, "refused");
    story.end().await;
}
