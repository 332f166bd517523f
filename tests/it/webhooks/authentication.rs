//! Each way to authenticate a message, and that all refusals look the same.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{Hook, REFUSED, begin, create, launched_with, task_of};
use crate::support::catalogue::id;
use crate::support::story::{Answer, As, Base, Postgres, Sqlite};

fn basic(user: &str, password: &str) -> String {
    let pair = BASE64_STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {pair}")
}

#[track_caller]
fn is_refused(answer: &Answer) {
    let told = answer.expect(401);
    assert_eq!(told, json!({"error": REFUSED, "detail": REFUSED}));
    assert!(!answer.header("www-authenticate").is_empty());
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signed_message_launches_the_pipeline(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({})).await;
    assert!(hook.secret.starts_with("whsec_"));
    let key = BASE64_STANDARD.decode(&hook.secret["whsec_".len()..]);
    assert_eq!(key.unwrap().len(), 32);
    let now = story.now().timestamp();
    let sent = hook.signed("msg_1", now, json!({"country": "NE", "year": 2026}));
    let task = task_of(&sent.send(&story).await);
    assert_eq!(
        launched_with(&story).await,
        json!({"country": "NE", "year": 2026})
    );
    let shown = story.task(task).await;
    assert_eq!(shown["pipeline"]["id"], id(1));
    story
        .until_true("the time of its last use", async || {
            let read = story.ask(As::Admin, Method::GET, &hook.path());
            read.send().await.expect(200)["last_used_at"].is_string()
        })
        .await;
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_or_old_signature_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({})).await;
    let now = story.now().timestamp();
    let good = || hook.signed("msg_1", now, json!({}));
    let other = Hook {
        secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned(),
        ..hook.clone()
    };
    let mut changed = good();
    changed.body = json!({"country": "TD"}).to_string();
    for wrong in [
        hook.message(json!({})),
        hook.bearer(json!({})),
        other.signed("msg_1", now, json!({})),
        hook.signed("msg_1", now - 301, json!({})),
        hook.signed("msg_1", now + 302, json!({})),
        good().header("webhook-id", "msg_2"),
        good().header("webhook-timestamp", now - 1),
        good().header("webhook-signature", "v1,"),
        changed,
    ] {
        is_refused(&wrong.send(&story).await);
    }
    let mut twice = good();
    twice.headers.push(("webhook-id", "msg_1".to_owned()));
    is_refused(&twice.send(&story).await);
    assert!(story.runs().await.is_empty());
    let signature = good().headers[2].1.clone();
    let several = good().header("webhook-signature", format!("v1,AAAA {signature} v2,x"));
    task_of(&several.send(&story).await);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bearer_token_launches_the_pipeline(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({"authentication": "bearer"})).await;
    assert!(hook.secret.starts_with("ohw_") && hook.secret.len() == 47);
    let shown = |value: String| hook.message(json!({})).header("authorization", value);
    let secret = &hook.secret;
    for wrong in [
        format!("Bearer {secret}x"),
        format!("Bearer {}", &secret[..20]),
        format!("Bearer {}", secret.to_uppercase()),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        secret.clone(),
        format!("Token {secret}"),
        basic("", secret),
        // A key of the bridge is not the secret of a webhook.
        format!("Bearer {}", story.secrets.admin),
    ] {
        is_refused(&shown(wrong).send(&story).await);
    }
    task_of(&hook.bearer(json!({})).send(&story).await);
    task_of(&shown(format!("bearer {secret}")).send(&story).await);
    // The secret of a webhook is no key of the bridge.
    let listed = story.ask(As::Bearer(secret.clone()), Method::GET, "/tasks/");
    listed.send().await.expect(401);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_name_and_the_secret_launch_the_pipeline(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let body = json!({"authentication": "basic", "username": "dépôt central"});
    let hook = create(&story, body).await;
    let shown = |value: String| hook.message(json!({})).header("authorization", value);
    let (user, secret) = ("dépôt central", &hook.secret);
    for wrong in [
        basic("depot central", secret),
        basic("", secret),
        basic(user, ""),
        basic(user, &format!("{secret}:")),
        format!("Basic {secret}"),
        "Basic !!!".to_owned(),
        "Basic".to_owned(),
        format!("Bearer {secret}"),
    ] {
        is_refused(&shown(wrong).send(&story).await);
    }
    task_of(&shown(basic(user, secret)).send(&story).await);
    task_of(
        &shown(basic(user, secret).replace("Basic", "BASIC"))
            .send(&story)
            .await,
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_webhook_is_refused_like_a_wrong_secret(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let hook = create(&story, json!({})).await;
    let now = story.now().timestamp();
    for unknown in [id(9), "nonsense".to_owned(), hook.id.replace('-', "")] {
        let unknown = Hook {
            id: unknown,
            ..hook.clone()
        };
        is_refused(&unknown.signed("msg_1", now, json!({})).send(&story).await);
        is_refused(&unknown.bearer(json!({})).send(&story).await);
        is_refused(&unknown.message("no json").send(&story).await);
    }
    let refused = hook.bearer("no json").header("accept-language", "fr");
    assert_eq!(
        refused.send(&story).await.error(401),
        "Le webhook n’existe pas, ou le secret ou la signature manque ou n’est pas valide"
    );
    let deleted = story.ask(As::Admin, Method::DELETE, &hook.path());
    assert_eq!(deleted.send().await.status, 204);
    is_refused(&hook.signed("msg_1", now, json!({})).send(&story).await);
    story.end().await;
}
