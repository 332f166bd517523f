//! How many channels and subscriptions an account has, and how often a channel is tested.

use chrono::TimeDelta;
use futures_util::future::join_all;
use openhexa_bridge::domain::notification::Both;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::receiver::{Receiver, Reply};
use super::{admin, notice, notify, send_due, subscribe, subscribed, webhook};
use crate::support::database::sql;
use crate::support::story::{Base, Postgres, Sqlite, StoryBuilder};

const URL: &str = "https://example.org/hook";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_at_most_a_hundred_channels(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    for number in 0..99 {
        webhook(&story, &format!("c{number}"), URL).await;
    }
    let create = async |name: &str| {
        let body = json!({"name": name, "kind": "webhook", "url": URL});
        admin(&story, Method::POST, "/channels/", &body).await
    };
    let both = join_all([create("a"), create("b")]).await;
    let mut statuses: Vec<u16> = both.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 400]);
    let sentence = "An account can have at most 100 channels: delete one that is not used";
    assert_eq!(create("c").await.error(400), sentence);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_at_most_a_thousand_subscriptions(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let channel = webhook(&story, "team", URL).await;
    let rows: Vec<String> = (0..999)
        .map(|n| {
            format!(
                "(1, {}, 'pipeline {n}', 'ERROR', '2026-11-30T00:00:00.000Z')",
                channel.id
            )
        })
        .collect();
    let insert =
        "INSERT INTO subscription (account_id, channel_id, scope, level, created_at) VALUES";
    sql(&story, &format!("{insert} {}", rows.join(", "))).await;
    subscribe(&story, &json!({"channel": "team"})).await;
    webhook(&story, "other", URL).await;
    let told = story
        .post("/subscriptions/", &json!({"channel": "other"}))
        .await;
    assert_eq!(
        told.error(400),
        "An account can have at most 1000 subscriptions: delete one that is not used"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tests_are_limited_like_launches(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .setting("limits.launches_per_minute", "2")
        .begin()
        .await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let channel = webhook(&story, "team", &receiver.url).await;
    let path = format!("{}test/", channel.path());
    let test = async || admin(&story, Method::POST, &path, &json!({})).await;
    assert_eq!([test().await.status, test().await.status], [200, 200]);
    let refused = test().await;
    assert_eq!(refused.header("retry-after"), "30");
    assert_eq!(
        refused.error(429),
        "Too many tests and launches: try again in 30 s"
    );
    assert_eq!(receiver.requests().len(), 2);
    story.advance(TimeDelta::seconds(30));
    assert_eq!(test().await.status, 200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notice_is_bounded(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    subscribed(&story, "team", &receiver.url).await;
    let long = |letters: usize| Both {
        en: "é".repeat(letters),
        fr: "a\u{0}b\nc".to_owned(),
    };
    let mut huge = notice("unused");
    huge.title = long(10_000);
    huge.details = vec![long(10_000); 1_000];
    huge.data = json!({"sample": "x".repeat(100_000)})
        .as_object()
        .unwrap()
        .clone();
    notify(&story, huge).await;
    send_due(&story).await;
    let data = receiver.requests().remove(0).json()["data"].clone();
    let letters = |value: &Value| value.as_str().unwrap().chars().count();
    assert_eq!(letters(&data["title"]["en"]), 201);
    assert_eq!(data["title"]["fr"], "a b c");
    assert_eq!(data["details"].as_array().unwrap().len(), 50);
    assert_eq!(letters(&data["details"][0]["en"]), 2001);
    assert_eq!(
        (&data["too_large"], &data["sample"]),
        (&json!(true), &Value::Null)
    );
    story.end().await;
}
