//! Random credentials: only issued ones are accepted.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use reqwest::Method;
use serde_json::{Value, json};

use crate::callback::{launched, plan};
use crate::support::catalogue::id;
use crate::support::story::{As, Base, Story};

const CASES: usize = 400;

/// The credential is neither a key nor a token, so it can neither read nor report.
async fn is_refused(story: &Story, credentials: &str, task: i64) {
    let list = story
        .ask(As::Anonymous, Method::GET, "/pipelines/")
        .header("authorization", credentials);
    let answer = list.send().await;
    assert_eq!(answer.status, 401, "{credentials:?}: {}", answer.text);
    let path = format!("/pipelines/{}/", id(1));
    let report = story
        .ask(As::Anonymous, Method::PATCH, &path)
        .header("authorization", credentials);
    let answer = report
        .json(&json!({"task_id": task, "progress_value": 1}))
        .send()
        .await;
    assert_eq!(answer.status, 401, "{credentials:?}: {}", answer.text);
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// Modified copies of a valid token.
fn forged(token: &str) -> Vec<String> {
    let parts: Vec<&str> = token.split('.').collect();
    let (head, claims, seal) = (parts[0], parts[1], parts[2]);
    let mut forged = vec![
        format!("{head}.{claims}."),
        format!("{head}.{claims}"),
        format!("{head}..{seal}"),
        format!(".{claims}.{seal}"),
        format!("{head}.{claims}.{seal}."),
        format!("{head}.{claims}.{seal}.{seal}"),
        format!("{head}.{claims}.{seal}="),
        format!("{claims}.{head}.{seal}"),
        format!("{token}x"),
        token.to_uppercase(),
    ];
    for algorithm in [
        "none", "None", "NONE", "HS384", "HS512", "RS256", "ES256", "EdDSA", "",
    ] {
        let head = encoded(&json!({"typ": "JWT", "alg": algorithm}));
        forged.extend([
            format!("{head}.{claims}.{seal}"),
            format!("{head}.{claims}."),
        ]);
    }
    let key = json!({"kty": "oct", "k": "AAAA"});
    for head in [
        json!({"alg": "HS256", "jwk": key}),
        json!({"alg": "HS256", "kid": "../../dev/null"}),
        json!({"alg": "HS256", "jku": "http://127.0.0.1/"}),
        json!(null),
    ] {
        forged.push(format!("{}.{claims}.{seal}", encoded(&head)));
    }
    for (name, value) in [
        ("account", json!(2)),
        ("task", json!(1_000_000)),
        ("task", json!("1")),
        ("exp", json!(i64::MAX)),
        ("exp", json!(null)),
        ("aud", json!("")),
        ("aud", json!(["openhexa-bridge:callback"])),
        ("pipeline", json!(id(2))),
        ("role", json!("admin")),
        ("iat", json!(0)),
    ] {
        let mut claims = decoded(claims);
        claims[name] = value;
        forged.push(format!("{head}.{}.{seal}", encoded(&claims)));
    }
    forged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_were_never_issued_are_refused() {
    let (story, task) = launched(Base::Sqlite).await;
    let mut runner = TestRunner::default();
    let words = prop_oneof![
        "[!-~]{1,80}",
        "[A-Za-z0-9_-]{1,60}\\.[A-Za-z0-9_-]{1,60}\\.[A-Za-z0-9_-]{1,60}",
        "ohb-(admin|operator|viewer)-[0-9a-f]{64}",
        "[ -~]{0,40}",
        "[A-Za-z0-9+/]{2000}",
    ];
    for _ in 0..CASES {
        let word = words.new_tree(&mut runner).unwrap().current();
        is_refused(&story, &format!("Bearer {word}"), task).await;
        is_refused(&story, word.trim(), task).await;
    }
    story.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_modified_token_is_refused() {
    let story = plan(Base::Sqlite).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    let token = story.callback_token().await;
    for token in forged(&token) {
        is_refused(&story, &format!("Bearer {token}"), task).await;
    }
    // Replaces each character by another one.
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    let mut runner = TestRunner::default();
    let changes = (0..token.len(), proptest::sample::select(letters.to_vec()));
    for _ in 0..CASES {
        let (at, letter) = changes.new_tree(&mut runner).unwrap().current();
        let mut changed = token.clone().into_bytes();
        changed[at] = letter;
        let changed = String::from_utf8(changed).unwrap();
        if changed != token {
            is_refused(&story, &format!("Bearer {changed}"), task).await;
        }
    }
    let untouched = story.ask(
        As::Bearer(token),
        Method::PATCH,
        &format!("/pipelines/{}/", id(1)),
    );
    untouched
        .json(&json!({"progress_value": 1}))
        .send()
        .await
        .expect(200);
    story.end().await;
}
