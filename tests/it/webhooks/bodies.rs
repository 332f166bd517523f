//! The body of a message: what is refused, and which of its values the launch gets.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{Hook, begin, create, launched_with, task_of};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story};

async fn send_bytes(story: &Story, hook: &Hook, kind: &str, body: Vec<u8>) -> Answer {
    let ask = story.ask(As::Bearer(hook.secret.clone()), Method::POST, &hook.path());
    ask.body(kind, body).send().await
}

const JSON: &str = "application/json";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_no_json_object_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let wide = format!("{{\"a\":[{}1]}}", "1,".repeat(100_001));
    for (kind, body, status) in [
        (JSON, b"".to_vec(), 400),
        (JSON, b"[1]".to_vec(), 400),
        (JSON, b"\"text\"".to_vec(), 400),
        (JSON, b"null".to_vec(), 400),
        (JSON, b"{\"a\": }".to_vec(), 400),
        (JSON, b"{\"a\": \"\xff\xfe\"}".to_vec(), 400),
        (JSON, b"{\"a\": 1e999}".to_vec(), 400),
        (JSON, deep.into_bytes(), 400),
        (JSON, wide.into_bytes(), 413),
        (JSON, vec![b' '; 1_048_577], 413),
        ("text/plain", b"{}".to_vec(), 415),
        ("application/x-www-form-urlencoded", b"a=1".to_vec(), 415),
    ] {
        let answer = send_bytes(&story, &hook, kind, body).await;
        assert!(!answer.error(status).is_empty());
    }
    let ask = story.ask(As::Bearer(hook.secret.clone()), Method::POST, &hook.path());
    let zipped = ask.header("content-encoding", "gzip").json(&json!({}));
    assert_eq!(zipped.send().await.status, 415);
    assert!(story.runs().await.is_empty());
    let largest = format!("{{\"country\": \"{}\"}}", "x".repeat(1000));
    task_of(&send_bytes(&story, &hook, JSON, largest.into_bytes()).await);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_not_larger_than_a_mebibyte_whatever_the_setting(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let plan = super::plan(base).setting("server.body_limit", "4000000");
    let story = plan.begin().await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let answer = send_bytes(&story, &hook, JSON, vec![b' '; 1_048_577]).await;
    assert_eq!(
        answer.error(413),
        "The body is too large: at most 1048576 bytes"
    );
    story.end().await;
}

/// What the history says of the launch.
async fn history(story: &Story, task: i64, language: &str) -> Value {
    let ask = story.ask(As::Viewer, Method::GET, &format!("/tasks/{task}/events/"));
    let events = ask.header("accept-language", language).send().await;
    events.expect(200)["results"][0].clone()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_keys_are_ignored_and_listed_in_the_history(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let body = json!({"year": 2026, "event": "stock", "task_id": 7, "connection_token": "mine"});
    let task = task_of(&hook.bearer(body).send(&story).await);
    assert_eq!(launched_with(&story).await, json!({"year": 2026}));
    let first = history(&story, task, "en").await;
    assert_eq!(first["code"], "launch_accepted");
    assert_eq!(first["data"]["webhook"], "Stock");
    assert_eq!(
        first["data"]["ignored"],
        json!(["event", "task_id", "connection_token"])
    );
    let detail = first["detail"].as_str().unwrap();
    assert!(
        detail.contains(
            "received by the webhook Stock, keys of the message that were not used: event, task_id"
        ),
        "{detail}"
    );
    let detail = history(&story, task, "fr").await["detail"].clone();
    assert!(
        detail
            .as_str()
            .unwrap()
            .contains("clés du message non utilisées\u{a0}: event"),
        "{detail}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_come_from_where_the_mapping_says(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let mapping = json!({"country": "/data/org~1unit/0", "year": "/data/year"});
    let hook = create(
        &story,
        json!({"authentication": "bearer", "mapping": mapping}),
    )
    .await;
    let body = json!({"country": "wrong", "data": {"org/unit": ["NE"], "year": 2025}});
    task_of(&hook.bearer(body).send(&story).await);
    assert_eq!(
        launched_with(&story).await,
        json!({"country": "NE", "year": 2025})
    );
    task_of(
        &hook
            .bearer(json!({"data": {"year": 2024}}))
            .send(&story)
            .await,
    );
    assert_eq!(launched_with(&story).await, json!({"year": 2024}));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_does_not_fit_is_refused_and_its_id_can_be_used_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    let wrong = hook
        .bearer(json!({"year": "soon"}))
        .header("webhook-id", "m1");
    let refused = wrong.send(&story).await.expect(400);
    assert_eq!(refused["config"]["year"].as_array().map(Vec::len), Some(1));
    assert!(story.runs().await.is_empty());
    let right = hook
        .bearer(json!({"year": 2026}))
        .header("webhook-id", "m1");
    task_of(&right.send(&story).await);
    story.end().await;
}
