//! Flows in attached mode: each attempt of a step is a task of Iaso like any launch, and a run that a schedule starts launches as
//! the user who saved the flow.

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};

use super::operator;
use super::stage::{A, ALICE, B, Stage};
use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::iaso::{access, token};
use crate::support::story::{Answer, As};

const KEY: &str = "django-insecure-the-secret-key-of-this-iaso";

const LOAD: &str = "id: load
schedules: [{id: night, cron: '0 2 * * *', timezone: UTC}]
steps: [{id: extract, pipeline: pipeline-1}, {id: store, pipeline: pipeline-2, after: extract}]
";

/// Alice of account 1 may launch, and saves a flow of two steps, whose runs continue until the test ends them.
async fn begin() -> (Stage, As) {
    let pipelines = json!([
        pipeline(1, &injected(), quick("manual")),
        pipeline(2, &injected(), quick("manual")),
    ]);
    let begins = "2027-01-10T00:30:00Z".parse::<DateTime<Utc>>().unwrap();
    let stage = Stage::with(pipelines, |plan| {
        plan.setting("iaso.signing_key", KEY).starting_at(begins)
    })
    .await;
    let grant = format!("UPDATE auth_user SET is_superuser = true WHERE id = {ALICE}");
    stage.sql(&grant).await;
    let until = stage.story.now().timestamp() + 7 * 86_400;
    let alice = As::Bearer(token(&access(ALICE, until), KEY));
    let saved = post(&stage, &alice, "/flows/", json!({"document": LOAD})).await;
    saved.expect(201);
    (stage, alice)
}

async fn post(stage: &Stage, who: &As, path: &str, body: Value) -> Answer {
    let ask = stage.story.ask(who.clone(), Method::POST, path);
    ask.json(&body).send().await
}

/// Starts a run as this user; returns its id.
async fn run(stage: &Stage, who: &As) -> i64 {
    let started = post(stage, who, "/flows/load/run/", json!({})).await;
    started.expect(201)["run"]["id"].as_i64().unwrap()
}

/// Waits until the step has a running task; returns its id.
async fn task_of(stage: &Stage, run: i64, step: usize) -> i64 {
    let holds = |run: &Value| run["steps"][step]["attempts"][0]["status"] == "RUNNING";
    let shown = stage.story.until_flow_run(run, "the task", holds).await;
    let task = &shown["steps"][step]["attempts"][0]["task_id"];
    task.as_i64().unwrap()
}

/// Ends the run of a task in OpenHEXA.
async fn end_run(stage: &Stage, task: i64, end: Value) {
    let shown = stage.story.task(task).await;
    let run = shown["run"]["id"].as_str().unwrap().to_owned();
    stage.story.drive(&run, &end).await;
}

fn statuses(run: &Value) -> Vec<&str> {
    let steps = run["steps"].as_array().unwrap().iter();
    steps.map(|step| step["status"].as_str().unwrap()).collect()
}

/// How many tasks the bridge has in Iaso's table.
async fn count(stage: &Stage) -> usize {
    let rows = "SELECT id FROM iaso_task WHERE name = 'launch_openhexa_pipeline'";
    stage.rows(rows).await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_step_is_a_task_of_iaso_like_a_launch() {
    let (stage, alice) = begin().await;
    let launch = format!("/pipelines/{}/launch/", id(1));
    let launched = post(&stage, &alice, &launch, json!({"config": {}})).await;
    let launched = launched.expect(201)["task"]["id"].as_i64().unwrap();
    stage
        .story
        .until(launched, "its run", |task| task["status"] == "RUNNING")
        .await;
    let usual = stage.copy(launched).await;
    let run = run(&stage, &alice).await;
    let first = task_of(&stage, run, 0).await;
    let copy = stage.copy(first).await;
    for column in [
        "name",
        "status",
        "external",
        "account_id",
        "launcher_id",
        "created_by_id",
        "params",
        "should_be_killed",
        "result",
        "ended_at",
    ] {
        assert_eq!(copy[column], usual[column], "{column}");
    }
    assert_eq!(
        (&copy["launcher_id"], &copy["account_id"]),
        (&json!(ALICE), &json!(A))
    );
    assert!(copy["created_at"].is_string() && copy["started_at"].is_string());
    assert_eq!(count(&stage).await, 2, "the second step waits");
    end_run(&stage, first, json!({"status": "success"})).await;
    let second = task_of(&stage, run, 1).await;
    let ended = stage.copy(first).await;
    assert_eq!(ended["status"], "SUCCESS");
    assert!(ended["ended_at"].is_string(), "{ended}");
    let failed = json!({"status": "failed", "message": "ValueError: no data"});
    end_run(&stage, second, failed).await;
    let run = stage.story.until_flow_run_ends(run).await;
    assert_eq!(
        (&run["status"], statuses(&run)),
        (&json!("ERROR"), vec!["SUCCESS", "ERROR"])
    );
    let ended = stage.copy(second).await;
    assert_eq!(
        (&ended["status"], &ended["launcher_id"]),
        (&json!("ERRORED"), &json!(ALICE))
    );
    let message = ended["result"]["message"].as_str().unwrap();
    assert!(message.contains("ValueError: no data"), "{ended}");
    assert_eq!(count(&stage).await, 3);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kill_button_of_iaso_cancels_the_step() {
    let (stage, alice) = begin().await;
    let run = run(&stage, &alice).await;
    let task = task_of(&stage, run, 0).await;
    stage.kill(task).await;
    stage.story.advance(TimeDelta::seconds(10));
    let ended = stage.story.until_flow_run_ends(run).await;
    assert_eq!(
        (&ended["status"], statuses(&ended)),
        (&json!("CANCELLED"), vec!["CANCELLED", "SKIPPED"])
    );
    assert_eq!(stage.story.request_count("stopPipeline").await, 1);
    let copy = stage.copy(task).await;
    assert_eq!(
        (&copy["status"], &copy["should_be_killed"]),
        (&json!("KILLED"), &json!(true))
    );
    assert!(copy["ended_at"].is_string(), "{copy}");
    assert_eq!(count(&stage).await, 1, "the second step has no task");
    stage.end().await;
}

/// Moves the clock to the next firing, and waits until its run is stored. Returns the runs, newest first.
async fn fire(stage: &Stage, hours: i64) -> Vec<Value> {
    stage.story.advance(TimeDelta::hours(hours));
    stage.story.flow_cycle().await;
    let path = "/flow-runs/?trigger=schedule";
    let runs = stage.story.get(path).await.expect(200);
    runs["results"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scheduled_run_launches_as_the_user_who_saved_the_flow() {
    let (stage, _) = begin().await;
    let runs = fire(&stage, 2).await;
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(
        (&runs[0]["launcher"]["kind"], &runs[0]["launcher"]["id"]),
        (&json!("user"), &json!(ALICE))
    );
    let run = runs[0]["id"].as_i64().unwrap();
    for step in 0..2 {
        let task = task_of(&stage, run, step).await;
        assert_eq!(stage.copy(task).await["launcher_id"], json!(ALICE));
        let shown = stage.story.task(task).await;
        assert_eq!(shown["launcher"]["id"], json!(ALICE));
        end_run(&stage, task, json!({"status": "success"})).await;
    }
    let ended = stage.story.until_flow_run_ends(run).await;
    assert_eq!(ended["status"], "SUCCESS", "{ended}");

    // Without her rights, the next one is refused.
    let revoke = format!("UPDATE auth_user SET is_superuser = false WHERE id = {ALICE}");
    stage.sql(&revoke).await;
    let runs = fire(&stage, 24).await;
    assert_eq!((runs.len(), &runs[0]["status"]), (2, &json!("ERROR")));
    let ticks = stage.story.get("/flows/load/ticks/").await.expect(200);
    assert_eq!(ticks["results"][0]["outcome"], "refused", "{ticks}");
    assert_eq!(count(&stage).await, 2, "it has no task");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_does_not_see_the_flow() {
    let (stage, alice) = begin().await;
    let run = run(&stage, &alice).await;
    let task = task_of(&stage, run, 0).await;
    let bob = operator(&stage, B).await;
    let get = |path: String| stage.story.ask(bob.clone(), Method::GET, &path).send();
    for path in [
        "/flows/load/".to_owned(),
        "/flows/load/ticks/".to_owned(),
        format!("/flow-runs/{run}/"),
        format!("/tasks/{task}/"),
    ] {
        get(path).await.error(404);
    }
    for list in ["/flows/", "/flow-runs/", "/tasks/"] {
        let listed = get(list.to_owned()).await.expect(200);
        assert_eq!(listed["results"], json!([]), "{list}");
    }
    for path in [
        "/flows/load/run/".to_owned(),
        format!("/flow-runs/{run}/cancel/"),
    ] {
        post(&stage, &bob, &path, json!({})).await.error(404);
    }
    // The same id, for a flow of its own.
    let own = post(&stage, &bob, "/flows/", json!({"document": LOAD})).await;
    own.expect(201);
    let theirs = format!("SELECT id FROM iaso_task WHERE account_id = {B}");
    assert_eq!(stage.rows(&theirs).await.len(), 0);
    assert_eq!(stage.copy(task).await["account_id"], json!(A));
    stage.end().await;
}
