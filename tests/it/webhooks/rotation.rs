//! A new secret: the previous one is accepted for a day.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{Hook, begin, create, rotate, task_of};
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

async fn status(story: &Story, hook: &Hook, id: &str) -> u16 {
    let now = story.now().timestamp();
    hook.signed(id, now, json!({})).send(story).await.status
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_previous_secret_is_accepted_for_a_day(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let old = create(&story, json!({})).await;
    assert_eq!(status(&story, &old, "m1").await, 202);
    let new = rotate(&story, &old).await;
    assert_ne!(new.secret, old.secret);
    let read = story.ask(As::Admin, Method::GET, &new.path());
    let until = read.send().await.expect(200)["old_secret_until"].clone();
    let end = story.now() + TimeDelta::hours(24);
    assert_eq!(until, end.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
    assert_eq!(status(&story, &old, "m2").await, 202);
    assert_eq!(status(&story, &new, "m3").await, 202);
    story.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
    assert_eq!(status(&story, &old, "m4").await, 202);
    story.advance(TimeDelta::milliseconds(1));
    assert_eq!(status(&story, &old, "m5").await, 401);
    assert_eq!(status(&story, &new, "m5").await, 202);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_two_new_secrets_the_first_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let body = json!({"authentication": "bearer"});
    let first = create(&story, body).await;
    let second = rotate(&story, &first).await;
    let third = rotate(&story, &second).await;
    assert_eq!(first.bearer(json!({})).send(&story).await.status, 401);
    task_of(&second.bearer(json!({})).send(&story).await);
    task_of(&third.bearer(json!({})).send(&story).await);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_replica_accepts_the_new_secret_after_a_few_seconds(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let second = story.second_replica().await;
    let old = create(&story, json!({"authentication": "bearer"})).await;
    let sent = old.bearer(json!({})).send_to(&story, &second.url()).await;
    task_of(&sent);
    let new = rotate(&story, &old).await;
    story.advance(TimeDelta::seconds(5));
    task_of(&new.bearer(json!({})).send_to(&story, &second.url()).await);
    let deleted = story.ask(As::Admin, Method::DELETE, &new.path());
    assert_eq!(deleted.send().await.status, 204);
    story.advance(TimeDelta::seconds(5));
    let sent = new.bearer(json!({})).send_to(&story, &second.url()).await;
    assert_eq!(sent.status, 401);
    second.stop().await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_for_a_webhook_that_was_just_deleted_elsewhere_is_refused(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let second = story.second_replica().await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    task_of(&hook.bearer(json!({})).send_to(&story, &second.url()).await);
    let deleted = story.ask(As::Admin, Method::DELETE, &hook.path());
    assert_eq!(deleted.send().await.status, 204);
    // The second replica still has it in its cache.
    let sent = hook.bearer(json!({})).send_to(&story, &second.url()).await;
    assert_eq!(sent.status, 401);
    assert_eq!(story.runs().await.len(), 1);
    second.stop().await;
    story.end().await;
}
