//! A cancel: the response, the request to OpenHEXA, and the final status of the task.

mod launching;
mod replicas;

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::fixtures::{end, running};
use crate::support::story::{As, Base, MAX_WAIT, Postgres, Sqlite, Story, StoryBuilder};

fn plan(base: Base, kind: &str) -> StoryBuilder {
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), quick(kind))]))
}

async fn cancel(story: &Story, task: i64) -> Value {
    let path = format!("/tasks/{task}/cancel/");
    story.post(&path, &json!({})).await.expect(202)
}

async fn count_events(story: &Story, task: i64, what: &str) -> usize {
    let events = story.events(task).await;
    events.iter().filter(|event| *event == what).count()
}

async fn stop_requests(story: &Story) -> u64 {
    story.request_count("stopPipeline").await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_task_is_stopped_in_openhexa_and_ends_with_its_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    let asked = cancel(&story, task).await;
    assert_eq!(
        (end(&asked), &asked["run"]["id"]),
        (("RUNNING", false), &json!(run))
    );
    assert!(
        asked["cancel_asked_at"].is_string() && asked.get("config").is_none(),
        "{asked}"
    );
    assert_eq!(
        stop_requests(&story).await,
        0,
        "the response does not wait for OpenHEXA"
    );
    assert_eq!(cancel(&story, task).await, asked);
    story.run_cycle().await;
    assert_eq!(stop_requests(&story).await, 1);
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (end(&ended), &ended["run"]["status"]),
        (("CANCELLED", true), &json!("stopped"))
    );
    assert_eq!(
        (
            stop_requests(&story).await,
            count_events(&story, task, "cancel_requested").await
        ),
        (1, 1)
    );
    assert_eq!(count_events(&story, task, "stop_requested").await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_has_ended_is_not_cancelled(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    let body = json!({"task_id": task, "status": "SUCCESS"});
    story.report(&id(1), &body).await.expect(200);
    let path = format!("/tasks/{task}/cancel/");
    let refused = story.post(&path, &json!({})).await.expect(409);
    assert_eq!(
        refused,
        json!({"error": "The task has already ended (success)", "status": "SUCCESS"})
    );
    story.drive(&run, &json!({"status": "success"})).await;
    let ended = story.until_confirmed(task).await;
    let ask = story
        .ask(As::Operator, Method::POST, &path)
        .header("accept-language", "fr");
    assert_eq!(
        ask.send().await.error(409),
        "La tâche est déjà terminée (succès)"
    );
    assert_eq!(
        (story.task(task).await, stop_requests(&story).await),
        (ended, 0)
    );
    assert_eq!(count_events(&story, task, "cancel_requested").await, 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_operators_may_cancel_tasks_of_their_account(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = running(base).await;
    for unknown in [
        "/tasks/999999/cancel/",
        "/tasks/some/cancel",
        "/tasks/-1/cancel/",
    ] {
        let error = story.post(unknown, &json!({})).await.error(404);
        let same = story
            .get(unknown.trim_end_matches('/').trim_end_matches("/cancel"))
            .await
            .error(404);
        assert_eq!(error, same);
    }
    let path = format!("/tasks/{task}/cancel/");
    story
        .ask(As::Viewer, Method::POST, &path)
        .send()
        .await
        .error(403);
    story
        .ask(As::Anonymous, Method::POST, &path)
        .send()
        .await
        .error(401);
    story.get(&path).await.error(405);
    assert_eq!(story.task(task).await["cancel_asked_at"], json!(null));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_stopped_in_the_queue_is_polled_until_it_ends(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "hang").begin().await;
    let task = story.launch(&id(1), json!({})).await;
    cancel(&story, task).await;
    let stranded = story
        .until(task, "terminating", |task| {
            task["run"]["status"] == "terminating"
        })
        .await;
    // It never ran, so it is not shown as running.
    assert_eq!(
        (end(&stranded), &stranded["started_at"]),
        (("QUEUED", false), &json!(null))
    );
    story.advance(TimeDelta::minutes(10));
    for _ in 0..5 {
        story.next_cycle().await;
    }
    assert_eq!(
        (end(&story.task(task).await), stop_requests(&story).await),
        (("QUEUED", false), 1)
    );
    story.drive_only(&json!({"status": "stopped"})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (end(&ended), &ended["started_at"]),
        (("CANCELLED", true), &json!(null))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_stop_request_is_repeated_and_recorded_once(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = running(base).await;
    story
        .fault(&json!({"fault": "lose_stop", "count": 3}))
        .await;
    cancel(&story, task).await;
    story.run_cycle().await;
    for (seconds, asked) in [(25, 1), (5, 2), (55, 2), (5, 3), (100, 3)] {
        story.advance(TimeDelta::seconds(seconds));
        story.run_cycle().await;
        assert_eq!(stop_requests(&story).await, asked, "{seconds}");
    }
    assert_eq!(end(&story.task(task).await), ("RUNNING", false));
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    assert_eq!(stop_requests(&story).await, 4);
    assert_eq!(count_events(&story, task, "stop_requested").await, 1);
    assert_eq!(count_events(&story, task, "stop_repeated").await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_stop_is_recorded_and_the_run_is_still_polled(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story
        .fault(&json!({"fault": "deny_stop", "for_ms": 600_000}))
        .await;
    cancel(&story, task).await;
    for _ in 0..40 {
        story.next_cycle().await;
    }
    assert!(
        (2..4).contains(&stop_requests(&story).await),
        "requested too often, or not repeated"
    );
    assert_eq!(
        (
            end(&story.task(task).await),
            count_events(&story, task, "stop_denied").await
        ),
        (("RUNNING", false), 1)
    );
    let host = story.openhexa.split('/').nth(2).unwrap().to_owned();
    let text = crate::support::log::text();
    let lines = text.lines().filter(|line| {
        line.contains("OpenHEXA did not accept the stop request") && line.contains(&host)
    });
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert_eq!(
        (
            &lines[0]["task"],
            &lines[0]["operation"],
            &lines[0]["level"]
        ),
        (&json!(task), &json!("StopPipeline"), &json!("WARN"))
    );
    assert!(
        lines[0]["error"]
            .as_str()
            .unwrap()
            .contains("may not stop runs")
    );
    let log = story.get(&format!("/tasks/{task}/logs/")).await.expect(200);
    let line = log["logs"][0]["message"].as_str().unwrap();
    assert!(
        line.contains("does not allow the bridge to stop this run"),
        "{line}"
    );
    story.drive(&run, &json!({"status": "success"})).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("SUCCESS", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_final_status_of_the_run_decides_although_a_cancel_was_requested(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for (status, shown) in [
        ("success", "SUCCESS"),
        ("failed", "CANCELLED"),
        ("skipped", "CANCELLED"),
    ] {
        let (story, task, run) = running(base).await;
        cancel(&story, task).await;
        story.drive(&run, &json!({"status": status})).await;
        assert_eq!(
            end(&story.until_confirmed(task).await),
            (shown, true),
            "{status}"
        );
        assert_eq!(
            stop_requests(&story).await,
            0,
            "the poll found its end first"
        );
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_cancel_progress_gets_409_but_a_final_report_is_accepted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    cancel(&story, task).await;
    let live = json!({"task_id": task, "status": "RUNNING", "progress_value": 3});
    assert_eq!(
        story.report(&id(1), &live).await.expect(409)["status"],
        "RUNNING"
    );
    let ask = story.ask(
        As::Operator,
        Method::PATCH,
        &format!("/pipelines/{}/", id(1)),
    );
    let told = ask.header("accept-language", "fr").json(&live).send().await;
    assert_eq!(
        told.error(409),
        "L’arrêt de la tâche a été demandé (en cours d’exécution)"
    );
    let success = json!({"task_id": task, "status": "SUCCESS", "result": {"rows": 3}});
    story.report(&id(1), &success).await.expect(200);
    story.next_cycle().await;
    assert_eq!(
        stop_requests(&story).await,
        0,
        "a pipeline that reported success may finish"
    );
    story.drive(&run, &json!({"status": "success"})).await;
    let ended = story.until_confirmed(task).await;
    assert_eq!(
        (end(&ended), &ended["result"]["data"]),
        (("SUCCESS", true), &json!({"rows": 3}))
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_request_without_response_is_repeated_soon(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = running(base).await;
    for fault in ["html_500", "drop_before", "refuse_token"] {
        story
            .fault(&json!({"fault": fault, "operation": "stopPipeline", "count": 1}))
            .await;
    }
    cancel(&story, task).await;
    assert_eq!(story.run_cycle().await.failed, 1);
    for _ in 0..12 {
        story.next_cycle().await;
    }
    assert_eq!(stop_requests(&story).await, 4);
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    story.end().await;
}
