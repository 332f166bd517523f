//! Inserts a million tasks with SQL: copies of tasks that were launched with the bridge, each 30 seconds older than the
//! next one.
//!
//! Of 1,000 tasks one is running, 50 failed, 20 were cancelled and the others succeeded, spread over the pipelines. In
//! addition, two other accounts have a tenth as many. Events are not copied, because lists do not read them.

use std::time::{Duration, Instant};

use serde_json::json;

use super::sql::{numbers, run};
use super::{Place, SQLITE};
use crate::site;

/// A usual number for a workspace.
pub const PIPELINES: u64 = 20;
const KINDS: [(&str, &str); 4] = [
    ("SUCCESS", "success"),
    ("ERROR", "failed"),
    ("CANCELLED", "stopped"),
    ("RUNNING", "running"),
];

/// The columns that are copied unchanged; for the times see `TASK_TIMES`.
const TASK: &str = "name, pipeline_id, pipeline_code, pipeline_name, version, launcher_id, launcher_username, launcher_name, \
    search, state, status, reported, run_end, message, progress_value, end_value, data, data_late, note, note_code, called_back, \
    cancel_asked_at, relaunch_of, revision, connection_id";
const TASK_TIMES: [&str; 4] = ["created_at", "started_at", "ended_at", "updated_at"];
const RUN: &str = "instance, status, progress, config, secrets, names_task, drops_config, send_notifications, debug, \
    timeout_seconds, attempts, launched_as, outcome_unknown, absent_polls, stops, connection_id";
/// The ids of copies start above this number, which no launched task reaches.
const FIRST: u64 = 10_000;
/// Number of copies per transaction.
const PART: u64 = 100_000;

pub async fn fill(place: &Place, rows: u64) {
    let models = models(place).await;
    let (sqlite, url) = (place.base == SQLITE, place.database.clone());
    let filled = tokio::task::spawn_blocking(move || {
        run(&url, &remember(&models));
        let all = rows + rows / 10;
        for from in (1..=all).step_by(PART as usize) {
            run(&url, &copies(sqlite, all, from, all.min(from + PART - 1)));
        }
        run(&url, "DROP TABLE model");
        if !sqlite {
            // PostgreSQL's autovacuum would do this later.
            run(&url, "VACUUM ANALYZE");
        }
    });
    filled.await.expect("it is filled");
}

/// The tasks to copy, one of each kind for each pipeline: (pipeline, kind, task).
async fn models(place: &Place) -> Vec<(u64, usize, i64)> {
    let many = PIPELINES as usize * KINDS.len();
    let tasks = site::launch(&place.bridge, many, 4, PIPELINES).await;
    let mut models = Vec::new();
    for (number, task) in (0..).zip(tasks) {
        let (pipeline, kind) = (number % PIPELINES, (number / PIPELINES) as usize);
        let (word, end) = KINDS[kind];
        let url = format!(
            "{}/api/openhexa/pipelines/{}/",
            place.bridge.url,
            site::pipeline(pipeline + 1)
        );
        let report = json!({"task_id": task, "status": word, "progress_message": format!("{word} after 100 of 100 steps"),
            "progress_value": 100, "end_value": 100, "result": {"rows": 1000, "country": "Burkina Faso", "group_id": 789}});
        site::ask(site::client().patch(url).json(&report)).await;
        if end != "running" {
            finish(place, task, end).await;
        }
        models.push((pipeline, kind, task));
    }
    models
}

/// Ends the run of a task, and waits until the bridge shows the end.
async fn finish(place: &Place, task: i64, end: &str) {
    let client = site::client();
    let task = format!("{}/api/openhexa/tasks/{task}/", place.bridge.url);
    let shown = site::ask(client.get(&task)).await;
    let run = shown["run"]["id"].as_str().expect("a run");
    let run = format!("{}/emulator/runs/{run}", place.openhexa.url);
    site::ask(client.post(run).json(&json!({"status": end}))).await;
    let patience = Instant::now() + Duration::from_mins(1);
    while site::ask(client.get(&task)).await["confirmed"] != true {
        assert!(Instant::now() < patience, "an end was not seen");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn remember(models: &[(u64, usize, i64)]) -> String {
    let value =
        |(pipeline, kind, task): &(u64, usize, i64)| format!("({pipeline}, {kind}, {task})");
    let values: Vec<String> = models.iter().map(value).collect();
    let create = "CREATE TABLE model (pipeline BIGINT, kind BIGINT, task BIGINT)";
    format!("{create}; INSERT INTO model VALUES {};", values.join(", "))
}

/// The SQL of one transaction.
fn copies(sqlite: bool, all: u64, from: u64, to: u64) -> String {
    let numbers = numbers(sqlite, from, to);
    let kind = "CASE WHEN n % 1000 = 0 THEN 3 WHEN n % 1000 <= 50 THEN 1 WHEN n % 1000 <= 70 THEN 2 ELSE 0 END";
    // Every eleventh task belongs to another account.
    let account = "CASE WHEN n % 22 = 0 THEN 2 WHEN n % 22 = 11 THEN 3 ELSE 1 END";
    let pipeline = format!("(n * 7 / 3) % {PIPELINES}");
    let source =
        format!("FROM numbers JOIN model ON model.pipeline = {pipeline} AND model.kind = {kind}");
    // The runs of copies do not exist in OpenHEXA, so running ones must not be polled.
    let later = if sqlite {
        "'2100-01-01T00:00:00.000Z'"
    } else {
        "'2100-01-01'::timestamptz"
    };
    let look = format!("CASE WHEN next_poll_at IS NOT NULL THEN {later} END");
    let older = |column: &str| older(sqlite, column, all);
    let times = TASK_TIMES.map(older).join(", ");
    let uuid = if sqlite {
        SQLITE_UUID
    } else {
        "gen_random_uuid()"
    };
    format!(
        "BEGIN; INSERT INTO task (id, account_id, {TASK}, {}) {numbers}
         SELECT {FIRST} + n, {account}, {TASK}, {times} {source} JOIN task ON task.id = model.task ORDER BY n;
         INSERT INTO run (task_id, account_id, run_id, {RUN}, next_poll_at, attempted_at) {numbers}
         SELECT {FIRST} + n, {account}, {uuid}, {RUN}, {look}, {} {source} JOIN run ON run.task_id = model.task ORDER BY n;
         COMMIT;",
        TASK_TIMES.join(", "),
        older("attempted_at"),
    )
}

const SQLITE_UUID: &str = "lower(substr(hex(randomblob(4)), 1, 8) || '-' || hex(randomblob(2)) || '-4' || \
    substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";

fn older(sqlite: bool, column: &str, all: u64) -> String {
    if sqlite {
        return format!(
            "strftime('%Y-%m-%dT%H:%M:%fZ', {column}, (({all} - n) * -30) || ' seconds')"
        );
    }
    format!("{column} - ({all} - n) * interval '30 seconds'")
}
