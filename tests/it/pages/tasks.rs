//! The list of tasks: filters, pages, and its stream.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::Page;
use crate::support::catalogue::{id, pipeline, quick, with};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

const LIST: &str = "/dashboard/tasks/";

async fn begin(base: Base) -> Story {
    let named =
        |number, name: &str, kind| with(pipeline(number, &[], quick(kind)), json!({"name": name}));
    let all = json!([
        named(1, "LQAS sampling", "succeed"),
        named(2, "Stock load", "fail")
    ]);
    StoryBuilder::on(base).pipelines(all).begin().await
}

/// The tasks on a page, in their order.
pub fn listed(page: &Page) -> Vec<i64> {
    let own = |link: &String| link.strip_prefix(LIST)?.strip_suffix('/')?.parse().ok();
    page.links().iter().filter_map(own).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_can_be_filtered(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    assert!(
        story
            .page(As::Viewer, LIST)
            .await
            .has("No task has been launched yet")
    );
    let good = story.launch(&id(1), json!({})).await;
    story.until_confirmed(good).await;
    let day = story.now().format("%Y-%m-%d").to_string();
    story.advance(TimeDelta::days(2));
    let bad = story.launch(&id(2), json!({})).await;
    story.until_confirmed(bad).await;
    let page = story.page(As::Viewer, LIST).await;
    assert_eq!(listed(&page), [bad, good]);
    for text in ["LQAS sampling", "Stock load", "Success", "Error", "UTC"] {
        assert!(page.has(text), "{text}: {}", page.text());
    }
    for (query, tasks) in [
        ("status=SUCCESS".to_owned(), vec![good]),
        ("status=RUNNING".to_owned(), vec![]),
        ("search=stock".to_owned(), vec![bad]),
        (format!("pipeline={}", id(1)), vec![good]),
        (format!("to={day}"), vec![good]),
        ("status=&search=&from=&to=".to_owned(), vec![bad, good]),
    ] {
        let page = story.page(As::Viewer, &format!("{LIST}?{query}")).await;
        assert_eq!(listed(&page), tasks, "{query}");
        assert_eq!(
            page.has("No task matches these filters"),
            tasks.is_empty(),
            "{query}"
        );
    }
    let one = story
        .page(As::Viewer, &format!("{LIST}?pipeline={}", id(1)))
        .await;
    assert_eq!(
        (one.chosen("pipeline").as_str(), one.at("count").as_str()),
        ("LQAS sampling", "1 task.")
    );
    let french = story.french_page(As::Viewer, LIST).await;
    assert!(french.has("Tâches") && french.has("Succès"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_filter_gets_an_error_and_is_kept(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story
        .page_with(
            As::Viewer,
            &format!("{LIST}?from=yesterday&search=stock"),
            400,
        )
        .await;
    assert!(
        page.at("errors").starts_with("from must be a time"),
        "{}",
        page.at("errors")
    );
    assert_eq!(
        (
            page.attribute("search", "value").unwrap(),
            page.attribute("from", "value").unwrap()
        ),
        ("stock".to_owned(), "yesterday".to_owned())
    );
    story
        .page_with(As::Viewer, &format!("{LIST}?cursor=garbage"), 400)
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_to_older_tasks_keeps_the_filter(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], quick("hang"))]))
        .begin()
        .await;
    let mut all = Vec::new();
    for _ in 0..35 {
        all.insert(0, story.launch(&id(1), json!({})).await);
    }
    let page = story
        .page(As::Viewer, &format!("{LIST}?status=QUEUED"))
        .await;
    assert_eq!(listed(&page), all[..30]);
    assert_eq!(
        page.attribute("live", "data-stream").as_deref(),
        Some("/dashboard/tasks/stream/")
    );
    let older = page
        .links()
        .into_iter()
        .find(|link| link.contains("cursor="))
        .unwrap();
    assert!(older.contains("status=QUEUED"), "{older}");
    let page = story.page(As::Viewer, &older).await;
    assert_eq!(listed(&page), all[30..]);
    assert!(
        page.has("Newest tasks")
            && !page.has("Older tasks")
            && page.attribute("live", "data-stream").is_none()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_has_a_stream_with_the_same_permissions(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let mut stream = story
        .ask_at(As::Viewer, Method::GET, "/dashboard/tasks/stream/")
        .stream()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    story.bridge().live.publish_changes().await.unwrap();
    assert_eq!(stream.task().await["id"], task);
    assert_eq!(
        story
            .ask_at(As::Anonymous, Method::GET, "/dashboard/tasks/stream/")
            .send()
            .await
            .status,
        401
    );
    story.end().await;
}
