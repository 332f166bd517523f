//! The settings while OpenHEXA is slow: pages with stored data do not wait for it.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use super::settings::SETTINGS;
use crate::support::catalogue::{id, pipeline, quick};
use crate::support::story::{As, Base, MAX_WAIT, Postgres, Sqlite, Story, StoryBuilder};

async fn begin(base: Base) -> Story {
    let kept = json!({"pipelines": [{"id": id(1), "parameters": {"years": 5}}]});
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("succeed"))]))
        .content(&kept)
        .setting("openhexa.request_timeout", "5m")
        .setting("reconcile.lease", "10m")
        .setting("launch.grace", "10m")
        .begin()
        .await
}

/// OpenHEXA responds later than the bridge's timeout.
async fn is_slow(story: &Story) {
    let late = json!({"fault": "latency", "operation": "pipelines", "ms": 600_000, "count": 9});
    story.fault(&late).await;
}

/// Long before the bridge's timeout for OpenHEXA.
async fn soon<T>(page: impl Future<Output = T>) -> T {
    let page = tokio::time::timeout(MAX_WAIT, page).await;
    page.expect("the page does not wait for OpenHEXA")
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_of_defaults_does_not_wait_long(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    is_slow(&story).await;
    let page = soon(story.page(As::Admin, &format!("{SETTINGS}pipelines/"))).await;
    assert!(
        page.has("did not respond in time") && page.has(&format!("{} 1 default", id(1))),
        "{}",
        page.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cached_names_are_used(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let list = format!("{SETTINGS}pipelines/");
    assert!(
        story
            .page(As::Admin, &list)
            .await
            .has("Pipeline 1 pipeline-1 1 default")
    );
    story.advance(TimeDelta::minutes(5));
    is_slow(&story).await;
    let asked = story.request_count("pipelines").await;
    let history = soon(story.page(As::Admin, &format!("{SETTINGS}history/"))).await;
    assert!(
        history.at("version-1").contains("Configuration created"),
        "{}",
        history.text()
    );
    assert_eq!(
        story.request_count("pipelines").await,
        asked,
        "cached names are not requested"
    );
    let page = soon(story.page(As::Admin, &list)).await;
    assert!(
        page.has("Pipeline 1 pipeline-1 1 default"),
        "{}",
        page.text()
    );
    story.end().await;
}
