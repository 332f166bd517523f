//! After a pipeline has reported its end, the end of its run is confirmed soon, and without many requests if OpenHEXA shows
//! it late.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, injected, pipeline, quick, with};
use crate::support::fixtures::{end, running};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

async fn report_success(story: &Story, task: i64) {
    let body = json!({"task_id": task, "status": "SUCCESS"});
    story.report(&id(1), &body).await.expect(200);
}

/// At which tenths of a second from now on the run is polled.
async fn polls_in(story: &Story, seconds: i64) -> Vec<i64> {
    let mut polls = Vec::new();
    let mut before = story.request_count("pipelineRun").await;
    for tenth in (5..=seconds * 10).step_by(5) {
        story.advance(TimeDelta::milliseconds(500));
        story.run_cycle().await;
        let now = story.request_count("pipelineRun").await;
        if now > before {
            polls.push(tenth);
        }
        before = now;
    }
    polls
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_poll_comes_within_two_seconds_and_then_they_come_less_often(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story.advance(TimeDelta::hours(1) + TimeDelta::seconds(5));
    story.run_cycle().await;
    assert_eq!(polls_in(&story, 3).await, [] as [i64; 0], "an old run");
    report_success(&story, task).await;
    assert_eq!(
        polls_in(&story, 20).await,
        [10, 20, 40, 80, 130, 180],
        "twice as long each time, up to reconcile.unsure"
    );
    assert_eq!(end(&story.task(task).await), ("SUCCESS", false));
    story.drive(&run, &json!({"status": "success"})).await;
    polls_in(&story, 5).await;
    assert_eq!(end(&story.task(task).await), ("SUCCESS", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_an_overdue_run_is_confirmed_as_soon(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = running(base).await;
    story.advance(TimeDelta::hours(2));
    story.run_cycle().await;
    report_success(&story, task).await;
    let polls = polls_in(&story, 40).await;
    assert_eq!(polls, [10, 20, 40, 80, 160, 260, 360], "up to overdue");
    story.end().await;
}

// The poll that was being sent planned the next one without knowing of the report.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_during_a_poll_is_followed_by_another_one(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, run) = running(base).await;
    story.advance(TimeDelta::hours(2) - TimeDelta::minutes(45));
    story.delay("pipelineRun").await;
    let asked = story.request_count("pipelineRun").await;
    let report = async {
        story.until_requested("pipelineRun", asked + 1).await;
        report_success(&story, task).await;
        story.drive(&run, &json!({"status": "success"})).await;
        // The poll takes longer than the time until the next one.
        story.advance(TimeDelta::milliseconds(1500));
        story.no_faults().await;
    };
    tokio::join!(report, story.run_cycle());
    story.run_cycle().await;
    assert_eq!(end(&story.task(task).await), ("SUCCESS", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_openhexa_shows_late_is_confirmed_when_it_is_shown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let manual = with(quick("manual"), json!({"callback": true}));
    let plan = StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), manual)]));
    let story = plan.begin().await;
    let task = story.launch(&id(1), json!({})).await;
    let is_running = |task: &serde_json::Value| task["run"]["status"] == "running";
    story.until(task, "the run", is_running).await;
    story
        .fault(&json!({"fault": "late_end", "ms": 600_000}))
        .await;
    story.drive_only(&json!({"status": "success"})).await;
    for _ in 0..4 {
        story.next_cycle().await;
        assert_eq!(end(&story.task(task).await), ("SUCCESS", false));
    }
    story.no_faults().await;
    story
        .until_runs("the end", |runs| runs[0]["status"] == "success")
        .await;
    story.advance(TimeDelta::seconds(5));
    story.run_cycle().await;
    assert_eq!(end(&story.task(task).await), ("SUCCESS", true));
    story.end().await;
}
