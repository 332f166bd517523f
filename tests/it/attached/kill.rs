//! What Iaso writes to a task's row: its kill button, its worker's clean-up, rows saved with all columns.
//! Only a kill has an effect.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::stage::Stage;
use super::{manual, running, started};
use crate::support::catalogue::id;
use crate::support::log;

/// After one usual polling interval, 10 s.
async fn after_the_usual_interval(stage: &Stage) {
    stage.story.advance(TimeDelta::seconds(10));
    stage.story.run_cycle().await;
}

async fn cancels(stage: &Stage, task: i64) -> Vec<Value> {
    let path = format!("/tasks/{task}/events/");
    let events = stage.story.get(&path).await.expect(200)["results"].clone();
    let events = events.as_array().unwrap().clone();
    events
        .into_iter()
        .filter(|event| event["code"] == "cancel_requested")
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kill_button_stops_the_run() {
    let (stage, task) = running().await;
    stage.kill(task).await;
    let killed = stage.copy(task).await;
    assert_eq!(
        (&killed["status"], &killed["ended_at"]),
        (&json!("KILLED"), &json!(null))
    );
    after_the_usual_interval(&stage).await;
    assert_eq!(stage.story.request_count("stopPipeline").await, 1);
    let told = cancels(&stage, task).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (&told[0]["source"], &told[0]["detail"]),
        (&json!("user"), &json!("by a user in Iaso"))
    );
    let copy = stage
        .until_copy(task, "the end", |copy| copy["ended_at"].is_string())
        .await;
    assert_eq!(
        (&copy["status"], &copy["should_be_killed"]),
        (&json!("KILLED"), &json!(true))
    );
    let ended = stage.story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]["status"]),
        (&json!("CANCELLED"), &json!("stopped"))
    );
    stage.end().await;
}

/// The lines of the audit log for this task.
fn audit_lines(task: i64) -> Vec<Value> {
    let told = log::text();
    let lines = told.lines().map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| line["target"] == "audit" && line["task"] == task)
        .filter(|line| line["who"] == "Iaso")
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_is_in_the_audit_log() {
    let stage = Stage::begin(manual()).await;
    // An id that no task of another test has, because all tests share the log.
    stage
        .sql("SELECT setval('iaso_task_id_seq', 7654320)")
        .await;
    let task = started(&stage).await;
    stage.kill(task).await;
    after_the_usual_interval(&stage).await;
    after_the_usual_interval(&stage).await;
    let told = audit_lines(task);
    assert_eq!(told.len(), 1, "{told:?}");
    let line = &told[0];
    assert_eq!(
        (&line["action"], &line["outcome"], &line["account"]),
        (&json!("cancel"), &json!("done"), &json!(1))
    );
    assert_eq!(line["object"], task.to_string());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_between_the_check_of_iaso_and_the_next_attempt_creates_no_run() {
    let stage = Stage::begin(manual()).await;
    stage
        .story
        .fault(&json!({"fault": "html_500", "operation": "me", "for_ms": 600_000}))
        .await;
    let task = stage.story.launch(&id(1), json!({})).await;
    stage.story.run_cycle().await;
    stage.kill(task).await;
    stage.story.no_faults().await;
    // Too early for the next check of Iaso's rows, but late enough for the next attempt.
    stage.story.next_cycle().await;
    let ended = stage.story.task(task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]),
        (&json!("CANCELLED"), &json!(null))
    );
    assert_eq!(stage.story.request_count("runPipeline").await, 0);
    assert_eq!(stage.copy(task).await["status"], "KILLED");
    assert_eq!(cancels(&stage, task).await.len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_after_a_kill_of_an_unsent_launch_is_recorded() {
    let stage = Stage::begin(manual()).await;
    let fault = json!({"fault": "html_500", "operation": "me", "for_ms": 600_000});
    stage.story.fault(&fault).await;
    let task = stage.story.launch(&id(1), json!({})).await;
    stage.kill(task).await;
    let cancel = format!("/tasks/{task}/cancel/");
    let answer = stage.story.post(&cancel, &json!({})).await.expect(202);
    assert_eq!(answer["status"], "CANCELLED");
    assert_eq!(stage.story.task(task).await["status"], "CANCELLED");
    assert_eq!(cancels(&stage, task).await.len(), 1);
    stage.story.post(&cancel, &json!({})).await.error(409);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_after_a_kill_follows_it_in_the_history() {
    let (stage, task) = running().await;
    stage.kill(task).await;
    let progress = json!({"task_id": task, "status": "RUNNING", "progress_value": 1});
    let told = stage.story.report(&id(1), &progress).await;
    told.error(409);
    assert_eq!(stage.copy(task).await["should_be_killed"], true);
    assert_eq!(stage.story.task(task).await["progress_value"], 0);
    stage.story.next_cycle().await;
    assert_eq!(stage.story.request_count("stopPipeline").await, 1);
    let ended = stage.story.until_confirmed(task).await;
    assert_eq!(ended["status"], "CANCELLED");
    assert_eq!(stage.copy(task).await["status"], "KILLED");
    assert_eq!(cancels(&stage, task).await.len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_is_recorded_even_if_the_run_ends_before_the_next_poll() {
    let (stage, task) = running().await;
    stage.kill(task).await;
    let success = json!({"task_id": task, "status": "SUCCESS"});
    stage.story.report(&id(1), &success).await.expect(200);
    assert!(stage.story.task(task).await["cancel_asked_at"].is_string());
    assert_eq!(cancels(&stage, task).await.len(), 1);
    let other = started(&stage).await;
    let run = stage.story.task(other).await["run"]["id"].clone();
    stage.kill(other).await;
    stage
        .story
        .drive(run.as_str().unwrap(), &json!({"status": "failed"}))
        .await;
    let ended = stage.story.until_confirmed(other).await;
    assert_eq!(
        (&ended["status"], &ended["run"]["status"]),
        (&json!("CANCELLED"), &json!("failed"))
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_is_a_request_until_the_run_has_ended() {
    let (stage, task) = running().await;
    stage
        .story
        .fault(&json!({"fault": "lose_stop", "count": 1}))
        .await;
    stage.kill(task).await;
    after_the_usual_interval(&stage).await;
    let copy = stage.copy(task).await;
    let state = (
        &copy["status"],
        &copy["should_be_killed"],
        &copy["ended_at"],
    );
    assert_eq!(state, (&json!("RUNNING"), &json!(true), &json!(null)));
    let late = stage
        .story
        .report(&id(1), &json!({"task_id": task, "progress_value": 1}))
        .await;
    assert_eq!(
        late.status, 409,
        "the stop signal of pipelines in the field"
    );
    assert_eq!(
        cancels(&stage, task).await.len(),
        1,
        "the stop is requested once, not at each poll"
    );
    after_the_usual_interval(&stage).await;
    assert_eq!(cancels(&stage, task).await.len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_killed_before_it_was_sent_is_never_sent() {
    let stage = Stage::begin(manual()).await;
    // Now the pipeline is cached, so a launch is accepted while OpenHEXA does not respond.
    stage
        .story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    stage
        .story
        .fault(&json!({"fault": "drop_before", "operation": "pipeline", "count": 50}))
        .await;
    stage
        .story
        .fault(&json!({"fault": "drop_before", "operation": "me", "count": 50}))
        .await;
    stage
        .story
        .fault(&json!({"fault": "drop_before", "operation": "runPipeline", "count": 50}))
        .await;
    let task = stage.story.launch(&id(1), json!({})).await;
    stage.kill(task).await;
    after_the_usual_interval(&stage).await;
    stage.story.no_faults().await;
    let ended = stage.story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]),
        (&json!("CANCELLED"), &json!(null))
    );
    assert_eq!(stage.story.runs().await.len(), 0);
    let copy = stage.copy(task).await;
    assert_eq!(copy["status"], "KILLED");
    assert!(copy["ended_at"].is_string());
    stage.end().await;
}

// The kill button was pressed while the launch was being sent, and the next write to the mirror row reverted
// it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_while_the_launch_is_sent_is_not_overwritten() {
    let stage = Stage::begin(manual()).await;
    let story = &stage.story;
    story.delay("me").await;
    let killed = async {
        let task = story.until_task().await;
        stage.kill(task).await;
        story.no_faults().await;
    };
    let (task, ()) = tokio::join!(story.launch(&id(1), json!({})), killed);
    after_the_usual_interval(&stage).await;
    assert_eq!(cancels(&stage, task).await.len(), 1);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_does_not_change_a_task_that_has_ended() {
    let (stage, task) = running().await;
    stage.story.drive_only(&json!({"status": "success"})).await;
    stage.story.until_confirmed(task).await;
    let before = stage.copy(task).await;
    assert_eq!(before["status"], "SUCCESS");
    stage.story.advance(TimeDelta::hours(20));
    stage.kill(task).await;
    after_the_usual_interval(&stage).await;
    assert_eq!(stage.copy(task).await, before);
    assert!(cancels(&stage, task).await.is_empty());
    stage.end().await;
}

/// Which rows are checked: those of running tasks, and others for `iaso.watched_for`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_task_is_checked_while_it_is_running() {
    let (stage, ended) = running().await;
    stage.story.drive_only(&json!({"status": "success"})).await;
    stage.story.until_confirmed(ended).await;
    let live = started(&stage).await;
    stage.story.advance(TimeDelta::hours(50));
    stage.story.run_cycle().await;
    stage.kill(ended).await;
    stage.kill(live).await;
    after_the_usual_interval(&stage).await;
    assert_eq!(
        stage.copy(ended).await["status"],
        "KILLED",
        "it is no longer checked"
    );
    assert_eq!(cancels(&stage, live).await.len(), 1);
    assert_eq!(
        stage.story.until_confirmed(live).await["status"],
        "CANCELLED"
    );
    assert_eq!(stage.copy(live).await["status"], "KILLED");
    stage.end().await;
}

/// Iaso's worker processes QUEUED rows; rows of the bridge are never QUEUED unless Iaso sets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn iasos_clean_up_of_queued_tasks_is_not_a_request_to_stop() {
    let (stage, task) = running().await;
    let other = stage.story.launch(&id(1), json!({})).await;
    let sweep = "UPDATE iaso_task SET status = 'KILLED' WHERE status = 'QUEUED'";
    stage.sql(sweep).await;
    assert_eq!(
        stage.copy(other).await["status"],
        "RUNNING",
        "no task of the bridge is QUEUED"
    );
    stage
        .sql(&format!(
            "UPDATE iaso_task SET status = 'QUEUED' WHERE id = {task}"
        ))
        .await;
    stage.sql(sweep).await;
    after_the_usual_interval(&stage).await;
    assert_eq!(stage.copy(task).await["status"], "RUNNING");
    assert!(cancels(&stage, task).await.is_empty());
    assert_eq!(stage.story.request_count("stopPipeline").await, 0);
    assert_eq!(stage.story.task(task).await["status"], "RUNNING");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_row_saved_with_all_columns_is_corrected() {
    let (stage, task) = running().await;
    let stale = stage.copy(task).await;
    let report = json!({"task_id": task, "progress_message": "half", "progress_value": 50, "result": {"n": 1}});
    stage.story.report(&id(1), &report).await.expect(200);
    let fresh = stage.copy(task).await;
    stage.save_whole(&stale).await;
    assert_eq!(stage.copy(task).await["progress_value"], 0);
    after_the_usual_interval(&stage).await;
    assert_eq!(stage.copy(task).await, fresh);

    // The same after the task has ended.
    stage.story.drive_only(&json!({"status": "success"})).await;
    stage.story.until_confirmed(task).await;
    let ended = stage.copy(task).await;
    stage.save_whole(&stale).await;
    after_the_usual_interval(&stage).await;
    assert_eq!(stage.copy(task).await, ended);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_if_nothing_differs() {
    let (stage, task) = running().await;
    let ended = started(&stage).await;
    stage
        .story
        .drive(
            stage.story.task(ended).await["run"]["id"].as_str().unwrap(),
            &json!({"status": "success"}),
        )
        .await;
    stage.story.until_confirmed(ended).await;
    let written = (stage.written_by(task).await, stage.written_by(ended).await);
    let revisions = stage.story.task(task).await["updated_at"].clone();
    for _ in 0..6 {
        after_the_usual_interval(&stage).await;
    }
    assert_eq!(
        (stage.written_by(task).await, stage.written_by(ended).await),
        written
    );
    assert_eq!(stage.story.task(task).await["updated_at"], revisions);
    // A row that was corrected is not found again.
    stage.kill(ended).await;
    after_the_usual_interval(&stage).await;
    let mended = stage.written_by(ended).await;
    assert_ne!(mended, written.1);
    after_the_usual_interval(&stage).await;
    assert_eq!(stage.written_by(ended).await, mended);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_one_of_two_replicas_requests_the_stop_and_both_agree() {
    let (stage, task) = running().await;
    let replica = stage.story.second_replica().await;
    stage.kill(task).await;
    stage.story.advance(TimeDelta::seconds(10));
    tokio::join!(stage.story.run_cycle(), replica.run_cycle());
    for _ in 0..20 {
        stage.story.advance(TimeDelta::seconds(2));
        tokio::join!(stage.story.run_cycle(), replica.run_cycle());
    }
    let ended = stage.story.until_confirmed(task).await;
    assert_eq!(ended["status"], "CANCELLED");
    assert_eq!(
        (
            cancels(&stage, task).await.len(),
            stage.story.request_count("stopPipeline").await
        ),
        (1, 1)
    );
    assert_eq!(stage.copy(task).await["status"], "KILLED");
    replica.stop().await;
    stage.end().await;
}
