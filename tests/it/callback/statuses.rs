//! The statuses that existing pipelines report.

use rstest::rstest;
use serde_json::{Value, json};

use super::{accepted, fields, launched, plan, report};
use crate::support::catalogue::id;
use crate::support::story::{Base, Postgres, Sqlite};

const ENDS: [(&str, &str); 10] = [
    ("SUCCESS", "SUCCESS"),
    ("EXPORTED", "SUCCESS"),
    ("ERROR", "ERROR"),
    ("ERRORED", "ERROR"),
    ("FAILED", "ERROR"),
    ("CANCELLED", "CANCELLED"),
    ("CANCELED", "CANCELLED"),
    ("KILLED", "CANCELLED"),
    ("STOPPED", "CANCELLED"),
    ("SKIPPED", "CANCELLED"),
];

/// `SUCCESS`, `success`, `Success`.
fn cases(word: &str) -> [String; 3] {
    let lower = word.to_lowercase();
    let title = format!("{}{}", &word[..1], &lower[1..]);
    [word.to_owned(), lower, title]
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_final_status_is_accepted_in_any_case(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for (word, status) in ENDS {
        for word in cases(word) {
            let task = story.launch(&id(1), json!({})).await;
            assert_eq!(
                accepted(&story, task, json!({"status": word})).await["status"],
                status,
                "{word}"
            );
            let after = story.task(task).await;
            assert_eq!(
                (&after["status"], &after["confirmed"]),
                (&json!(status), &json!(false)),
                "{word}"
            );
            assert!(after["ended_at"].is_string());
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_starts_the_task_and_queued_does_not_revert_it(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for (running, queued) in cases("RUNNING").into_iter().zip(cases("QUEUED")) {
        let task = story.launch(&id(1), json!({})).await;
        let first = accepted(&story, task, json!({"status": queued, "progress_value": 1})).await;
        assert_eq!(
            (&first["status"], &first["progress_value"]),
            (&json!("QUEUED"), &json!(1))
        );
        assert_eq!(story.task(task).await["started_at"], json!(null));
        assert_eq!(
            accepted(&story, task, json!({"status": running})).await["status"],
            "RUNNING"
        );
        let started = story.task(task).await["started_at"].clone();
        assert!(started.is_string());
        story.advance(chrono::TimeDelta::seconds(1));
        let again = accepted(&story, task, json!({"status": queued, "progress_value": 2})).await;
        assert_eq!(
            (&again["status"], &again["progress_value"]),
            (&json!("RUNNING"), &json!(2))
        );
        accepted(&story, task, json!({"status": running})).await;
        let after = story.task(task).await;
        assert_eq!(
            (&after["started_at"], &after["ended_at"]),
            (&started, &json!(null))
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_status_is_no_status(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    for (value, absent) in (1..).zip([json!(""), json!(null), json!("  ")]) {
        let answer = accepted(
            &story,
            task,
            json!({"status": absent, "progress_value": value}),
        )
        .await;
        assert_eq!(
            (&answer["status"], &answer["progress_value"]),
            (&json!("QUEUED"), &json!(value))
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_other_status_is_refused_and_changes_nothing(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let before = story.task(task).await;
    let wrong: [Value; 14] = [
        json!("DONE"),
        json!("SUCCES"),
        json!("SUCCESSFUL"),
        json!("TERMINATING"),
        json!("null"),
        json!("RUNNING SUCCESS"),
        json!("SUCCESS\u{0}"),
        json!("ſuccess"),
        json!("ERROR!"),
        json!(1),
        json!(true),
        json!(false),
        json!(["SUCCESS"]),
        json!({"status": "SUCCESS"}),
    ];
    for word in wrong {
        let answer = report(
            &story,
            task,
            json!({"status": word, "progress_message": "lost", "progress_value": 9}),
        )
        .await;
        assert_eq!(fields(&answer), ["status"], "{word}");
    }
    assert_eq!(story.task(task).await, before);
    story.end().await;
}
