//! Launches with an unknown outcome: their run is searched for, and they are sent again only if that is safe.

mod run_search;
mod waiting_launches;

use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline, quick};
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

const NEVER: &str = "OpenHEXA never confirmed the launch";

/// A pipeline that declares `task_id`, or does not.
fn plan(base: Base, names_task: bool, kind: &str) -> StoryBuilder {
    let mut parameters = if names_task { injected() } else { Vec::new() };
    parameters.push(parameter("country", "str", json!({})));
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &parameters, quick(kind))]))
}

/// Launches a task with an unknown outcome.
async fn launch_with_unknown_outcome(story: &Story, config: Value) -> i64 {
    let task = story.launch(&id(1), config).await;
    let shown = story.task(task).await;
    assert_eq!(
        (&shown["status"], &shown["run"]),
        (&json!("QUEUED"), &json!(null))
    );
    assert!(
        story
            .events(task)
            .await
            .contains(&"launch_unsure".to_owned())
    );
    task
}

/// Polls for a minute.
async fn poll_for_a_minute(story: &Story) {
    for _ in 0..35 {
        story.next_cycle().await;
    }
}

/// Advances to the next poll of a launch with unknown outcome, and polls.
async fn poll(story: &Story) {
    story.advance(chrono::TimeDelta::seconds(5));
    story.run_cycle().await;
}

async fn is_never_confirmed(story: &Story, task: i64) {
    let ended = story.task(task).await;
    let shown = (
        &ended["status"],
        &ended["confirmed"],
        &ended["progress_message"],
    );
    assert_eq!(shown, (&json!("ERROR"), &json!(true), &json!(NEVER)));
    assert_eq!(ended["run"], json!(null));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_created_no_run_is_sent_again_once(#[values(Sqlite, Postgres)] base: Base) {
    for fault in ["drop_before", "html_500"] {
        let story = plan(base, true, "succeed").begin().await;
        story
            .fault(&json!({"fault": fault, "operation": "runPipeline", "count": 1}))
            .await;
        let task = launch_with_unknown_outcome(&story, json!({})).await;
        for _ in 0..29 {
            story.next_cycle().await;
        }
        assert_eq!(
            story.request_count("runPipeline").await,
            1,
            "before the grace is over"
        );
        poll_for_a_minute(&story).await;
        let ended = story.until_confirmed(task).await;
        assert_eq!(ended["status"], "SUCCESS");
        assert_eq!(
            (
                story.request_count("runPipeline").await,
                story.runs().await.len()
            ),
            (2, 1)
        );
        assert_eq!(story.runs().await[0]["config"]["task_id"], json!(task));
        story.end().await;
    }
}

// It is unknown whether there is a run, so the message must differ from that of a refused or unsent launch.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_cannot_be_sent_again_ends_as_never_confirmed(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = plan(base, true, "succeed").begin().await;
    story
        .fault(&json!({"fault": "drop_before", "operation": "runPipeline", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({})).await;
    let mut parameters = injected();
    parameters.push(parameter("year", "int", json!({"required": true})));
    story
        .reopen_openhexa(&json!([pipeline(1, &parameters, quick("succeed"))]))
        .await;
    poll_for_a_minute(&story).await;
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, task).await;
    let events = story.events(task).await;
    assert!(
        events.contains(&"launch_never_confirmed".to_owned()),
        "{events:?}"
    );
    assert_eq!(story.runs().await.len(), 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_task_id_a_launch_is_never_sent_again(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, false, "succeed").begin().await;
    story
        .fault(&json!({"fault": "drop_before", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({"country": "CMR"})).await;
    poll_for_a_minute(&story).await;
    is_never_confirmed(&story, task).await;
    assert_eq!(
        (
            story.request_count("runPipeline").await,
            story.runs().await.len()
        ),
        (1, 0)
    );
    assert_eq!(story.stored_secrets(task).await, None);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failed_polls_do_not_prove_that_there_is_no_run(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, true, "hang").begin().await;
    story
        .fault(&json!({"fault": "drop_after", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({})).await;
    for fault in ["html_500", "refuse_token", "drop_before"] {
        story
            .fault(&json!({"fault": fault, "operation": "pipeline", "for_ms": 600_000}))
            .await;
        poll_for_a_minute(&story).await;
        poll_for_a_minute(&story).await;
        assert_eq!(story.request_count("runPipeline").await, 1, "{fault}");
        assert_eq!(story.task(task).await["status"], "QUEUED", "{fault}");
        story.no_faults().await;
    }
    let found = story
        .until(task, "its run", |task| !task["run"].is_null())
        .await;
    assert_eq!(found["run"]["id"], story.runs().await[0]["id"]);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_empty_poll_followed_by_failed_polls_keeps_the_grace_running(
    #[values(Sqlite, Postgres)] base: Base,
) {
    for names_task in [true, false] {
        let story = plan(base, names_task, "succeed").begin().await;
        story
            .fault(&json!({"fault": "drop_before", "operation": "runPipeline", "count": 1}))
            .await;
        let task = launch_with_unknown_outcome(&story, json!({})).await;
        // The only response for a minute.
        let asked = story.request_count("pipeline").await;
        poll(&story).await;
        assert_eq!(story.request_count("pipeline").await, asked + 1);
        story
            .fault(&json!({"fault": "html_500", "operation": "pipeline", "for_ms": 600_000}))
            .await;
        poll_for_a_minute(&story).await;
        let asked = story.request_count("runPipeline").await;
        assert_eq!(asked, 1, "a failed poll does not end the grace");
        assert_eq!(story.task(task).await["status"], "QUEUED");
        story.no_faults().await;
        poll(&story).await;
        if names_task {
            assert_eq!(
                story.request_count("runPipeline").await,
                2,
                "the grace restarted"
            );
            assert_eq!(story.until_confirmed(task).await["status"], "SUCCESS");
            assert_eq!(story.runs().await.len(), 1);
        } else {
            is_never_confirmed(&story, task).await;
        }
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_appears_after_failed_polls_is_found_and_not_created_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, true, "hang").begin().await;
    story
        .fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1}))
        .await;
    // The run exists, but the first poll does not return it yet.
    story
        .fault(&json!({"fault": "null_run", "operation": "pipeline", "count": 1}))
        .await;
    let task = launch_with_unknown_outcome(&story, json!({})).await;
    poll(&story).await;
    assert_eq!(story.task(task).await["run"], json!(null));
    story
        .fault(&json!({"fault": "html_500", "operation": "pipeline", "for_ms": 600_000}))
        .await;
    poll_for_a_minute(&story).await;
    story.no_faults().await;
    poll(&story).await;
    assert_eq!(
        story.task(task).await["run"]["id"],
        story.runs().await[0]["id"]
    );
    assert_eq!(story.request_count("runPipeline").await, 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_cannot_be_sent_fails_although_its_definition_is_readable(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, true, "succeed").begin().await;
    // If the user of the run is unknown, nothing is sent.
    story
        .fault(&json!({"fault": "html_500", "operation": "me", "for_ms": 600_000}))
        .await;
    let task = story.launch(&id(1), json!({})).await;
    for _ in 0..14 {
        story.advance(chrono::TimeDelta::minutes(1));
        story.run_cycle().await;
    }
    assert_eq!(
        story.task(task).await["status"],
        "QUEUED",
        "before launch.give_up_after"
    );
    for _ in 0..3 {
        story.advance(chrono::TimeDelta::minutes(1));
        story.run_cycle().await;
    }
    let ended = story.task(task).await;
    assert_eq!(
        (&ended["status"], &ended["confirmed"]),
        (&json!("ERROR"), &json!(true))
    );
    assert_eq!(
        ended["progress_message"],
        "The launch request could not be sent to OpenHEXA in time"
    );
    assert!(
        story.request_count("pipeline").await > 3,
        "the definition was read each time"
    );
    assert_eq!(story.request_count("runPipeline").await, 0);
    story.end().await;
}
