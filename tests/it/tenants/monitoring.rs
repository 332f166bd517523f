//! One account's launches and its OpenHEXA change nothing on other accounts' monitoring pages.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{MARK, Town};
use crate::identity::WithSession;
use crate::support::catalogue::id;
use crate::support::story::{As, Base, Postgres, Sqlite};

const PAGE: &str = "/dashboard/monitoring/?days=30";

async fn end_both(town: &Town) {
    for (task, word) in [(town.task, "SUCCESS"), (town.other_task, "ERROR")] {
        let end = json!({"task_id": task, "status": word, "progress_message": MARK});
        town.story.report(&id(1), &end).await.expect(200);
    }
    town.story.advance(chrono::TimeDelta::minutes(10));
}

async fn compare(town: &Town) {
    end_both(town).await;
    let own = town
        .story
        .ask_at(As::Viewer, Method::GET, PAGE)
        .send()
        .await;
    assert!(
        own.text.contains(MARK) && own.text.contains("1 task ended with an error"),
        "{}",
        own.text
    );
    assert!(own.text.contains("Status checks are"), "{}", own.text);
    let ask = town.story.ask_at(As::Nobody, Method::GET, PAGE);
    let theirs = ask.in_iaso(&town.stranger).send().await;
    assert_eq!(theirs.status, 200, "{}", theirs.text);
    assert!(
        !theirs.text.contains(MARK) && !theirs.text.contains("<svg"),
        "{}",
        theirs.text
    );
    assert!(
        theirs.text.contains("No task has been launched yet")
            && theirs.text.contains("No task is running."),
        "{}",
        theirs.text
    );
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_and_polls_of_another_account_are_not_counted(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let town = Town::begin(base).await;
    compare(&town).await;
    town.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_and_polls_of_another_account_are_not_counted_in_a_shared_workspace() {
    let town = Town::attached().await;
    compare(&town).await;
    town.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_another_accounts_openhexa_is_not_shown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut town = Town::begin(base).await;
    let theirs = async |town: &Town, path: &str| {
        let ask = town.story.ask_at(As::Nobody, Method::GET, path);
        ask.in_iaso(&town.stranger).send().await.text
    };
    theirs(&town, "/api/openhexa/pipelines/").await;
    town.story.stop_openhexa().await;
    town.story.advance(chrono::TimeDelta::minutes(5));
    town.story
        .until_true("OpenHEXA is unavailable", async || {
            town.story.get("/pipelines/").await;
            town.story.advance(chrono::TimeDelta::seconds(10));
            town.story
                .ask_at(As::Viewer, Method::GET, PAGE)
                .send()
                .await
                .text
                .contains("Not responding")
        })
        .await;
    let page = theirs(&town, PAGE).await;
    assert!(
        page.contains("Available") && !page.contains("Not responding"),
        "{page}"
    );
    town.end().await;
}
