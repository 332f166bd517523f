//! Why tasks failed: each kind of failure is produced and shown as text.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::{Value, json};

use super::{LATER, PAGE, begin, begin_without_task_id, ended};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

/// A task and its run, which the test controls.
async fn running(story: &Story) -> (i64, String) {
    let task = story.launch(&id(1), json!({})).await;
    let shown = story
        .until(task, "the run", |task| task["status"] == "RUNNING")
        .await;
    (task, shown["run"]["id"].as_str().unwrap().to_owned())
}

async fn failures_shown(story: &Story) -> String {
    story.advance(LATER);
    story.page(As::Viewer, PAGE).await.at("live-failures")
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_failure_is_shown_with_its_count_and_its_newest_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    ended(&story, 1, "ERROR", TimeDelta::minutes(1)).await;
    let newest = ended(&story, 1, "ERROR", TimeDelta::minutes(1)).await;
    ended(&story, 2, "ERROR", TimeDelta::minutes(1)).await;
    // The first reported final status counts, with any status of the run. A failed run after a reported success counts too.
    let (task, run) = running(&story).await;
    story
        .report(&id(1), &json!({"task_id": task, "status": "SUCCESS"}))
        .await
        .expect(200);
    story.drive(&run, &json!({"status": "failed"})).await;
    story.until_confirmed(task).await;
    let (failed, run) = running(&story).await;
    story.drive(&run, &json!({"status": "failed"})).await;
    story.until_confirmed(failed).await;
    let (gone, run) = running(&story).await;
    story.drive(&run, &json!({"vanish": true})).await;
    story.until_confirmed(gone).await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    story
        .post(
            &format!("/pipelines/{}/launch/", id(1)),
            &json!({"config": {}}),
        )
        .await
        .expect(429);
    let told = failures_shown(&story).await;
    for line in [
        "Pipeline 1 The pipeline reported an error 2 ",
        &format!("Task {newest} ERROR it is"),
        "Pipeline 2 The pipeline reported an error 1 ",
        "Pipeline 1 OpenHEXA: the run failed after the pipeline had reported success 1 ",
        "Pipeline 1 The run failed in OpenHEXA 1 ",
        "Pipeline 1 The run no longer exists in OpenHEXA 1 ",
        &format!("Task {gone} Pipeline 1 "),
        "Pipeline 1 OpenHEXA refused the launch 1 ",
        "the workspace has reached its run limit",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(told.starts_with("Failures"), "{told}");
    let page = story.page(As::Viewer, PAGE).await;
    assert!(
        page.links()
            .contains(&format!("/dashboard/tasks/{newest}/"))
    );
    assert!(page.has("7 tasks ended with an error"), "{}", page.text());
    let links = page.links();
    let has = |start: &str| links.iter().any(|link| link.starts_with(start));
    assert!(has("/dashboard/tasks/?status=ERROR&from="), "{links:?}");
    let own = format!("/dashboard/tasks/?status=ERROR&pipeline={}&from=", id(1));
    assert!(has(&own), "{links:?}");
    assert!(page.has("Latest failed task"), "{}", page.text());
    let french = story.french_page(As::Viewer, PAGE).await;
    assert!(
        french
            .at("live-failures")
            .contains("Le pipeline a signalé une erreur"),
        "{}",
        french.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_over_its_time_limit_is_distinguished_from_a_lost_one(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let (task, run) = running(&story).await;
    story.drive(&run, &json!({"vanish": true})).await;
    story.advance(TimeDelta::hours(3));
    story.until_confirmed(task).await;
    let told = failures_shown(&story).await;
    assert!(
        told.contains("The run exceeded its time limit, and its final status is unknown 1 "),
        "{told}"
    );
    story.end().await;
}

async fn fault(story: &Story, operation: &str, more: Value) {
    let mut fault = json!({"fault": "drop_before", "operation": operation});
    fault
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    story.fault(&fault).await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_was_never_confirmed_or_never_sent_has_its_own_reason(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin_without_task_id(base).await;
    fault(&story, "runPipeline", json!({"count": 1})).await;
    let lost = story.launch(&id(1), json!({})).await;
    story.until_confirmed(lost).await;
    let told_then = failures_shown(&story).await;
    assert!(
        told_then.contains("OpenHEXA never confirmed the launch 1 "),
        "{told_then}"
    );
    fault(&story, "pipeline", json!({"for_ms": 600_000})).await;
    let unsent = story.launch(&id(1), json!({})).await;
    story.advance(TimeDelta::minutes(16));
    story.until_confirmed(unsent).await;
    let told = failures_shown(&story).await;
    assert!(
        told.contains("The launch request could not be sent to OpenHEXA in time 1 "),
        "{told}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_whose_pipeline_was_changed_has_its_own_reason(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for now in [
        json!([]),
        json!([pipeline(
            1,
            &[parameter("country", "str", json!({"required": true}))],
            quick("manual")
        )]),
    ] {
        let mut story = begin_without_task_id(base).await;
        story
            .get(&format!("/pipelines/{}/", id(1)))
            .await
            .expect(200);
        fault(&story, "pipeline", json!({"count": 1})).await;
        let task = story.launch(&id(1), json!({})).await;
        story.reopen_openhexa(&now).await;
        story.until_confirmed(task).await;
        let told = failures_shown(&story).await;
        assert!(
            told.contains(
                "The pipeline was changed or deleted before the launch request was sent 1 "
            ),
            "{now}: {told}"
        );
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_beginning_of_a_long_message_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let task = ended(&story, 1, "RUNNING", TimeDelta::zero()).await;
    let long = "é".repeat(2000);
    let end = json!({"task_id": task, "status": "ERROR", "progress_message": long});
    story.report(&id(1), &end).await.expect(200);
    let told = failures_shown(&story).await;
    let shown = told.matches('é').count();
    assert!(
        (100..=160).contains(&shown) && told.contains('…'),
        "{shown}: {told}"
    );
    story.end().await;
}
