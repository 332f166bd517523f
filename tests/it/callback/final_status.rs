//! The final status of a task: the pipeline's first final report and the end of its run, in either order.

use rstest::rstest;
use serde_json::{Value, json};

use super::{accepted, launched, plan, report};
use crate::support::catalogue::id;
use crate::support::database;
use crate::support::story::{Base, Postgres, Sqlite, Story};

const CORRECTED: &str = "OpenHEXA: the run failed after the pipeline had reported success";
const RUNS: [&str; 4] = ["success", "failed", "stopped", "skipped"];
const STATUSES: [&str; 3] = ["SUCCESS", "ERROR", "CANCELLED"];

/// The run of the task that was launched last.
async fn run_of(story: &Story, task: i64) -> String {
    let task = story.task(task).await;
    task["run"]["id"].as_str().unwrap().to_owned()
}

fn status(run: &str, word: Option<&'static str>) -> &'static str {
    match (run, word) {
        ("failed", Some("SUCCESS") | None) => "ERROR",
        ("stopped" | "skipped", Some("SUCCESS")) => "CANCELLED",
        (_, Some(word)) => word,
        ("success", None) => "SUCCESS",
        _ => "CANCELLED",
    }
}

fn result(run: &str, word: &str) -> Value {
    let failure = |message: &str| json!({"result": "ERROR", "message": message, "last_progress_message": "before", "data": {"rows": 3}});
    match (run, word) {
        ("failed", "SUCCESS") => {
            json!({"result": "ERROR", "message": CORRECTED, "last_progress_message": "said", "data": {"rows": 3}})
        }
        ("success", "SUCCESS") => json!({"result": "SUCCESS", "data": {"rows": 3}}),
        (_, "ERROR") => failure("said"),
        _ => json!({"rows": 3}),
    }
}

fn said(word: &str) -> Value {
    json!({"status": word, "progress_message": "said", "progress_value": 9, "end_value": 10, "result": {"rows": 3}})
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_final_report_and_the_run_decide_the_status_in_either_order(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for run in RUNS {
        for word in STATUSES {
            let first = story.launch(&id(1), json!({})).await;
            accepted(&story, first, json!({"progress_message": "before"})).await;
            let shown = accepted(&story, first, said(word)).await;
            assert_eq!(
                (&shown["status"], &story.task(first).await["confirmed"]),
                (&json!(word), &json!(false))
            );
            story
                .drive(&run_of(&story, first).await, &json!({"status": run}))
                .await;
            let after_word = story.until_confirmed(first).await;

            let second = story.launch(&id(1), json!({})).await;
            accepted(&story, second, json!({"progress_message": "before"})).await;
            story
                .drive(&run_of(&story, second).await, &json!({"status": run}))
                .await;
            let seen = story.until_confirmed(second).await;
            assert_eq!(seen["status"], status(run, None), "{run}");
            assert_eq!(seen["result"], json!(null));
            accepted(&story, second, said(word)).await;
            let after_run = story.task(second).await;

            for task in [after_word, after_run] {
                assert_eq!(task["status"], status(run, Some(word)), "{run} {word}");
                assert_eq!(task["confirmed"], true, "{run} {word}");
                assert_eq!(task["result"], result(run, word), "{run} {word}");
                assert_eq!(
                    (&task["progress_value"], &task["end_value"]),
                    (&json!(9), &json!(10))
                );
                let message = if (run, word) == ("failed", "SUCCESS") {
                    CORRECTED
                } else {
                    "said"
                };
                assert_eq!(task["progress_message"], message, "{run} {word}");
            }
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_the_run_was_deleted_the_report_decides_the_status(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for word in STATUSES {
        let task = story.launch(&id(1), json!({})).await;
        accepted(&story, task, said(word)).await;
        story
            .drive(&run_of(&story, task).await, &json!({"vanish": true}))
            .await;
        let after = story.until_confirmed(task).await;
        assert_eq!(
            (&after["status"], &after["progress_message"]),
            (&json!(word), &json!("said"))
        );
    }
    let task = story.launch(&id(1), json!({})).await;
    story
        .drive(&run_of(&story, task).await, &json!({"vanish": true}))
        .await;
    assert_eq!(story.until_confirmed(task).await["status"], "ERROR");
    assert_eq!(
        accepted(&story, task, said("SUCCESS")).await["status"],
        "SUCCESS"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_final_status_from_openhexa_only_does_not_change_the_result(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for run in RUNS {
        let task = story.launch(&id(1), json!({})).await;
        accepted(
            &story,
            task,
            json!({"result": {"group_id": 789}, "progress_message": "reported"}),
        )
        .await;
        story
            .drive(
                &run_of(&story, task).await,
                &json!({"status": run, "message": "what the run logged"}),
            )
            .await;
        let after = story.until_confirmed(task).await;
        assert_eq!(after["result"], json!({"group_id": 789}), "{run}");
        assert_eq!(after["status"], status(run, None));
        if run == "failed" {
            let message = after["progress_message"].as_str().unwrap();
            assert!(message.contains("what the run logged"), "{message}");
        } else {
            assert_eq!(after["progress_message"], "reported");
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_task_accepts_a_final_report_but_no_progress(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for word in STATUSES {
        let task = story.launch(&id(1), json!({})).await;
        accepted(
            &story,
            task,
            json!({"status": "RUNNING", "progress_value": 5}),
        )
        .await;
        database::ask_to_cancel(&story, task).await;
        for progress in [
            json!({"status": "RUNNING"}),
            json!({"progress_value": 6}),
            json!({"status": "RUNNING", "progress_message": "still on it", "progress_value": 6}),
        ] {
            let answer = report(&story, task, progress).await;
            assert!(!answer.error(409).is_empty());
            assert_eq!(answer.json()["status"], "RUNNING");
            assert_eq!(answer.json().as_object().unwrap().len(), 2);
        }
        assert_eq!(story.task(task).await["progress_value"], 5);
        let found = accepted(&story, task, json!({"result": {"rows": 3}})).await;
        assert_eq!(
            (&found["status"], &found["result"]),
            (&json!("RUNNING"), &json!({"rows": 3})),
            "the result is kept"
        );
        let end = accepted(&story, task, said(word)).await;
        assert_eq!(
            (&end["status"], &end["progress_value"]),
            (&json!(word), &json!(9))
        );
    }
    let task = story.launch(&id(1), json!({})).await;
    database::ask_to_cancel(&story, task).await;
    story
        .drive(&run_of(&story, task).await, &json!({"status": "failed"}))
        .await;
    assert_eq!(story.until_confirmed(task).await["status"], "CANCELLED");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_the_end_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    story.advance(chrono::TimeDelta::seconds(7));
    accepted(&story, task, json!({"status": "SUCCESS"})).await;
    let reported = story.task(task).await["ended_at"].clone();
    assert_eq!(
        reported,
        json!(story.now().format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
    );
    story
        .drive(&run_of(&story, task).await, &json!({"status": "success"}))
        .await;
    assert_eq!(story.until_confirmed(task).await["ended_at"], reported);
    story.end().await;
}
