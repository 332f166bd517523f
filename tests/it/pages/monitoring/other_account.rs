//! Another account's tasks change nothing on the page.

use super::*;
use crate::support::database;
use crate::support::story::{Postgres, Sqlite};
use rstest::rstest;

/// A task in each status, and enough successes for the usual duration to be shown.
async fn every_kind(story: &Story) -> Vec<i64> {
    let mut tasks = Vec::new();
    for _ in 0..6 {
        tasks.push(ended(story, 1, "SUCCESS", TimeDelta::seconds(40)).await);
    }
    tasks.push(ended(story, 1, "ERROR", TimeDelta::seconds(20)).await);
    tasks.push(ended(story, 1, "CANCELLED", TimeDelta::seconds(20)).await);
    let running = story.launch(&id(1), json!({})).await;
    story
        .report(&id(1), &json!({"task_id": running, "status": "RUNNING"}))
        .await
        .expect(200);
    tasks.extend([running, story.launch(&id(2), json!({})).await]);
    tasks
}

async fn move_to_other_account(story: &Story, tasks: &[i64]) {
    let ids: Vec<String> = tasks.iter().map(i64::to_string).collect();
    for (table, key) in [("task", "id"), ("run", "task_id"), ("event", "task_id")] {
        let ids = ids.join(", ");
        let statement = format!("UPDATE {table} SET account_id = 2 WHERE {key} IN ({ids})");
        database::sql(story, &statement).await;
    }
}

/// All texts of the page about tasks.
async fn said(story: &Story) -> Vec<String> {
    let page = story.page(As::Viewer, PAGE).await;
    let parts = [
        "live-verdict",
        "live-figures",
        "live-plot",
        "live-failures",
        "live-durations",
        "live-long",
    ];
    let mut said: Vec<String> = parts.iter().map(|part| page.at(part)).collect();
    let document = page.parse();
    let polls = crate::pages::by_id(&document, "looks-title").unwrap();
    said.push(words(polls.parent().unwrap()));
    said
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_of_another_account_change_nothing_on_the_page(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    // The other account's tasks start earlier, take longer and are more, so any of them would be visible.
    let theirs = every_kind(&story).await;
    let more = every_kind(&story).await;
    story
        .fault(&json!({"fault": "drop_after", "operation": "runPipeline", "count": 1}))
        .await;
    let unsure = story.launch(&id(2), json!({})).await;
    story.advance(TimeDelta::minutes(1));
    every_kind(&story).await;
    story.advance(TimeDelta::minutes(3));
    move_to_other_account(&story, &[theirs, more, vec![unsure]].concat()).await;
    let with_theirs = said(&story).await;
    for table in ["event", "run", "task"] {
        database::sql(&story, &format!("DELETE FROM {table} WHERE account_id = 2")).await;
    }
    // After the cache has expired.
    story.restart().await;
    assert_eq!(said(&story).await, with_theirs);
    let page = story.page(As::Viewer, PAGE).await;
    assert_eq!(
        numbers(&page)[..5],
        ["10", "2", "6", "1", "1"],
        "{}",
        page.text()
    );
    story.end().await;
}
