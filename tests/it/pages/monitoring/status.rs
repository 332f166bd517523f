//! Whether OpenHEXA is reachable, and whether all running tasks are polled on time.

use chrono::TimeDelta;
use futures_util::future::join;
use rstest::rstest;
use serde_json::{Map, json};

use super::{LATER, PAGE, begin, begin_without_task_id, ended};
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::scripted_server::{ScriptedServer, json as answered};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

async fn state(story: &Story) -> String {
    story.advance(LATER);
    story.page(As::Viewer, PAGE).await.at("live-state")
}

/// Sends a request that is not in the cache.
async fn ask(story: &Story) {
    story.advance(TimeDelta::seconds(10));
    story.get("/pipelines/").await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_of_openhexa_is_that_of_its_last_response(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    story.restart().await;
    let told = state(&story).await;
    assert!(told.contains("No request yet"), "{told}");
    ask(&story).await;
    let told = state(&story).await;
    assert!(
        told.contains("✓ Available") && told.contains("Last response:"),
        "{told}"
    );
    story
        .fault(&json!({"fault": "drop_before", "operation": "pipelines", "for_ms": 600_000}))
        .await;
    ask(&story).await;
    let since = story.now().format("%Y-%m-%d %H:%M UTC").to_string();
    story.advance(TimeDelta::minutes(7));
    ask(&story).await;
    let told = state(&story).await;
    assert!(
        told.contains("✕ Not responding since") && told.contains(&since),
        "{since}: {told}"
    );
    let french = story.french_page(As::Viewer, PAGE).await;
    assert!(
        french.at("live-state").contains("Ne répond pas depuis"),
        "{}",
        french.text()
    );
    story.no_faults().await;
    ask(&story).await;
    let told = state(&story).await;
    assert!(
        told.contains("✓ Available") && !told.contains(&since),
        "{told}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_token_and_an_invalid_response_have_their_own_status(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    for (fault, sentence) in [
        ("refuse_token", "✕ Token rejected since"),
        ("html_500", "✕ Internal error in OpenHEXA since"),
    ] {
        story
            .fault(&json!({"fault": fault, "for_ms": 600_000}))
            .await;
        ask(&story).await;
        let told = state(&story).await;
        assert!(told.contains(sentence), "{fault}: {told}");
        story.no_faults().await;
    }
    // No request was sent with the new token yet; the status of the previous token is not shown.
    story
        .configure_with(Map::new(), &story.openhexa, "another-token", "demo")
        .await;
    let told = state(&story).await;
    assert!(told.contains("No request yet"), "{told}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_polls_are_shown_with_their_delay(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    ended(&story, 1, "SUCCESS", TimeDelta::minutes(1)).await;
    story.launch(&id(1), json!({})).await;
    story.run_cycle().await;
    let told = state(&story).await;
    assert!(
        told.contains("✓ On time The status of all running tasks is checked on time."),
        "{told}"
    );
    assert!(
        told.contains("Queued in OpenHEXA 1") || told.contains("Running 1"),
        "{told}"
    );
    assert!(
        told.contains("Final status reported, run not ended yet 1"),
        "{told}"
    );
    story.advance(TimeDelta::minutes(5));
    let told = state(&story).await;
    assert!(
        told.contains("▲ Late Status checks are 5 min")
            || told.contains("▲ Late Status checks are 4 min"),
        "{told}"
    );
    let french = story.french_page(As::Viewer, PAGE).await;
    assert!(
        french.at("live-state").contains("▲ En retard"),
        "{}",
        french.text()
    );
    story.run_cycle().await;
    let told = state(&story).await;
    assert!(told.contains("✓ On time"), "{told}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_without_a_run_is_shown_with_its_waiting_time(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin_without_task_id(base).await;
    assert!(state(&story).await.contains("No task is running."));
    story
        .fault(&json!({"fault": "drop_before", "operation": "runPipeline", "count": 1}))
        .await;
    story.launch(&id(1), json!({})).await;
    story.advance(TimeDelta::minutes(2) - LATER);
    let told = state(&story).await;
    assert!(
        told.contains("A launch has been waiting to be sent to OpenHEXA for 2 min 00 s."),
        "{told}"
    );
    assert!(
        told.contains(
            "1 launch request got no response. The bridge searches OpenHEXA for its run."
        ) && told.contains("Launch in progress 1"),
        "{told}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_status_matches_the_response_of_openhexa(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    story
        .configure_with(
            Map::new(),
            &story.openhexa,
            &story.secrets.openhexa,
            "nowhere",
        )
        .await;
    ask(&story).await;
    let told = state(&story).await;
    assert!(told.contains("✕ Access denied since"), "{told}");
    assert!(!told.contains("Launches"), "launches must fail: {told}");
    let errors = r#"{"data":null,"errors":[{"message":"inner text"}]}"#;
    let failing = ScriptedServer::always(answered(errors)).await;
    story
        .configure_with(
            Map::new(),
            &format!("{}/graphql/", failing.url),
            "token",
            "demo",
        )
        .await;
    ask(&story).await;
    let told = state(&story).await;
    assert!(
        told.contains("✕ Internal error in OpenHEXA since") && !told.contains("inner text"),
        "{told}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_without_access_is_shown(#[values(Sqlite, Postgres)] base: Base) {
    let population = parameter("population", "dataset", json!({}));
    let plan =
        StoryBuilder::on(base).pipelines(json!([pipeline(1, &[population], quick("manual"))]));
    let story = plan.begin().await;
    story
        .fault(&json!({"fault": "stranger", "operation": "workspace", "for_ms": 600_000}))
        .await;
    // The last request of this validation is for the workspace, and it fails.
    let config = json!({"config": {"population": "population-2026"}});
    story
        .post(&format!("/pipelines/{}/validate/", id(1)), &config)
        .await
        .expect(200);
    let told = state(&story).await;
    assert!(
        told.contains("✕ Access denied since")
            && told.contains("The token has no access to the workspace"),
        "{told}"
    );
    let french = story.french_page(As::Viewer, PAGE).await;
    assert!(
        french.at("live-state").contains("Accès refusé"),
        "{}",
        french.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_timeout_does_not_replace_a_newer_response(#[values(Sqlite, Postgres)] base: Base) {
    let plan = StoryBuilder::on(base).pipelines(json!([pipeline(1, &[], quick("manual"))]));
    let story = plan
        .setting("openhexa.request_timeout", "5s")
        .setting("openhexa.connect_timeout", "3s")
        .begin()
        .await;
    story
        .fault(&json!({"fault": "latency", "operation": "pipeline", "ms": 8000, "count": 1}))
        .await;
    let asked = story.request_count("pipeline").await;
    let path = format!("/pipelines/{}/", id(1));
    let late = async { story.get(&path).await.status };
    let meanwhile = async {
        story.until_requested("pipeline", asked + 1).await;
        story.get("/pipelines/").await.expect(200);
    };
    let (status, ()) = join(late, meanwhile).await;
    assert!(status >= 500, "the request must fail: {status}");
    let told = state(&story).await;
    assert!(told.contains("✓ Available"), "{told}");
    story.end().await;
}

// All connections were in use, so the request was not sent; the page showed OpenHEXA as unavailable.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_that_was_not_sent_does_not_change_the_status(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let plan = StoryBuilder::on(base).pipelines(json!([
        pipeline(1, &[], quick("manual")),
        pipeline(2, &[], quick("manual"))
    ]));
    let story = plan
        .setting("openhexa.concurrency", "1")
        .setting("openhexa.slot_timeout", "50ms")
        .begin()
        .await;
    story.get("/pipelines/").await.expect(200);
    let asked = story.request_count("pipeline").await;
    story
        .fault(&json!({"fault": "latency", "operation": "pipeline", "ms": 5000, "count": 1}))
        .await;
    let (one, two) = (
        format!("/pipelines/{}/", id(1)),
        format!("/pipelines/{}/", id(2)),
    );
    let slow = async { story.get(&one).await.status };
    let meanwhile = async {
        story.until_requested("pipeline", asked + 1).await;
        story.get(&two).await.error(502);
        state(&story).await
    };
    let (_, told) = join(slow, meanwhile).await;
    assert!(told.contains("✓ Available"), "{told}");
    story.end().await;
}
