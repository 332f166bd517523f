//! Without a configuration runs continue, and the page works.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;

use super::{LATER, PAGE, begin, ended, numbers};
use crate::support::story::{As, Base, Postgres, Sqlite, StoryBuilder};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_configuration_the_page_says_so_and_shows_all_else(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    ended(&story, 1, "SUCCESS", TimeDelta::minutes(1)).await;
    let gone = story
        .ask(As::Admin, Method::DELETE, "/config/")
        .send()
        .await;
    assert_eq!(gone.status, 204, "{}", gone.text);
    story.advance(LATER);
    for (who, advice) in [
        (As::Viewer, "Ask an administrator to enter"),
        (
            As::Admin,
            "Enter the OpenHEXA address, token and workspace in the settings",
        ),
    ] {
        let to_settings = matches!(who, As::Admin);
        let page = story.page(who, PAGE).await;
        assert_eq!(numbers(&page)[0], "1");
        let told = page.at("live-state");
        assert!(
            told.contains("▲ Not configured OpenHexa configuration not found")
                && told.contains(advice),
            "{told}"
        );
        assert_eq!(told.contains(" Settings "), to_settings, "{told}");
        assert!(
            told.contains("Final status reported, run not ended yet 1"),
            "running tasks are shown: {told}"
        );
    }
    let french = story.french_page(As::Viewer, PAGE).await;
    assert!(
        french.at("live-state").contains("▲ Non configuré"),
        "{}",
        french.text()
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_configuration_before_the_page_works(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    let page = story.page(As::Viewer, PAGE).await;
    assert!(
        page.has("No task has been launched yet")
            && page.at("live-state").contains("Not configured"),
        "{}",
        page.text()
    );
    story.end().await;
}
