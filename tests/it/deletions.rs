//! Pipelines deleted in OpenHEXA: their tasks end soon, but only if the deletion is proven.

use chrono::TimeDelta;
use openhexa_bridge::domain::ids::UserId;
use openhexa_bridge::domain::run::{Absence, Visible};
use rstest::rstest;
use serde_json::json;
use uuid::Uuid;

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::fixtures::{end, running};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

/// Advances to the next poll of a launch with unknown outcome, or of a run that is to stop, and polls.
async fn poll(story: &Story) {
    story.advance(TimeDelta::seconds(5));
    story.run_cycle().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipeline_deleted_while_its_run_terminates_ends_the_task_after_three_polls(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    assert!(
        !story.delete_pipeline(&id(1)).await,
        "a pipeline with a running run was deleted"
    );
    story
        .post(&format!("/tasks/{task}/cancel/"), &json!({}))
        .await
        .expect(202);
    story.drive(&run, &json!({"status": "terminating"})).await;
    story
        .until(task, "the stop", |task| {
            task["run"]["status"] == "terminating"
        })
        .await;
    assert!(story.delete_pipeline(&id(1)).await);
    for _ in 0..2 {
        poll(&story).await;
        assert_eq!(
            end(&story.task(task).await),
            ("RUNNING", false),
            "too few polls to prove it"
        );
    }
    poll(&story).await;
    let ended = story.task(task).await;
    assert_eq!(end(&ended), ("ERROR", true));
    let why = ended["progress_message"].as_str().unwrap();
    assert!(
        why.contains("The pipeline and its run were deleted in OpenHEXA"),
        "{why}"
    );
    // The last report of the pipeline is still used.
    let word = json!({"task_id": task, "status": "CANCELLED"});
    assert_eq!(
        story.report(&id(1), &word).await.expect(200)["task"]["status"],
        "CANCELLED"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_polls_between_do_not_end_the_task_of_a_deleted_pipeline(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, run) = running(base).await;
    story.drive(&run, &json!({"status": "terminating"})).await;
    assert!(story.delete_pipeline(&id(1)).await);
    let usual = TimeDelta::seconds(30);
    for fault in ["html_500", "stranger", "refuse_token"] {
        story
            .fault(&json!({"fault": fault, "operation": "pipelineRun", "for_ms": 600_000}))
            .await;
        for _ in 0..5 {
            story.advance(usual);
            story.run_cycle().await;
            assert_eq!(end(&story.task(task).await), ("RUNNING", false), "{fault}");
        }
        story.no_faults().await;
    }
    for _ in 0..3 {
        assert_eq!(end(&story.task(task).await), ("RUNNING", false));
        story.advance(usual * 2);
        story.run_cycle().await;
    }
    assert_eq!(end(&story.task(task).await), ("ERROR", true));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_launch_of_a_deleted_pipeline_is_given_up_after_the_grace(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let ours = json!([pipeline(1, &injected(), quick("manual"))]);
    let story = StoryBuilder::on(base).pipelines(ours).begin().await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    assert!(story.delete_pipeline(&id(1)).await);
    for _ in 0..12 {
        poll(&story).await;
    }
    assert_eq!(
        end(&story.task(task).await),
        ("QUEUED", false),
        "before the grace is over"
    );
    poll(&story).await;
    let ended = story.task(task).await;
    assert_eq!(end(&ended), ("ERROR", true));
    let why = ended["progress_message"].as_str().unwrap();
    assert!(why.contains("the pipeline has since been deleted"), "{why}");
    assert_eq!(story.request_count("runPipeline").await, 1);
    story.end().await;
}

#[test]
fn only_a_response_to_the_user_who_launched_the_run_proves_that_its_pipeline_was_deleted() {
    let [own, other] = [1, 2].map(|user| Some(UserId(Uuid::from_u128(user))));
    let proves = |visible, user, launched_as| {
        let absence = Absence { visible, user };
        (
            absence.proves_deletion(launched_as),
            absence.proves_absence(launched_as),
        )
    };
    assert_eq!(proves(Visible::Workspace, own, own), (true, true));
    for (user, launched_as) in [(other, own), (None, own), (own, None), (None, None)] {
        assert_eq!(
            proves(Visible::Workspace, user, launched_as),
            (false, false)
        );
    }
    assert_eq!(proves(Visible::Pipeline, None, own), (false, true));
    assert_eq!(proves(Visible::Nothing, own, own), (false, false));
}
