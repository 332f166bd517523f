//! Reports after the final status: the same status, a first result, and conflicting ones.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use super::{accepted, launched, log, plan, report};
use crate::support::catalogue::id;
use crate::support::story::{Answer, Base, Postgres, Sqlite, Story};

const STATUSES: [&str; 3] = ["SUCCESS", "ERROR", "CANCELLED"];

#[track_caller]
fn conflicts(answer: &Answer, status: &str) {
    let error = answer.error(409);
    let word = match status {
        "SUCCESS" => "success",
        "ERROR" => "error",
        _ => "stopped",
    };
    assert!(error.contains(word), "{error}");
    assert_eq!(answer.json(), json!({"error": error, "status": status}));
}

/// A task whose pipeline reported its final status, or whose run has ended.
async fn ended(story: &Story, how: &str, said: &Value) -> i64 {
    let task = story.launch(&id(1), json!({})).await;
    accepted(story, task, said.clone()).await;
    if how == "seen" {
        let run = story.task(task).await["run"]["id"].clone();
        let status = match said["status"].as_str().unwrap() {
            "SUCCESS" => "success",
            "ERROR" => "failed",
            _ => "stopped",
        };
        story
            .drive(run.as_str().unwrap(), &json!({"status": status}))
            .await;
        story.until_confirmed(task).await;
    }
    task
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_message_of_a_late_success_is_logged_although_the_run_failed(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    story.drive_only(&json!({"status": "failed"})).await;
    story.until_confirmed(task).await;
    let shown = accepted(
        &story,
        task,
        json!({"status": "SUCCESS", "progress_message": "all rows are written"}),
    )
    .await;
    assert_eq!(
        (&shown["status"], &shown["progress_message"]),
        (
            &json!("ERROR"),
            &json!("OpenHEXA: the run failed after the pipeline had reported success")
        )
    );
    let lines = log(&story, task).await;
    assert!(
        lines.contains(&"all rows are written".to_owned()),
        "{lines:?}"
    );
    let events = story
        .get(&format!("/tasks/{task}/events/"))
        .await
        .expect(200)["results"]
        .clone();
    let last = events.as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["code"], &last["data"]["reason"]),
        (&json!("reported_success"), &json!("failed_after_success"))
    );
    assert!(
        last["detail"]
            .as_str()
            .unwrap()
            .ends_with(": all rows are written"),
        "{last}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_status_again_is_accepted_and_changes_nothing(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for how in ["reported", "seen"] {
        for word in STATUSES {
            let said = json!({"status": word, "progress_message": "done", "progress_value": 9, "end_value": 10, "result": {"rows": 3}});
            let task = ended(&story, how, &said).await;
            let before = story.task(task).await;
            story.advance(TimeDelta::seconds(1));
            let again = [
                said,
                json!({"status": word}),
                json!({"status": word.to_lowercase(), "progress_value": 1, "end_value": 2}),
                json!({"status": word, "progress_message": "again"}),
                json!({"status": word, "result": {"rows": 4}}),
            ];
            for said in again {
                let answer = accepted(&story, task, said).await;
                assert_eq!(
                    (&answer["status"], &answer["result"], &answer["updated_at"]),
                    (&before["status"], &before["result"], &before["updated_at"])
                );
                assert_eq!(story.task(task).await, before, "{how} {word}");
            }
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_status_or_progress_after_the_end_is_a_conflict(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for how in ["reported", "seen"] {
        for word in STATUSES {
            let task = ended(
                &story,
                how,
                &json!({"status": word, "progress_message": "done", "result": {"rows": 3}}),
            )
            .await;
            let before = story.task(task).await;
            story.advance(TimeDelta::seconds(1));
            let mut late = vec![
                json!({"status": "RUNNING"}),
                json!({"status": "QUEUED"}),
                json!({}),
                json!({"progress_value": 5}),
                json!({"progress_message": "still here"}),
                json!({"result": {"rows": 4}}),
                json!({"status": "RUNNING", "result": {"rows": 4}}),
                json!({"result": null}),
            ];
            late.extend(
                STATUSES
                    .iter()
                    .filter(|other| **other != word)
                    .map(|other| json!({"status": other, "result": {"rows": 4}})),
            );
            for said in late {
                conflicts(&report(&story, task, said).await, word);
            }
            assert_eq!(story.task(task).await, before, "{how} {word}");
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_result_is_kept_even_after_the_end(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let data = json!({"group_id": 789});
    let shown = [
        ("SUCCESS", json!({"result": "SUCCESS", "data": data})),
        (
            "ERROR",
            json!({"result": "ERROR", "message": "done", "last_progress_message": null, "data": data}),
        ),
        ("CANCELLED", data.clone()),
    ];
    for how in ["reported", "seen"] {
        for (word, shown) in &shown {
            // A result without a status is kept as sent: Iaso's planning page reads `result.group_id`.
            for (late, shown) in [
                (json!({"result": data}), &data),
                (json!({"status": word, "result": data}), shown),
                (
                    json!({"result_data": data, "progress_value": 77, "progress_message": "late"}),
                    &data,
                ),
                (json!({"status": "RUNNING", "result": data}), &data),
            ] {
                let task = ended(
                    &story,
                    how,
                    &json!({"status": word, "progress_message": "done"}),
                )
                .await;
                assert_eq!(
                    &accepted(&story, task, late).await["result"],
                    shown,
                    "{how} {word}"
                );
                let after = story.task(task).await;
                assert_eq!((&after["result"], &after["status"]), (shown, &json!(word)));
                // A successful run has progress 100; for the others no progress is known.
                let own = if (how, *word) == ("seen", "SUCCESS") {
                    100
                } else {
                    0
                };
                assert_eq!(after["progress_value"], own, "{how} {word}");
                conflicts(
                    &report(&story, task, json!({"result": {"group_id": 1}})).await,
                    word,
                );
                assert_eq!(
                    &accepted(
                        &story,
                        task,
                        json!({"status": word, "result": {"group_id": 1}})
                    )
                    .await["result"],
                    shown
                );
            }
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_result_without_status_after_the_confirmed_end_is_kept_as_sent(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for (run, word) in [
        ("success", "SUCCESS"),
        ("failed", "ERROR"),
        ("stopped", "CANCELLED"),
    ] {
        let task = story.launch(&id(1), json!({})).await;
        let id = story.task(task).await["run"]["id"].clone();
        story
            .drive(
                id.as_str().unwrap(),
                &json!({"status": run, "message": "the run's own line"}),
            )
            .await;
        story.until_confirmed(task).await;
        let late = accepted(&story, task, json!({"result": {"group_id": 789}})).await;
        assert_eq!(
            (&late["status"], &late["result"]),
            (&json!(word), &json!({"group_id": 789}))
        );
        if word == "ERROR" {
            assert!(
                late["progress_message"]
                    .as_str()
                    .unwrap()
                    .contains("the run's own line"),
                "{late}"
            );
        }
        conflicts(
            &report(&story, task, json!({"result": {"group_id": 1}})).await,
            word,
        );
        conflicts(
            &report(&story, task, json!({"status": "RUNNING"})).await,
            word,
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_that_was_reverted_stays_an_error_if_it_is_repeated(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let task = ended(
        &story,
        "reported",
        &json!({"status": "SUCCESS", "result": {"rows": 3}}),
    )
    .await;
    let run = story.task(task).await["run"]["id"].clone();
    story
        .drive(run.as_str().unwrap(), &json!({"status": "failed"}))
        .await;
    let corrected = story.until_confirmed(task).await;
    assert_eq!(corrected["status"], "ERROR");
    for word in ["SUCCESS", "ERROR"] {
        assert_eq!(
            accepted(&story, task, json!({"status": word})).await["status"],
            "ERROR"
        );
    }
    for late in [
        json!({"status": "CANCELLED"}),
        json!({"status": "RUNNING"}),
        json!({"result": 5}),
    ] {
        conflicts(&report(&story, task, late).await, "ERROR");
    }
    assert_eq!(story.task(task).await, corrected);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_report_is_an_event_and_every_message_is_logged(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let task = ended(
        &story,
        "reported",
        &json!({"status": "SUCCESS", "progress_message": "done"}),
    )
    .await;
    accepted(
        &story,
        task,
        json!({"status": "SUCCESS", "progress_message": "done again"}),
    )
    .await;
    conflicts(
        &report(
            &story,
            task,
            json!({"status": "ERROR", "progress_message": "Error: after all"}),
        )
        .await,
        "SUCCESS",
    );
    conflicts(
        &report(&story, task, json!({"progress_value": 5})).await,
        "SUCCESS",
    );
    assert_eq!(
        log(&story, task).await,
        ["done", "done again", "Error: after all"]
    );
    let answer = story
        .get(&format!("/tasks/{task}/events/"))
        .await
        .expect(200);
    let events = answer["results"].as_array().unwrap();
    let told: Vec<_> = events
        .iter()
        .filter(|event| event["source"] == "callback")
        .map(|event| event["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "reported_success",
            "reported_success",
            "report_refused",
            "report_refused"
        ]
    );
    story.end().await;
}
