//! A cancel before the run's id is known.

use super::*;
use crate::support::catalogue::parameter;
use crate::support::story::{Postgres, Sqlite};
use rstest::rstest;

const NEVER: &str = "OpenHEXA never confirmed the launch";

fn plan_with(base: Base, names_task: bool, kind: &str) -> StoryBuilder {
    let parameters = if names_task {
        injected()
    } else {
        vec![parameter("country", "str", json!({}))]
    };
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &parameters, quick(kind))]))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_was_not_sent_ends_at_once_and_is_never_sent(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "succeed").begin().await;
    story
        .get(&format!("/pipelines/{}/", id(1)))
        .await
        .expect(200);
    story
        .fault(&json!({"fault": "html_500", "for_ms": 600_000}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    story.next_cycle().await;
    let ended = cancel(&story, task).await;
    assert_eq!(
        (end(&ended), &ended["run"]),
        (("CANCELLED", true), &json!(null))
    );
    assert_eq!(
        ended["progress_message"],
        "Stopped before anything was sent to OpenHEXA"
    );
    assert_eq!(
        story.stored_secrets(task).await,
        None,
        "its secrets are still stored"
    );
    story.no_faults().await;
    story.advance(TimeDelta::minutes(20));
    assert_eq!(story.run_cycle().await.claimed, 0);
    assert_eq!(
        (
            story.request_count("runPipeline").await,
            story.runs().await.len()
        ),
        (0, 0)
    );
    story
        .post(&format!("/tasks/{task}/cancel/"), &json!({}))
        .await
        .error(409);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_run_is_stopped_when_it_is_found(#[values(Sqlite, Postgres)] base: Base) {
    for names_task in [true, false] {
        let story = plan_with(base, names_task, "manual").begin().await;
        story
            .fault(&json!({"fault": "drop_after", "count": 1}))
            .await;
        let task = story.launch(&id(1), json!({})).await;
        let asked = cancel(&story, task).await;
        assert_eq!(
            (end(&asked), &asked["run"]),
            (("QUEUED", false), &json!(null))
        );
        story
            .until(task, "its run", |task| !task["run"].is_null())
            .await;
        assert_eq!(stop_requests(&story).await, 1, "requested in the same poll");
        story.drive_only(&json!({"status": "stopped"})).await;
        let ended = story.until_confirmed(task).await;
        assert_eq!(
            (end(&ended), story.runs().await.len()),
            (("CANCELLED", true), 1)
        );
        assert_eq!(story.request_count("runPipeline").await, 1);
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_launch_without_confirmation_ends_and_is_not_sent_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for names_task in [true, false] {
        let story = plan_with(base, names_task, "succeed").begin().await;
        story
            .fault(&json!({"fault": "drop_before", "count": 1}))
            .await;
        let task = story.launch(&id(1), json!({})).await;
        cancel(&story, task).await;
        for _ in 0..35 {
            story.next_cycle().await;
        }
        let ended = story.task(task).await;
        assert_eq!(
            (end(&ended), &ended["progress_message"]),
            (("CANCELLED", true), &json!(NEVER))
        );
        assert_eq!(
            (
                story.request_count("runPipeline").await,
                story.runs().await.len()
            ),
            (1, 0)
        );
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_report_proves_that_the_run_exists(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "hang").begin().await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    cancel(&story, task).await;
    let live = json!({"task_id": task, "status": "RUNNING"});
    story.report(&id(1), &live).await.error(409);
    for _ in 0..40 {
        story.next_cycle().await;
    }
    assert_eq!(end(&story.task(task).await), ("QUEUED", false));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_created_during_the_cancel_is_stopped_without_waiting_for_a_poll(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "manual").begin().await;
    story.delay("runPipeline").await;
    let cancelled = async {
        story.until_runs("the run", |runs| !runs.is_empty()).await;
        let asked = cancel(&story, story.until_task().await).await;
        story.no_faults().await;
        asked
    };
    let (task, asked) = tokio::join!(story.launch(&id(1), json!({})), cancelled);
    assert_eq!(end(&asked), ("QUEUED", false));
    assert_eq!(stop_requests(&story).await, 1);
    assert_eq!(
        story.task(task).await["run"]["id"],
        story.runs().await[0]["id"]
    );
    story.drive_only(&json!({"status": "stopped"})).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_cancelled_just_before_it_was_sent_is_not_sent(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "succeed").begin().await;
    story.delay("me").await;
    let cancelled = async {
        let asked = cancel(&story, story.until_task().await).await;
        story.no_faults().await;
        asked
    };
    let (task, asked) = tokio::join!(story.launch(&id(1), json!({})), cancelled);
    assert_eq!(end(&asked), ("CANCELLED", true));
    for _ in 0..3 {
        story.next_cycle().await;
    }
    let shown = story.task(task).await;
    assert_eq!(
        (
            story.request_count("runPipeline").await,
            end(&shown),
            &shown["updated_at"]
        ),
        (0, end(&asked), &asked["updated_at"])
    );
    assert_eq!(count_events(&story, task, "launch_requested").await, 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_launched_by_a_bridge_that_crashed_is_found_and_stopped(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "manual").begin().await;
    let process = story.process().await;
    story.delay("runPipeline").await;
    let launch = story.launch_at(&process.url, id(1));
    tokio::select! {
        answer = launch => panic!("{answer:?}"),
        _ = story.until_runs("the run", |runs| !runs.is_empty()) => {}
    }
    let task = story.until_task().await;
    assert_eq!(end(&cancel(&story, task).await), ("QUEUED", false));
    process.kill().await;
    story.advance(TimeDelta::seconds(30));
    story
        .until(task, "its run", |task| !task["run"].is_null())
        .await;
    story.drive_only(&json!({"status": "stopped"})).await;
    assert_eq!(end(&story.until_confirmed(task).await), ("CANCELLED", true));
    assert_eq!(
        (
            stop_requests(&story).await,
            story.request_count("runPipeline").await
        ),
        (1, 1)
    );
    story.end().await;
}
