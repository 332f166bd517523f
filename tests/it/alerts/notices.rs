//! Alerts and ends of runs reach the channels that subscribe to them.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{FAILING, GOOD, alerts, plan, run};
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

async fn add_channel(story: &Story, name: &str) {
    let new = json!({"name": name, "kind": "webhook", "url": "http://127.0.0.1:9/"});
    let created = story.ask(As::Admin, Method::POST, "/channels/").json(&new);
    created.send().await.expect(201);
}

async fn subscribe(story: &Story, channel: &str, level: &str) {
    let wanted = json!({"channel": channel, "level": level});
    story.post("/subscriptions/", &wanted).await.expect(201);
}

/// The titles of all messages to a channel, oldest first.
async fn messages(story: &Story, channel: &str) -> Vec<String> {
    let path = format!("/deliveries/?channel={channel}&limit=100");
    let listed = story.ask(As::Admin, Method::GET, &path).send().await;
    let listed = listed.expect(200);
    let title = |row: &Value| row["title"].as_str().unwrap().to_owned();
    let all = listed["results"].as_array().unwrap().iter().rev();
    all.map(title).collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribers_hear_of_a_failure_and_of_its_end_once(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    add_channel(&story, "team").await;
    subscribe(&story, "team", "ERROR").await;
    run(&story, FAILING, "").await;
    run(&story, FAILING, "").await;
    run(&story, GOOD, "").await;
    run(&story, GOOD, "").await;
    assert_eq!(
        messages(&story, "team").await,
        ["night: step `load` has failed", "night has succeeded again"]
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_channels_of_a_document_and_subscribers_of_everything_hear_of_each_end(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    for name in ["team", "all"] {
        add_channel(&story, name).await;
    }
    subscribe(&story, "all", "ALL").await;
    let notify = "notify: [{channel: team, level: ALL}]";
    run(&story, GOOD, notify).await;
    for name in ["team", "all"] {
        assert_eq!(messages(&story, name).await, ["night has ended: SUCCESS"]);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_muted_alert_is_silent_and_one_that_is_back_soon_too(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    add_channel(&story, "team").await;
    subscribe(&story, "team", "ERROR").await;
    run(&story, FAILING, "").await;
    let id = alerts(&story).await[0]["id"].clone();
    story
        .post(&format!("/alerts/{id}/mute/"), &json!({}))
        .await
        .expect(200);
    run(&story, GOOD, "").await;
    run(&story, FAILING, "").await;
    assert_eq!(
        alerts(&story).await.len(),
        1,
        "the same alert is open again"
    );
    let opened = ["night: step `load` has failed"];
    assert_eq!(messages(&story, "team").await, opened);
    // When the mute has ended and it is still open, subscribers hear of it.
    story.advance(chrono::TimeDelta::hours(25));
    story.flow_cycle().await;
    assert_eq!(messages(&story, "team").await, [opened, opened].concat());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_is_one_message(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base, "2027-01-10T00:00:00Z").begin().await;
    add_channel(&story, "team").await;
    subscribe(&story, "team", "ERROR").await;
    let schedule = "schedules: [{id: two, cron: '0 2 * * *', timezone: UTC}]";
    super::save(&story, &super::night(FAILING, schedule)).await;
    let range =
        json!({"from": "2027-01-01T00:00:00Z", "to": "2027-01-04T00:00:00Z", "mode": "all"});
    let started = story.post("/flows/night/backfills/", &range).await;
    let id = started.expect(201)["backfill"]["id"].clone();
    story
        .until_true("the end of the backfill", async || {
            story.flow_cycle().await;
            story.advance(chrono::TimeDelta::seconds(2));
            let found = story.get(&format!("/backfills/{id}/")).await.expect(200);
            found["status"] == "DONE"
        })
        .await;
    assert_eq!(alerts(&story).await, Vec::<Value>::new());
    assert_eq!(
        messages(&story, "team").await,
        ["Backfill of night: 0 of 3 runs succeeded, 3 failed"]
    );
    story.end().await;
}
