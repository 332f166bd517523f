//! A webhook launches only while the caller that created it may still launch.

use chrono::TimeDelta;
use openhexa_bridge::domain::ids::{AccountId, KeyId};
use openhexa_bridge::domain::principal::{Actor, Principal, Role};
use reqwest::Method;
use rstest::rstest;
use secrecy::SecretString;
use serde_json::json;

use super::{begin, create_as, hook_of, plan, task_of};
use crate::identity::tables;
use crate::support::catalogue::{parameter, pipeline, quick};
use crate::support::database;
use crate::support::story::{As, Base, Postgres, Sqlite, Story};

const GONE: &str = "The user or key that created this webhook may no longer launch pipelines: ask an administrator to create the webhook again";

async fn created_by(story: &Story, who: As) -> super::Hook {
    let body = json!({"authentication": "bearer"});
    hook_of(&create_as(story, who, body).await.expect(201))
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_of_a_revoked_key_launches_no_more(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let key = story
        .create_key(&["--role", "admin", "--name", "ops"])
        .await;
    let hook = created_by(&story, As::Bearer(key)).await;
    let first = hook.bearer(json!({})).header("webhook-id", "m1");
    let task = task_of(&first.send(&story).await);
    let revoked = story.keys(&["revoke", "1"]).await;
    assert!(revoked.status.success());
    let second = hook.bearer(json!({})).header("webhook-id", "m2");
    let refused = second.send(&story).await;
    assert_eq!(refused.expect(403), json!({"error": GONE, "detail": GONE}));
    let french = second.header("accept-language", "fr").send(&story).await;
    assert_eq!(
        french.error(403),
        "L’utilisateur ou la clé qui a créé ce webhook n’a plus le droit de lancer des pipelines\u{a0}: demandez à un administrateur de créer le webhook à nouveau"
    );
    assert_eq!(task_of(&first.send(&story).await), task, "a known message");
    assert_eq!(story.runs().await.len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_of_an_expired_key_launches_no_more(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let key = story
        .create_key(&["--role", "admin", "--name", "ops"])
        .await;
    let hook = created_by(&story, As::Bearer(key)).await;
    let end = story.now() + TimeDelta::days(1);
    let end = end.format("%Y-%m-%dT%H:%M:%S%.3fZ");
    database::sql(&story, &format!("UPDATE api_key SET expires_at = '{end}'")).await;
    task_of(&hook.bearer(json!({})).send(&story).await);
    story.advance(TimeDelta::days(1));
    assert_eq!(hook.bearer(json!({})).send(&story).await.error(403), GONE);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_of_a_key_removed_from_the_settings_launches_no_more(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let mut story = begin(base).await;
    let hook = created_by(&story, As::Admin).await;
    task_of(&hook.bearer(json!({})).send(&story).await);
    story.settings.keys.admin = SecretString::from("");
    story.restart().await;
    assert_eq!(hook.bearer(json!({})).send(&story).await.error(403), GONE);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_of_the_local_user_launches_only_without_sign_in(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).local().begin().await;
    let hook = created_by(&story, As::Anonymous).await;
    task_of(&hook.bearer(json!({})).send(&story).await);
    let refused = hook.message(json!({})).send(&story).await;
    assert_eq!(refused.status, 401, "a message always needs the secret");
    let other = story.second_replica().await;
    let refused = hook.bearer(json!({})).send_to(&story, &other.url()).await;
    assert_eq!(refused.error(403), GONE, "the other bridge has sign-in");
    other.stop().await;
    story.end().await;
}

fn caller(actor: Actor, role: Role) -> Principal {
    Principal {
        account: AccountId(1),
        role,
        actor,
        person: None,
        key: None,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_could_never_launch_may_not_launch_later(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let bridge = story.bridge();
    let may = async |who: Principal| bridge.identity.may_still_launch(&who).await.unwrap();
    let key = |id| Actor::Key {
        id: KeyId(id),
        name: "ops".to_owned(),
    };
    story
        .create_key(&["--role", "viewer", "--name", "ops"])
        .await;
    let (operator, viewer) = (Role::Operator, Role::Viewer);
    assert!(may(caller(Actor::SettingsKey(operator), operator)).await);
    assert!(!may(caller(Actor::SettingsKey(viewer), viewer)).await);
    assert!(!may(caller(key(1), operator)).await, "its role is viewer");
    assert!(!may(caller(key(99), operator)).await);
    assert!(!may(caller(Actor::LocalUser, operator)).await);
    assert!(!may(caller(Actor::CommandLine, operator)).await);
    assert!(!may(caller(Actor::Iaso, operator)).await);
    assert!(!may(caller(Actor::User("eve".to_owned()), operator)).await);
    let elsewhere = Principal {
        account: AccountId(2),
        ..caller(Actor::SettingsKey(operator), operator)
    };
    assert!(!may(elsewhere).await);
    story.end().await;
}

/// A webhook that a superuser of Iaso has created with their session.
async fn created_in_iaso(story: &Story, session: &str) -> super::Hook {
    let body = json!({"name": "Stock", "pipeline": crate::support::catalogue::id(1), "authentication": "bearer"});
    let ask = story
        .ask(As::Anonymous, Method::POST, "/hooks/")
        .json(&body);
    let ask = ask
        .header("cookie", &format!("sessionid={session}"))
        .header("sec-fetch-site", "same-origin");
    hook_of(&ask.send().await.expect(201))
}

/// Users are read from Iaso's tables.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_webhook_of_a_user_deactivated_in_iaso_launches_no_more() {
    let iaso = crate::support::iaso::Iaso::start();
    let stage = tables::begin_with(|plan| plan.setting("iaso.url", &iaso.url)).await;
    let story = &stage.story;
    let session = iaso.session(crate::support::iaso::superuser(32, 1));
    let hook = created_in_iaso(story, &session).await;
    task_of(&hook.bearer(json!({})).send(story).await);
    let iaso_says = async |statement: &str| stage.iaso.sql(statement).await;
    iaso_says("UPDATE auth_user SET is_active = false WHERE id = 32").await;
    assert_eq!(hook.bearer(json!({})).send(story).await.error(403), GONE);
    iaso_says("UPDATE auth_user SET is_active = true WHERE id = 32").await;
    task_of(&hook.bearer(json!({})).send(story).await);
    iaso_says("DELETE FROM auth_user_user_permissions WHERE user_id = 32").await;
    assert_eq!(hook.bearer(json!({})).send(story).await.error(403), GONE);
    stage.end().await;
}

/// Iaso's form sends 0 for a number that was left empty. Messages do not come from that form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_number_0_of_a_message_is_a_value_although_a_user_of_iaso_created_the_webhook() {
    let iaso = crate::support::iaso::Iaso::start();
    let level = json!({"required": false, "choices": [1, 2]});
    let pipelines = json!([pipeline(
        1,
        &[parameter("level", "int", level)],
        quick("succeed")
    )]);
    let stage =
        tables::begin_with(|plan| plan.setting("iaso.url", &iaso.url).pipelines(pipelines)).await;
    let story = &stage.story;
    let session = iaso.session(crate::support::iaso::superuser(32, 1));
    let hook = created_in_iaso(story, &session).await;
    let refused = hook.bearer(json!({"level": 0})).send(story).await;
    let errors = refused.expect(400);
    assert!(errors["config"]["level"].is_array(), "{errors}");
    task_of(&hook.bearer(json!({"level": 1})).send(story).await);
    stage.end().await;
}
