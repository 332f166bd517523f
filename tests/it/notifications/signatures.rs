//! Signatures as in the Standard Webhooks specification, verified by its public Python library.

use std::process::Stdio;

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::mail_server::file;
use super::receiver::{Receiver, Reply, Request};
use super::{admin, channel_of, notice, notify, of_flow, read, send_due, subscribed};
use crate::sdk_pipelines::python;
use crate::support::story::{Base, Postgres, Sqlite, Story, StoryBuilder};

/// What the library says about a request.
async fn verify(story: &Story, secret: &str, request: &Request) -> String {
    let headers: serde_json::Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), json!(value)))
        .collect();
    let message = json!({
        "secret": secret, "headers": headers, "body": request.body, "now": story.now().timestamp(),
    });
    let mut process = Command::new(python())
        .arg(file("verify.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = process.stdin.take().unwrap();
    input
        .write_all(message.to_string().as_bytes())
        .await
        .unwrap();
    drop(input);
    let output = process.wait_with_output().await.unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_library_accepts_a_message_and_its_body_is_documented(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base)
        .setting("server.public_url", "https://bridge.example.org")
        .begin()
        .await;
    let receiver = Receiver::always(Reply::Status(204)).await;
    let channel = subscribed(&story, "team", &receiver.url).await;
    let now = story.now();
    let mut late = notice("Daily load is late");
    late.subject = of_flow(3, "daily");
    late.details = vec![notice("Expected at 06:00").title];
    notify(&story, late).await;
    send_due(&story).await;

    let request = receiver.requests().remove(0);
    assert_eq!(request.line, "POST /hook?team=1 HTTP/1.1");
    assert_eq!(request.header("content-type"), "application/json");
    assert!(request.header("user-agent").starts_with("openhexa-bridge/"));
    assert!(request.id().starts_with("msg_") && request.id().len() == 36);
    assert_eq!(request.timestamp(), now.timestamp());
    assert_eq!(verify(&story, &channel.secret, &request).await, "valid");
    assert_eq!(
        request.json(),
        json!({
            "type": "alert.opened",
            "timestamp": now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "data": {
                "rows": 7,
                "title": {"en": "Daily load is late", "fr": "Daily load is late (fr)"},
                "details": [{"en": "Expected at 06:00", "fr": "Expected at 06:00 (fr)"}],
                "url": "https://bridge.example.org/dashboard/flow-runs/12/",
                "subject": {
                    "kind": "flow", "slug": "daily", "name": {"en": "Daily load", "fr": "Chargement quotidien"},
                },
            },
        })
    );
    // The library can refuse: a changed body, another secret, an old message.
    let changed = Request {
        body: request.body.replace('7', "8"),
        ..request.clone()
    };
    let no_match = "No matching signature found";
    assert_eq!(verify(&story, &channel.secret, &changed).await, no_match);
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    assert_eq!(verify(&story, other, &request).await, no_match);
    story.advance(TimeDelta::minutes(6));
    let old = verify(&story, &channel.secret, &request).await;
    assert_eq!(old, "Message timestamp too old");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_secrets_sign_for_a_day_after_a_rotation(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let receiver = Receiver::always(Reply::Status(200)).await;
    let old = subscribed(&story, "team", &receiver.url).await;
    let path = format!("{}secret/", old.path());
    let rotated = admin(&story, Method::POST, &path, &json!({})).await;
    let new = channel_of(&rotated.expect(201));
    assert_ne!(new.secret, old.secret);
    let until = story.now() + TimeDelta::hours(24);
    let until = until.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    assert_eq!(read(&story, &old.path()).await["old_secret_until"], until);

    notify(&story, notice("first")).await;
    send_due(&story).await;
    let both = receiver.requests().remove(0);
    assert_eq!(both.header("webhook-signature").split(' ').count(), 2);
    assert_eq!(verify(&story, &old.secret, &both).await, "valid");
    assert_eq!(verify(&story, &new.secret, &both).await, "valid");

    story.advance(TimeDelta::hours(24));
    notify(&story, notice("second")).await;
    send_due(&story).await;
    let one = receiver.requests().remove(1);
    let no_match = "No matching signature found";
    assert_eq!(verify(&story, &old.secret, &one).await, no_match);
    assert_eq!(verify(&story, &new.secret, &one).await, "valid");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_try_has_the_same_id_and_body_and_a_signature_of_its_own_time(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = StoryBuilder::on(base).begin().await;
    let script = |n| Reply::Status(if n == 0 { 500 } else { 200 });
    let receiver = Receiver::serve(script).await;
    let channel = subscribed(&story, "team", &receiver.url).await;
    notify(&story, notice("late")).await;
    send_due(&story).await;
    story.advance(TimeDelta::minutes(10));
    send_due(&story).await;
    let tries = receiver.requests();
    assert_eq!(tries.len(), 2);
    assert_eq!(tries[0].id(), tries[1].id());
    assert_eq!(tries[0].body, tries[1].body);
    assert_eq!(tries[1].timestamp() - tries[0].timestamp(), 600);
    let signature = |n: usize| tries[n].header("webhook-signature").to_owned();
    assert_ne!(signature(0), signature(1));
    assert_eq!(verify(&story, &channel.secret, &tries[1]).await, "valid");
    story.end().await;
}
