//! The bridge's rows and Iaso's are committed together.

use chrono::TimeDelta;
use serde_json::json;

use super::stage::Stage;
use super::{manual, running, started};
use crate::support::catalogue::id;

/// From here on, each transaction that writes to `task` fails when it commits.
const FAIL_AT_COMMIT: &str = "
    CREATE FUNCTION openhexa_bridge.fail() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'a commit that fails'; END; $$;
    CREATE CONSTRAINT TRIGGER fail AFTER INSERT OR UPDATE ON openhexa_bridge.task DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE PROCEDURE openhexa_bridge.fail();";

async fn as_the_bridge(stage: &Stage, sql: &str) {
    let (url, sql) = (stage.iaso.bridge.clone(), sql.to_owned());
    let done = tokio::task::spawn_blocking(move || crate::support::postgres::execute(&url, &sql));
    done.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_is_not_committed_is_in_neither_database() {
    let stage = Stage::begin(manual()).await;
    as_the_bridge(&stage, FAIL_AT_COMMIT).await;
    let path = format!("/pipelines/{}/launch/", id(1));
    let failed = stage.story.post(&path, &json!({"config": {}})).await;
    assert_eq!(failed.status, 503);
    assert_eq!(
        stage
            .rows("SELECT id FROM iaso_task WHERE name = 'launch_openhexa_pipeline'")
            .await
            .len(),
        0
    );
    assert_eq!(stage.story.tasks().await.len(), 0);
    assert_eq!(
        stage.story.runs().await.len(),
        0,
        "OpenHEXA does not hear of it"
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_is_not_committed_is_in_neither_table() {
    let (stage, task) = running().await;
    let before = (
        stage.copy(task).await,
        stage.log(task).await,
        stage.story.task(task).await,
    );
    as_the_bridge(&stage, FAIL_AT_COMMIT).await;
    let report = json!({"task_id": task, "progress_value": 7, "progress_message": "seven"});
    let failed = stage.story.report(&id(1), &report).await;
    assert_eq!(failed.status, 503);
    let after = (
        stage.copy(task).await,
        stage.log(task).await,
        stage.story.task(task).await,
    );
    assert_eq!(after, before);
    stage.end().await;
}

/// If Iaso's row cannot be written, the bridge's row is not written either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_that_iasos_table_refuses_is_not_stored_by_the_bridge() {
    let (stage, task) = running().await;
    stage
        .sql("ALTER TABLE iaso_task ADD CONSTRAINT small CHECK (progress_value < 10)")
        .await;
    let before = (stage.copy(task).await, stage.story.task(task).await);
    let failed = stage
        .story
        .report(&id(1), &json!({"task_id": task, "progress_value": 11}))
        .await;
    assert_eq!(failed.status, 503);
    assert_eq!(
        (stage.copy(task).await, stage.story.task(task).await),
        before
    );
    stage
        .story
        .report(&id(1), &json!({"task_id": task, "progress_value": 9}))
        .await
        .expect(200);
    stage.end().await;
}

/// As in `docs/installation.md`: the bridge's tables are restored to their state before the second launch,
/// Iaso's tables are not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_is_left_running_by_a_restore_of_the_bridge_is_ended() {
    let (stage, kept) = running().await;
    let backup = stage.story.now();
    stage.story.advance(TimeDelta::seconds(1));
    let lost = started(&stage).await;
    let forget = ["event WHERE task_id", "run WHERE task_id", "task WHERE id"]
        .map(|what| format!("DELETE FROM openhexa_bridge.{what} = {lost}"));
    as_the_bridge(&stage, &forget.join("; ")).await;
    // A task of Iaso from before the bridge was installed.
    stage
        .sql(
            "INSERT INTO iaso_task (id, created_at, progress_value, end_value, status, name, should_be_killed, external, \
             account_id) VALUES (40, now() - interval '1 day', 1, 2, 'RUNNING', 'launch_openhexa_pipeline', false, true, 1)",
        )
        .await;
    let paper = include_str!("../../../docs/installation.md");
    let (_, rest) = paper.split_once("```sql\nUPDATE").unwrap();
    let (told, _) = rest.split_once("```").unwrap();
    let told = format!("UPDATE{told}");
    let statement = told.replace("TIME OF THE BACKUP", &backup.to_rfc3339());
    assert_ne!(statement, told);
    let administrator = stage
        .iaso
        .bridge
        .replace(&format!("{}@", stage.iaso.role()), "postgres@");
    let done = tokio::task::spawn_blocking(move || {
        crate::support::postgres::execute(&administrator, &statement);
    });
    done.await.unwrap();
    stage.story.next_cycle().await;
    let ended = stage.copy(lost).await;
    assert_eq!(ended["status"], "ERRORED");
    assert!(ended["ended_at"].is_string());
    for other in [kept, 40] {
        assert_eq!(stage.copy(other).await["status"], "RUNNING");
    }
    stage.end().await;
}
