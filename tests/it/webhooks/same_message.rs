//! A message with a known id gets the same task and starts nothing, on every replica and after a crash.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{begin, create, task_of};
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_message_gets_the_same_task(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = begin(base).await;
    let hook = create(&story, json!({})).await;
    let now = story.now().timestamp();
    let first = hook.signed("msg_1", now, json!({"year": 2026}));
    let first = first.send(&story).await;
    let again = hook.signed("msg_1", now, json!({"year": 2026}));
    assert_eq!(again.send(&story).await.expect(202), first.expect(202));
    // Sent again later with a fresh timestamp, also with another body: only the id counts.
    story.advance(TimeDelta::days(3));
    story.restart().await;
    let later = hook.signed("msg_1", now + 3 * 86_400, json!({"year": 2027}));
    assert_eq!(task_of(&later.send(&story).await), task_of(&first));
    assert_eq!(story.runs().await.len(), 1);
    let other = hook.signed("msg_2", now + 3 * 86_400, json!({"year": 2026}));
    assert_ne!(task_of(&other.send(&story).await), task_of(&first));
    assert_eq!(story.runs().await.len(), 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_id_of_a_message_is_the_idempotency_key_if_it_has_no_webhook_id(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let other = create(&story, json!({"authentication": "bearer"})).await;
    let with = |name| hook.bearer(json!({})).header(name, "id-1");
    let task = task_of(&with("idempotency-key").send(&story).await);
    assert_eq!(task_of(&with("Idempotency-Key").send(&story).await), task);
    assert_eq!(task_of(&with("webhook-id").send(&story).await), task);
    let both = with("webhook-id").header("idempotency-key", "id-2");
    assert_eq!(task_of(&both.send(&story).await), task);
    let elsewhere = other.bearer(json!({})).header("webhook-id", "id-1");
    assert_ne!(task_of(&elsewhere.send(&story).await), task);
    assert_eq!(story.runs().await.len(), 2);
    // Without an id, each message is a new one.
    for runs in 3..5 {
        task_of(&hook.bearer(json!({})).send(&story).await);
        assert_eq!(story.runs().await.len(), runs);
    }
    let long = "x".repeat(256);
    for (name, value) in [("webhook-id", ""), ("idempotency-key", long.as_str())] {
        let refused = hook.bearer(json!({})).header(name, value);
        refused.send(&story).await.error(400);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_message_cannot_be_replayed_under_another_key(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = create(&story, json!({})).await;
    let now = story.now().timestamp();
    let task = task_of(&hook.signed("msg_1", now, json!({})).send(&story).await);
    let replayed = hook.signed("msg_1", now, json!({}));
    let replayed = replayed.header("idempotency-key", "another");
    assert_eq!(task_of(&replayed.send(&story).await), task);
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_user_is_another_one(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let sent = hook.bearer(json!({})).header("idempotency-key", "id-1");
    let task = task_of(&sent.send(&story).await);
    let path = format!("/pipelines/{}/launch/", crate::support::catalogue::id(1));
    let launched = story.ask(As::Admin, Method::POST, &path);
    let launched = launched.header("idempotency-key", "id-1");
    let launched = launched.json(&json!({"config": {}})).send().await;
    assert_ne!(launched.expect(201)["task"]["id"], task);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_that_get_a_message_at_once_create_one_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = create(&story, json!({})).await;
    let second = story.second_replica().await;
    let urls = [story.base_url(), second.url()];
    for message in 1..4 {
        let (id, now) = (format!("msg_{message}"), story.now().timestamp());
        let message_of = || hook.signed(&id, now, json!({"year": message}));
        let messages: Vec<_> = (0..6).map(|_| message_of()).collect();
        let sending = messages.iter().zip(urls.iter().cycle());
        let answers = join_all(sending.map(|(one, url)| one.send_to(&story, url))).await;
        let tasks: BTreeSet<i64> = answers.iter().map(task_of).collect();
        assert_eq!(tasks.len(), 1, "{tasks:?}");
        assert_eq!(story.tasks().await.len(), message);
    }
    assert_eq!(story.runs().await.len(), 3);
    second.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_whose_bridge_crashed_before_the_response_has_one_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let process = story.process().await;
    story.delay("me").await;
    let message = || {
        hook.bearer(json!({"year": 2026}))
            .header("webhook-id", "m1")
    };
    let sent = message();
    let task = tokio::select! {
        answer = sent.send_to(&story, &process.url) => panic!("{}", answer.text),
        task = story.until_task() => task,
    };
    process.kill().await;
    story.no_faults().await;
    assert_eq!(task_of(&message().send(&story).await), task);
    story.advance(TimeDelta::minutes(5));
    story
        .until(task, "its run", |task| task["run"]["id"].is_string())
        .await;
    assert_eq!(task_of(&message().send(&story).await), task);
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_openhexa_refuses_has_a_task_that_says_why(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let fault = json!({"fault": "run_limit", "count": 1});
    story.fault(&fault).await;
    let sent = hook.bearer(json!({})).header("webhook-id", "m1");
    let first = sent.send(&story).await.expect(202);
    assert_eq!(first["task"]["status"], "ERROR");
    assert_eq!(sent.send(&story).await.expect(202), first);
    assert!(story.runs().await.is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_message_is_answered_while_openhexa_is_unavailable(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let sent = hook.bearer(json!({})).header("webhook-id", "m1");
    let task = task_of(&sent.send(&story).await);
    story.stop_openhexa().await;
    assert_eq!(task_of(&sent.send(&story).await), task);
    story.end().await;
}
