//! Reports of pipelines that were overwritten, refused, dropped or stored twice.

use rstest::rstest;
use serde_json::{Value, json};

use super::{cancel, end, run_ends, running};
use crate::callback::{accepted, launched, log, plan, report};
use crate::support::catalogue::id;
use crate::support::story::{Base, Postgres, Sqlite};

// The status was an error for two seconds, then RUNNING with an end, then a success whose result contained
// ERRORED.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_does_not_overwrite_what_the_pipeline_reported(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = running(base).await;
    accepted(
        &story,
        task,
        json!({"status": "ERRORED", "progress_message": "bad data"}),
    )
    .await;
    for _ in 0..4 {
        story.next_cycle().await;
        let shown = story.task(task).await;
        assert_eq!(
            (end(&shown), &shown["progress_message"]),
            (("ERROR", false), &json!("bad data"))
        );
    }
    let ended = run_ends(&story, task, "success").await;
    let result = json!({"result": "ERROR", "message": "bad data", "last_progress_message": null, "data": null});
    assert_eq!((end(&ended), &ended["result"]), (("ERROR", true), &result));
    story.end().await;
}

// SUCCESS became ERRORED, KILLED became SUCCESS, SUCCESS became QUEUED and was then killed; all reports got
// 200.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ended_task_does_not_change_its_status(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for (word, late) in [
        ("SUCCESS", "ERRORED"),
        ("KILLED", "SUCCESS"),
        ("SUCCESS", "QUEUED"),
        ("SUCCESS", "RUNNING"),
        ("ERRORED", "SUCCESS"),
    ] {
        let task = story.launch(&id(1), json!({})).await;
        accepted(
            &story,
            task,
            json!({"status": word, "progress_message": "the end", "progress_value": 100}),
        )
        .await;
        let before = story.task(task).await;
        report(
            &story,
            task,
            json!({"status": late, "progress_message": "later", "progress_value": 1}),
        )
        .await
        .error(409);
        assert_eq!(story.task(task).await, before, "{word} {late}");
    }
    story.end().await;
}

// The documented example used ERROR, which was refused with 400, so its failure was lost.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_documented_statuses_are_not_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for (word, status) in [
        ("ERROR", "ERROR"),
        ("CANCELLED", "CANCELLED"),
        ("success", "SUCCESS"),
    ] {
        let task = story.launch(&id(1), json!({})).await;
        let told = accepted(
            &story,
            task,
            json!({"status": word, "progress_message": "why"}),
        )
        .await;
        assert_eq!(
            (&told["status"], &told["progress_message"]),
            (&json!(status), &json!("why")),
            "{word}"
        );
    }
    story.end().await;
}

// A task that reported RUNNING stayed QUEUED; zero was not accepted as a number; the first result was
// discarded.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn running_and_zero_and_a_first_result_are_not_dropped(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = launched(base).await;
    accepted(&story, task, json!({"progress_value": 5, "end_value": 10})).await;
    let told = accepted(
        &story,
        task,
        json!({"status": "RUNNING", "progress_value": 0, "end_value": 0, "result": {"so": "far"}}),
    )
    .await;
    assert_eq!(told["status"], "RUNNING");
    assert_eq!(
        (&told["progress_value"], &told["end_value"], &told["result"]),
        (&json!(0), &json!(0), &json!({"so": "far"}))
    );
    story.end().await;
}

// With ERRORED the numbers were lost; with KILLED, SKIPPED, EXPORTED and QUEUED the message too.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_reported_with_a_status_are_not_dropped(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    for word in ["ERRORED", "KILLED", "SKIPPED", "EXPORTED", "QUEUED"] {
        let task = story.launch(&id(1), json!({})).await;
        let told = accepted(&story, task, json!({"status": word, "progress_message": "the last words", "progress_value": 21, "end_value": 30, "result": {"rows": 3}})).await;
        assert_eq!(
            (
                &told["progress_message"],
                &told["progress_value"],
                &told["end_value"]
            ),
            (&json!("the last words"), &json!(21), &json!(30)),
            "{word}"
        );
        assert_eq!(
            told["result"].get("data").unwrap_or(&told["result"]),
            &json!({"rows": 3}),
            "{word}"
        );
    }
    story.end().await;
}

// The empty status was stored as the task's status.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_status_is_not_stored(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    let before = story.task(task).await["status"].clone();
    for empty in [json!(""), json!(null)] {
        assert_eq!(
            accepted(&story, task, json!({"status": empty, "progress_value": 1})).await["status"],
            before
        );
    }
    story.end().await;
}

// A success with numbers was saved twice, and written to the log twice.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_report_is_not_logged_twice(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task) = launched(base).await;
    accepted(&story, task, json!({"status": "SUCCESS", "progress_message": "done", "progress_value": 100, "end_value": 100})).await;
    assert_eq!(log(&story, task).await, ["done"]);
    let silent = story.launch(&id(1), json!({})).await;
    accepted(
        &story,
        silent,
        json!({"status": "SUCCESS", "progress_value": 100}),
    )
    .await;
    assert_eq!(
        log(&story, silent).await,
        [""; 0],
        "no message of the pipeline is added"
    );
    assert_eq!(story.task(silent).await["progress_message"], Value::Null);
    story.end().await;
}

// The response was 400, "Task is not external", until a worker had started the task.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_not_refused_because_it_came_early(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    story
        .fault(&json!({"fault": "drop_before", "count": 20}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    assert_eq!(
        story.task(task).await["run"],
        json!(null),
        "its run is not known yet"
    );
    let told = accepted(
        &story,
        task,
        json!({"status": "RUNNING", "progress_value": 1}),
    )
    .await;
    assert_eq!(
        (&told["status"], &told["progress_value"]),
        (&json!("RUNNING"), &json!(1))
    );
    story.end().await;
}

// A pipeline whose task was killed got 500; its result was stored as if the task had not been killed.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_of_a_killed_task_gets_a_stop_and_not_a_500(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task) = running(base).await;
    cancel(&story, task).await;
    for progress in [
        json!({"status": "RUNNING"}),
        json!({"progress_value": 6}),
        json!({"progress_message": "still on it"}),
    ] {
        let told = report(&story, task, progress).await.expect(409);
        assert_eq!(
            (&told["status"], told["error"].is_string()),
            (&json!("RUNNING"), true)
        );
    }
    assert_eq!(
        accepted(&story, task, json!({"status": "CANCELLED"})).await["status"],
        "CANCELLED"
    );
    story.end().await;
}
