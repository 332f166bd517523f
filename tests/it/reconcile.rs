//! How a task ends without reports, and how reports and polls are combined.

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::database;
use crate::support::fixtures::{end, running};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

const REVERTED: &str = "OpenHEXA: the run failed after the pipeline had reported success";

async fn send_report(story: &Story, task: i64, mut body: Value) -> Value {
    body["task_id"] = json!(task);
    story.report(&id(1), &body).await.expect(200)["task"].clone()
}

async fn log(story: &Story, task: i64) -> Vec<String> {
    let answer = story.get(&format!("/tasks/{task}/logs/")).await.expect(200);
    let lines = answer["logs"].as_array().unwrap().iter();
    lines
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_has_the_status_of_its_own_run_although_a_newer_one_fails(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    let newer = story.foreign_run(&id(1), json!({})).await;
    story
        .drive(&newer, &json!({"status": "failed", "message": "not ours"}))
        .await;
    for _ in 0..3 {
        story.next_cycle().await;
    }
    assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    story.drive(&run, &json!({"status": "success"})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (&ended["status"], &ended["run"]["id"]),
        (&json!("SUCCESS"), &json!(run))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_report_a_failure_shows_the_last_log_lines(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    let lines: Vec<String> = (1..=30).map(|line| format!("line {line}")).collect();
    let message = format!("{}\nValueError: no such country", lines.join("\n"));
    story
        .drive(&run, &json!({"status": "failed", "message": message}))
        .await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (end(&ended), &ended["result"]),
        (("ERROR", true), &json!(null))
    );
    let told = ended["progress_message"].as_str().unwrap();
    assert!(
        told.ends_with("line 30\nValueError: no such country"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 10, "{told}");
    assert_eq!(log(&story, task).await, [told]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_whose_log_cannot_be_read_still_ends_the_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let plan = StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), quick("manual"))]));
    let story = plan.setting("openhexa.answer_limit", "65536").begin().await;
    let task = story.launch(&id(1), json!({})).await;
    story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    story
        .drive_only(&json!({"status": "failed", "message": "x".repeat(100_000)}))
        .await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(end(&ended), ("ERROR", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_or_skipped_run_ends_as_cancelled(#[values(Sqlite, Postgres)] base: Base) {
    for status in ["stopped", "skipped"] {
        let (story, task, run) = running(base).await;
        story.drive(&run, &json!({"status": status})).await;
        assert_eq!(
            end(&story.until_confirmed(task).await),
            ("CANCELLED", true),
            "{status}"
        );
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_terminating_run_is_still_running(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    story.drive(&run, &json!({"status": "terminating"})).await;
    let shown = story
        .until(task, "terminating", |task| {
            task["run"]["status"] == "terminating"
        })
        .await;
    assert_eq!(end(&shown), ("RUNNING", false));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_of_the_run_is_shown_as_a_percentage(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    for (given, shown) in [(40, 40), (250, 100), (7, 7)] {
        story.drive(&run, &json!({"progress": given})).await;
        story.next_cycle().await;
        assert_eq!(story.task(task).await["run"]["progress"], shown);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_run_is_an_error_only_after_several_successful_polls(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story.drive(&run, &json!({"vanish": true})).await;
    for _ in 0..2 {
        story.next_cycle().await;
        assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    }
    story.next_cycle().await;
    let ended = story.task(task).await;
    assert_eq!(end(&ended), ("ERROR", true));
    assert_eq!(
        ended["progress_message"],
        "The run no longer exists in OpenHEXA"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_reappears_between_polls_is_not_deleted(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    for vanished in [true, true, false, true, true] {
        story.drive(&run, &json!({"vanish": vanished})).await;
        story.next_cycle().await;
    }
    assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_poll_changes_nothing(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    let before = story.task(task).await;
    story.drive(&run, &json!({"vanish": true})).await;
    for fault in ["html_500", "refuse_token", "drop_before", "drop_after"] {
        story
            .fault(&json!({"fault": fault, "operation": "pipelineRun", "for_ms": 600_000}))
            .await;
        let mut looks = 0;
        for _ in 0..6 {
            story.advance(chrono::TimeDelta::seconds(2));
            let report = story.run_cycle().await;
            assert_eq!(report.claimed, report.failed, "{fault}");
            looks += report.failed;
        }
        assert!(
            looks >= 2,
            "{fault}: {looks} polls, with pauses between them"
        );
        assert_eq!(story.task(task).await, before, "{fault}");
        story.no_faults().await;
    }
    story
        .drive(&run, &json!({"vanish": false, "status": "success"}))
        .await;
    assert_eq!(end(&story.until_confirmed(task).await), ("SUCCESS", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_without_access_does_not_prove_that_a_run_is_deleted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story.archive(true).await;
    for _ in 0..10 {
        story.next_cycle().await;
    }
    assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    story.archive(false).await;
    story.drive(&run, &json!({"status": "success"})).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("SUCCESS", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_whose_run_fails_is_reverted_and_keeps_its_data(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    let told = send_report(
        &story,
        task,
        json!({"status": "SUCCESS", "progress_message": "Done", "result": {"rows": 3}}),
    )
    .await;
    assert_eq!(
        told["result"],
        json!({"result": "SUCCESS", "data": {"rows": 3}})
    );
    assert_eq!(end(&story.task(task).await), ("SUCCESS", false));
    story
        .drive(&run, &json!({"status": "failed", "message": "MemoryError"}))
        .await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (end(&ended), &ended["progress_message"]),
        (("ERROR", true), &json!(REVERTED))
    );
    let result = json!({"result": "ERROR", "message": REVERTED, "last_progress_message": "Done", "data": {"rows": 3}});
    assert_eq!(ended["result"], result);
    assert_eq!(log(&story, task).await, ["Done", REVERTED]);
    story.end().await;
}

// A report used to delay a poll that was due already.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_is_due_is_not_delayed_by_a_report(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    story.drive(&run, &json!({"status": "success"})).await;
    story.advance(chrono::TimeDelta::seconds(30));
    send_report(&story, task, json!({"status": "SUCCESS"})).await;
    assert_eq!(story.run_cycle().await.claimed, 1);
    assert_eq!(end(&story.task(task).await), ("SUCCESS", true));
    story.end().await;
}

// Ten thousand runs used to be polled at the same moment, and then none for a while.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn polls_of_several_pipelines_are_spread_out(#[values(Sqlite, Postgres)] base: Base) {
    let many: Vec<_> = (1..=12)
        .map(|number| pipeline(number, &[], quick("manual")))
        .collect();
    let story = StoryBuilder::on(base).pipelines(json!(many)).begin().await;
    for number in 1..=12 {
        story.launch(&id(number), json!({})).await;
    }
    let planned =
        database::texts(&story, "SELECT CAST(next_poll_at AS TEXT) AS text FROM run").await;
    let moments: std::collections::BTreeSet<&String> = planned.iter().collect();
    assert!(planned.len() == 12 && moments.len() > 6, "{planned:?}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_end_of_the_run_the_first_final_report_is_accepted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story.drive(&run, &json!({"status": "success"})).await;
    story.until_confirmed(task).await;
    let told = send_report(
        &story,
        task,
        json!({"status": "ERROR", "progress_message": "no rows"}),
    )
    .await;
    let result = json!({"result": "ERROR", "message": "no rows", "last_progress_message": null, "data": null});
    assert_eq!(
        (&told["status"], &told["result"]),
        (&json!("ERROR"), &result)
    );
    assert_eq!(
        send_report(&story, task, json!({"status": "FAILED"})).await["result"],
        result
    );
    let other = json!({"task_id": task, "status": "SUCCESS"});
    assert_eq!(
        story.report(&id(1), &other).await.expect(409)["status"],
        "ERROR"
    );
    assert_eq!(end(&story.task(task).await), ("ERROR", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_end_of_the_run_the_first_result_is_accepted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story.drive(&run, &json!({"status": "success"})).await;
    assert_eq!(story.until_confirmed(task).await["result"], json!(null));
    let told = send_report(&story, task, json!({"result": [1, 2]})).await;
    assert_eq!(told["result"], json!([1, 2]), "unchanged");
    let second = json!({"task_id": task, "result": [3]});
    story.report(&id(1), &second).await.error(409);
    let word = send_report(&story, task, json!({"status": "SUCCESS"})).await;
    assert_eq!(word["result"], json!({"result": "SUCCESS", "data": [1, 2]}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_never_reverts_a_reported_status(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = running(base).await;
    send_report(
        &story,
        task,
        json!({"status": "ERROR", "progress_message": "no rows"}),
    )
    .await;
    for _ in 0..4 {
        story.next_cycle().await;
        assert_eq!(end(&story.task(task).await), ("ERROR", false));
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polling_cycle_without_news_changes_nothing(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    let (before, events) = (story.task(task).await, story.events(task).await);
    for _ in 0..5 {
        story.next_cycle().await;
        story.run_cycle().await;
    }
    assert_eq!(
        (story.task(task).await, story.events(task).await),
        (before, events)
    );
    story.drive(&run, &json!({"status": "success"})).await;
    let ended = story.until_confirmed(task).await;
    let asked = story.request_count("pipelineRun").await;
    story.advance(chrono::TimeDelta::hours(2));
    assert_eq!(story.run_cycle().await.claimed, 0);
    assert_eq!(
        (
            story.task(task).await,
            story.request_count("pipelineRun").await
        ),
        (ended, asked)
    );
    story.end().await;
}

/// The number of polls in this many seconds.
async fn polls_in(story: &Story, seconds: i64) -> u64 {
    let before = story.request_count("pipelineRun").await;
    for _ in 0..seconds {
        story.advance(chrono::TimeDelta::seconds(1));
        story.run_cycle().await;
    }
    story.request_count("pipelineRun").await - before
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_runs_are_polled_less_often(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = running(base).await;
    // Runs of a pipeline are polled together: their polls may be a fifth of the interval earlier.
    assert!((30..=38).contains(&polls_in(&story, 60).await));
    story.advance(chrono::TimeDelta::minutes(3));
    story.run_cycle().await;
    assert!((6..=8).contains(&polls_in(&story, 60).await));
    story.advance(chrono::TimeDelta::minutes(60));
    story.run_cycle().await;
    assert!((2..=3).contains(&polls_in(&story, 60).await));
    send_report(&story, task, json!({"status": "SUCCESS"})).await;
    assert!(
        polls_in(&story, 3).await >= 1,
        "a reported end is confirmed soon"
    );
    assert_eq!(polls_in(&story, 60).await, 13);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_run_stays_in_the_workspace_of_its_launch(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story
        .configure_with(
            serde_json::Map::new(),
            &story.openhexa,
            &story.secrets.openhexa,
            "other",
        )
        .await;
    story.drive(&run, &json!({"status": "success"})).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("SUCCESS", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_run_is_polled_with_the_current_token(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    story
        .configure_with(serde_json::Map::new(), &story.openhexa, "withdrawn", "demo")
        .await;
    story.drive(&run, &json!({"status": "success"})).await;
    for _ in 0..6 {
        story.next_cycle().await;
    }
    assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    story.configure(serde_json::Map::new()).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("SUCCESS", true));
    story.end().await;
}
