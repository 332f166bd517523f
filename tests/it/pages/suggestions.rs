//! Fields for datasets, connections and files suggest what the workspace contains, and accept other values.

use rstest::rstest;
use std::pin::pin;

use futures_util::future::{Either, select};
use reqwest::Method;
use serde_json::{Value, json};

use super::Page;
use crate::support::catalogue::{id, parameter, pipeline, quick};
use crate::support::story::{As, Base, Postgres, Sqlite, Story, StoryBuilder};

fn path() -> String {
    format!("/dashboard/pipelines/{}/", id(1))
}

fn all() -> Value {
    let parameters = [
        parameter("population", "dataset", json!({})),
        parameter("source", "dhis2", json!({})),
        parameter("sender", "custom", json!({})),
        parameter("store", "s3", json!({})),
        parameter("districts", "file", json!({"directory": "/reference"})),
        parameter("lost", "file", json!({"directory": "nowhere"})),
        parameter("top", "file", json!({})),
        parameter("note", "str", json!({})),
        parameter("chosen", "dataset", json!({"choices": ["one", "two"]})),
        parameter("several", "dataset", json!({"multiple": true})),
    ];
    json!([pipeline(1, &parameters, quick("succeed"))])
}

async fn begin(base: Base) -> Story {
    StoryBuilder::on(base).pipelines(all()).begin().await
}

/// The suggestions of a field: the value that is sent, and its name.
fn suggested(page: &Page, code: &str) -> Vec<(String, String)> {
    let Some(list) = page.attribute(&format!("field-{code}"), "list") else {
        return Vec::new();
    };
    let document = page.parse();
    let list = document
        .descendants()
        .find(|node| node.attribute("id") == Some(&list))
        .expect("the list of the field");
    let options = list.children().filter(|node| node.has_tag_name("option"));
    let read = |node: roxmltree::Node<'_, '_>| {
        let name = node.text().unwrap_or_default();
        (node.attribute("value").unwrap().to_owned(), name.to_owned())
    };
    options.map(read).collect()
}

fn pair(value: &str, name: &str) -> Vec<(String, String)> {
    vec![(value.to_owned(), name.to_owned())]
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_field_suggests_its_resources(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let page = story.page(As::Operator, &path()).await;
    assert_eq!(
        suggested(&page, "population"),
        pair("population-2026", "Population estimates")
    );
    assert_eq!(
        suggested(&page, "source"),
        pair("dhis2-play", "DHIS2 playground")
    );
    assert!(suggested(&page, "sender").contains(&pair("sms", "SMS gateway")[0]));
    assert_eq!(
        suggested(&page, "districts"),
        pair("reference/districts.csv", "")
    );
    for without in ["store", "top", "note", "chosen", "several"] {
        assert_eq!(suggested(&page, without), [], "{without}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_values_can_be_typed(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let form = story.page(As::Operator, &path()).await.form(&path());
    story
        .launch_anyway(
            As::Operator,
            &form.fill("config.source", &["another-dhis2"]),
        )
        .await;
    assert_eq!(story.runs().await[0]["config"]["source"], "another-dhis2");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_suggestions_is_shown_at_its_field_only(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    let page = story.page(As::Operator, &path()).await;
    assert!(
        page.at("field-lost-hint")
            .contains("Suggestions from the workspace are unavailable:"),
        "{}",
        page.text()
    );
    assert!(!page.at("field-districts-hint").contains("are unavailable"));
    story.stop_openhexa().await;
    story.advance(chrono::TimeDelta::minutes(5));
    let page = story.page(As::Operator, &path()).await;
    assert!(
        page.at("field-population-hint")
            .contains("are unavailable: OpenHEXA is unreachable"),
        "{}",
        page.text()
    );
    assert!(
        story
            .french_page(As::Operator, &path())
            .await
            .at("field-population-hint")
            .contains("sont indisponibles")
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_a_form_nor_a_launch_waits_long_for_suggestions(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let folders = (0..12).map(|n| {
        parameter(
            &format!("file_{n}"),
            "file",
            json!({"directory": format!("folder{n}")}),
        )
    });
    let many = pipeline(2, &folders.collect::<Vec<_>>(), quick("succeed"));
    let mut all = all();
    all.as_array_mut().unwrap().push(many);
    let story = StoryBuilder::on(base).pipelines(all).begin().await;
    story
        .fault(&json!({"fault": "latency", "operation": "workspace", "ms": 60_000, "count": 100}))
        .await;
    let path = format!("/dashboard/pipelines/{}/", id(2));
    let page = {
        let page = pin!(story.page(As::Operator, &path));
        let launch = pin!(story.launch(&id(1), json!({})));
        match select(page, launch).await {
            Either::Right((_, page)) => page.await,
            Either::Left(_) => panic!("the launch waited for the form"),
        }
    };
    let told = "Suggestions from the workspace are unavailable: OpenHEXA did not respond in time.";
    assert!(
        page.at("field-file_0-hint").contains(told) && page.text().matches(told).count() == 1,
        "{}",
        page.text()
    );
    let asked = json!({"config": {"population": "popullation"}});
    let valid = story
        .ask(
            As::Operator,
            Method::POST,
            &format!("/pipelines/{}/validate/", id(1)),
        )
        .json(&asked)
        .send()
        .await
        .expect(200);
    assert_eq!(
        valid["warnings"],
        json!({}),
        "unknown values cause no warning"
    );
    story.end().await;
}
