//! One account's launches and its OpenHEXA change nothing on other accounts' monitoring pages.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{MARK, TwoAccounts};
use crate::identity::WithSession;
use crate::support::catalogue::id;
use crate::support::story::{As, Base, Postgres, Sqlite};

const PAGE: &str = "/dashboard/monitoring/?days=30";

async fn end_both(accounts: &TwoAccounts) {
    for (task, word) in [(accounts.task, "SUCCESS"), (accounts.other_task, "ERROR")] {
        let end = json!({"task_id": task, "status": word, "progress_message": MARK});
        accounts.story.report(&id(1), &end).await.expect(200);
    }
    accounts.story.advance(chrono::TimeDelta::minutes(10));
}

async fn compare(accounts: &TwoAccounts) {
    end_both(accounts).await;
    let own = accounts
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
    let ask = accounts.story.ask_at(As::Anonymous, Method::GET, PAGE);
    let theirs = ask.in_iaso(&accounts.other_session).send().await;
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
    let accounts = TwoAccounts::begin(base).await;
    compare(&accounts).await;
    accounts.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_and_polls_of_another_account_are_not_counted_in_a_shared_workspace() {
    let accounts = TwoAccounts::attached().await;
    compare(&accounts).await;
    accounts.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_another_accounts_openhexa_is_not_shown(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut accounts = TwoAccounts::begin(base).await;
    let theirs = async |accounts: &TwoAccounts, path: &str| {
        let ask = accounts.story.ask_at(As::Anonymous, Method::GET, path);
        ask.in_iaso(&accounts.other_session).send().await.text
    };
    theirs(&accounts, "/api/openhexa/pipelines/").await;
    accounts.story.stop_openhexa().await;
    accounts.story.advance(chrono::TimeDelta::minutes(5));
    accounts
        .story
        .until_true("OpenHEXA is unavailable", async || {
            accounts.story.get("/pipelines/").await;
            accounts.story.advance(chrono::TimeDelta::seconds(10));
            accounts
                .story
                .ask_at(As::Viewer, Method::GET, PAGE)
                .send()
                .await
                .text
                .contains("Not responding")
        })
        .await;
    let page = theirs(&accounts, PAGE).await;
    assert!(
        page.contains("Available") && !page.contains("Not responding"),
        "{page}"
    );
    accounts.end().await;
}
