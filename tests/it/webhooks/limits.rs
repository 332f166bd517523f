//! Rate limits of messages: each webhook has its own, and messages without the secret count for their address.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;

use super::{Hook, REFUSED, create, plan, task_of};
use crate::support::catalogue::id;
use crate::support::story::{Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_has_its_own_limit_of_launches(#[values(Sqlite, Postgres)] base: Base) {
    let plan = plan(base).setting("limits.launches_per_minute", "2");
    let story = plan.begin().await;
    let body = json!({"authentication": "bearer"});
    let hook = create(&story, body.clone()).await;
    let other = create(&story, body).await;
    for _ in 0..2 {
        task_of(&hook.bearer(json!({})).send(&story).await);
    }
    let refused = hook.bearer(json!({})).send(&story).await;
    assert_eq!(refused.error(429), "Too many launches: try again in 30 s");
    assert_eq!(refused.header("retry-after"), "30");
    task_of(&other.bearer(json!({})).send(&story).await);
    story.launch(&id(1), json!({})).await;
    story.advance(TimeDelta::seconds(30));
    task_of(&hook.bearer(json!({})).send(&story).await);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_has_its_own_limit_of_requests(#[values(Sqlite, Postgres)] base: Base) {
    let plan = plan(base)
        .setting("limits.signed_in_per_second", "1")
        .setting("limits.signed_in_burst", "3");
    let story = plan.begin().await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let sent = hook.bearer(json!({})).header("webhook-id", "m1");
    for _ in 0..3 {
        task_of(&sent.send(&story).await);
    }
    assert_eq!(
        sent.send(&story).await.error(429),
        "Too many requests: try again in 1 s"
    );
    create(&story, json!({})).await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_without_the_secret_do_not_slow_down_those_with_it(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let plan = plan(base)
        .setting("limits.address_per_second", "1")
        .setting("limits.address_burst", "3");
    let story = plan.begin().await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    task_of(&hook.bearer(json!({})).send(&story).await);
    let unknown = Hook {
        id: id(9),
        ..hook.clone()
    };
    for status in [401, 401, 429, 429] {
        let answer = unknown.bearer(json!({})).send(&story).await;
        assert_eq!(answer.status, status);
    }
    let guess = hook
        .message(json!({}))
        .header("authorization", "Bearer guess");
    assert_eq!(guess.send(&story).await.status, 429);
    task_of(&hook.bearer(json!({})).send(&story).await);
    story.advance(TimeDelta::seconds(10));
    for status in [401, 401, 401, 429] {
        assert_eq!(guess.send(&story).await.status, status);
    }
    task_of(&hook.bearer(json!({})).send(&story).await);
    story.advance(TimeDelta::seconds(10));
    assert_eq!(guess.send(&story).await.error(401), REFUSED);
    story.end().await;
}
