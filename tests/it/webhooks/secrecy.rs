//! The secrets of webhooks: shown once, encrypted in the database, and not in the log; and the audit log.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use super::{begin, create, create_as, hook_of, rotate, task_of};
use crate::audit::line;
use crate::rotation::new_key;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};
use crate::support::{dump, log};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_only_in_the_response_that_creates_it(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let mut secrets = Vec::new();
    for more in [
        json!({}),
        json!({"authentication": "bearer"}),
        json!({"authentication": "basic", "username": "u"}),
    ] {
        let first = create(&story, more).await;
        let second = rotate(&story, &first).await;
        let now = story.now().timestamp();
        for hook in [&first, &second] {
            hook.signed("m1", now, json!({})).send(&story).await;
            hook.bearer(json!({})).send(&story).await;
        }
        let path = first.path();
        let read = story.ask(As::Admin, Method::GET, &path).send().await;
        let changed = story.ask(As::Admin, Method::PATCH, &path);
        let changed = changed.json(&json!({"name": "New"})).send().await;
        let listed = story.ask(As::Admin, Method::GET, "/hooks/").send().await;
        secrets.extend([first.secret, second.secret]);
        for secret in &secrets {
            for answer in [&read, &changed, &listed] {
                assert!(!answer.text.contains(secret.as_str()));
            }
        }
    }
    assert_eq!(secrets.len(), 6);
    let (log, stored) = (log::text(), dump::everything(&story.database).await);
    for secret in secrets {
        let bare = secret.split_once('_').unwrap().1;
        assert!(!log.contains(bare) && !stored.contains(bare), "{secret}");
    }
    story.end().await;
}

fn told(action: &str, status: u16, object: &str) -> Value {
    json!({
        "action": action, "outcome": "done", "status": status, "who": "the admin key of the settings", "account": 1,
        "role": "admin", "object": object,
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_change_and_message_has_a_line_in_the_audit_log(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let created = create_as(&story, As::Admin, json!({"authentication": "bearer"})).await;
    let hook = hook_of(&created.expect(201));
    assert_eq!(line(&created), told("hook.create", 201, &hook.id));
    let sent = hook.bearer(json!({})).send(&story).await;
    let mut received = told("hook.receive", 202, &hook.id);
    received["task"] = json!(task_of(&sent));
    assert_eq!(line(&sent), received);
    let refused = hook
        .message(json!({}))
        .header("authorization", "Bearer guess");
    let refused = refused.send(&story).await;
    assert_eq!(
        line(&refused),
        json!({"action": "hook.receive", "outcome": "refused", "status": 401, "who": "anonymous", "object": hook.id})
    );
    let ask = |method, path: &str| story.ask(As::Admin, method, path);
    let changed = ask(Method::PATCH, &hook.path())
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(line(&changed), told("hook.change", 200, &hook.id));
    let path = format!("{}secret/", hook.path());
    let rotated = ask(Method::POST, &path).send().await;
    assert_eq!(line(&rotated), told("hook.rotate", 201, &hook.id));
    let deleted = ask(Method::DELETE, &hook.path()).send().await;
    assert_eq!(line(&deleted), told("hook.delete", 204, &hook.id));
    story.end().await;
}

/// Restarts the bridge with another encryption key.
async fn restart_with(story: &mut Story, key: &str, previous: &str) {
    story.settings.secrets.encryption_key = key.into();
    story.settings.secrets.previous_encryption_keys = previous.into();
    story.restart().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_are_accepted_after_a_change_of_the_encryption_key(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    let first = create(&story, json!({"authentication": "bearer"})).await;
    let second = rotate(&story, &first).await;
    let old = story.secrets.encryption.clone();
    let new = new_key();
    assert!(story.starts(&new, "").await.is_err());
    restart_with(&mut story, &new, &old).await;
    let done = story.reencrypt(&new, &old).await;
    assert_eq!(done.status.code(), Some(0), "{:#?}", done.err);
    restart_with(&mut story, &new, "").await;
    task_of(&first.bearer(json!({})).send(&story).await);
    task_of(&second.bearer(json!({})).send(&story).await);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_webhook_whose_secret_is_lost_accepts_messages_with_a_new_one(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    let lost = create(&story, json!({"authentication": "bearer"})).await;
    let new = new_key();
    let discard = story.with_keys(&["reencrypt", "--discard"], &new, "");
    assert_eq!(discard.run().await.status.code(), Some(0));
    restart_with(&mut story, &new, "").await;
    let (url, token) = (story.openhexa.clone(), story.secrets.openhexa.clone());
    let content = serde_json::Map::new();
    story.configure_with(content, &url, &token, "demo").await;
    for sent in [lost.bearer(json!({})), lost.message(json!({}))] {
        assert_eq!(sent.send(&story).await.status, 401);
    }
    let empty = lost.message(json!({})).header("authorization", "Bearer ");
    assert_eq!(empty.send(&story).await.status, 401);
    let found = rotate(&story, &lost).await;
    task_of(&found.bearer(json!({})).send(&story).await);
    story.end().await;
}
