//! Attached to Iaso: a user's token is verified with Iaso's key, and permissions are read from its tables.

use reqwest::Method;
use serde_json::{Value, json};

use super::{WithSession, denied, may, with_session, with_token};
use crate::attached::stage::{self, Stage};
use crate::support::catalogue::{id, injected, pipeline};
use crate::support::iaso::{self, Iaso, MAY, access, token};
use crate::support::story::{As, Story, StoryBuilder};

const KEY: &str = "django-insecure-the-secret-key-of-this-iaso";
const OLD: &str = "django-insecure-the-secret-key-of-before";
const USERS: &str = include_str!("users.sql");

pub async fn begin_with(more: impl FnOnce(StoryBuilder) -> StoryBuilder) -> Stage {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    let pipelines = json!([pipeline(1, &injected(), behaviour)]);
    let keys = format!("yet-another-one-of-before , {OLD}");
    let known = |plan: StoryBuilder| {
        let plan = plan.setting("iaso.signing_key", KEY);
        more(plan.setting("iaso.previous_signing_keys", &keys))
    };
    Stage::set(stage::Iaso::with(USERS).await, pipelines, known).await
}

async fn begin() -> Stage {
    begin_with(|plan| plan).await
}

/// The token that Iaso would issue to this user.
pub fn token_of(story: &Story, user: i64) -> String {
    token(&access(user, story.now().timestamp() + 3600), KEY)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_permission_is_read_from_all_tables_where_iaso_stores_it() {
    let stage = begin().await;
    let story = &stage.story;
    let operates = [200, 201, 403];
    let nothing = [403, 403, 403];
    for (user, why, statuses) in [
        (10, "directly", operates),
        (11, "by a group", operates),
        (12, "by a role with its group", operates),
        (13, "by a role without its group", operates),
        (14, "by a role of another account", nothing),
        (15, "of another application", nothing),
        (16, "superuser", operates),
        (17, "staff", nothing),
        (18, "switched off", [401; 3]),
        (19, "other rights", nothing),
        (20, "no profile", [422; 3]),
        (21, "no profile and no permission", nothing),
        (25, "no permission at all", nothing),
        (26, "nobody", [401; 3]),
    ] {
        let token = token_of(story, user);
        let shown = may(story, |ask| {
            ask.header("authorization", &format!("Bearer {token}"))
        });
        assert_eq!(shown.await, statuses, "{user}: {why}");
    }
    denied(
        &with_token(story, &token_of(story, 18), "/tasks/").await,
        401,
        Some("user_inactive"),
    );
    denied(
        &with_token(story, &token_of(story, 26), "/tasks/").await,
        401,
        Some("user_not_found"),
    );
    denied(
        &with_token(story, &token_of(story, 4_000_000_000), "/tasks/").await,
        401,
        Some("user_not_found"),
    );
    let launch = story.ask(
        As::Bearer(token_of(story, 12)),
        Method::POST,
        &format!("/pipelines/{}/launch/", id(1)),
    );
    let task = launch.json(&json!({"config": {}})).send().await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    let launcher = story.task(task).await["launcher"].clone();
    assert_eq!(
        launcher,
        json!({"id": 12, "username": "user-12", "full_name": "User Number 12"})
    );
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_in_iaso_apply_at_once() {
    let stage = begin().await;
    let story = &stage.story;
    let token = token_of(story, 10);
    with_token(story, &token, "/tasks/").await.expect(200);
    stage
        .sql("DELETE FROM auth_user_user_permissions WHERE user_id = 10")
        .await;
    denied(&with_token(story, &token, "/tasks/").await, 403, None);
    stage
        .sql("UPDATE auth_user SET is_superuser = true WHERE id = 10")
        .await;
    with_token(story, &token, "/tasks/").await.expect(200);
    stage
        .sql("UPDATE auth_user SET is_active = false WHERE id = 10")
        .await;
    denied(
        &with_token(story, &token, "/tasks/").await,
        401,
        Some("user_inactive"),
    );
    stage.sql("UPDATE auth_user SET is_active = true WHERE id = 10; UPDATE iaso_profile SET account_id = 2 WHERE user_id = 10").await;
    let launched = story.launch(&id(1), json!({})).await;
    with_token(story, &token, &format!("/tasks/{launched}/"))
        .await
        .error(404);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_iaso_would_refuse_is_refused() {
    let stage = begin().await;
    let story = &stage.story;
    let now = story.now().timestamp();
    let good = access(10, now + 60);
    let with = |key: &str, value: Value| {
        let mut claims = good.clone();
        claims[key] = value;
        claims
    };
    let without = |key: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(key);
        claims
    };
    for claims in [
        &good,
        &with("user_id", json!("10")),
        &with("nbf", json!(now)),
        &with("iss", json!("anybody")),
    ] {
        with_token(story, &token(claims, KEY), "/tasks/")
            .await
            .expect(200);
    }
    with_token(story, &token(&good, OLD), "/tasks/")
        .await
        .expect(200);
    for claims in [
        with("token_type", json!("refresh")),
        with("token_type", json!("sliding")),
        without("token_type"),
        with("exp", json!(now)),
        with("exp", json!(now - 1)),
        with("exp", json!("soon")),
        with("exp", Value::Null),
        without("exp"),
        with("nbf", json!(now + 60)),
        without("user_id"),
        with("user_id", json!("ten")),
        with("user_id", Value::Null),
        with("user_id", json!([10])),
        with("user_id", json!(10.5)),
        json!({}),
    ] {
        let answer = with_token(story, &token(&claims, KEY), "/tasks/").await;
        denied(&answer, 401, Some("token_not_valid"));
    }
    let sound = token(&good, KEY);
    let parts: Vec<&str> = sound.split('.').collect();
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let rs256 = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9";
    for forged in [
        token(&good, "another key"),
        token(&good, ""),
        token(&good, &story.secrets.callback),
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{rs256}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{sound}x"),
    ] {
        denied(
            &with_token(story, &forged, "/tasks/").await,
            401,
            Some("token_not_valid"),
        );
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_sessions_are_sent_to_iaso_if_tokens_can_be_verified() {
    let iaso = Iaso::start();
    let stage = begin_with(|plan| plan.setting("iaso.url", &iaso.url)).await;
    let story = &stage.story;
    let known_to_iaso_alone = iaso.token(iaso::profile(10, 1, MAY));
    denied(
        &with_token(story, &known_to_iaso_alone, "/tasks/").await,
        401,
        Some("token_not_valid"),
    );
    with_token(story, &token_of(story, 10), "/tasks/")
        .await
        .expect(200);
    assert!(iaso.received().is_empty());
    let session = iaso.session(iaso::superuser(16, 1));
    with_session(story, &session, "/config/").await;
    assert_eq!(iaso.received().len(), 1);
    // Iaso identifies the user of a session; the tables give the permissions, because a profile omits those
    // of modules that the account does not have.
    let without_module = iaso.session(iaso::profile(10, 1, &[]));
    with_session(story, &without_module, "/tasks/")
        .await
        .expect(200);
    let no_more = iaso.session(iaso::profile(19, 1, MAY));
    denied(&with_session(story, &no_more, "/tasks/").await, 403, None);
    // Without its key every token is verified by Iaso, and without an Iaso URL no session is accepted.
    stage.end().await;
    let stage = begin_with(|plan| {
        let plan = plan.setting("iaso.url", &iaso.url);
        let plan = plan.setting("iaso.signing_key", "");
        plan.setting("iaso.previous_signing_keys", "")
    })
    .await;
    let story = &stage.story;
    with_token(story, &known_to_iaso_alone, "/tasks/")
        .await
        .expect(200);
    stage.end().await;
    let stage = begin().await;
    let story = &stage.story;
    denied(&with_session(story, &session, "/tasks/").await, 401, None);
    let ask = story
        .ask(As::Anonymous, Method::POST, "/tasks/1/cancel/")
        .in_iaso(&session);
    denied(&ask.send().await, 401, None);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn if_the_database_fails_iaso_users_get_503() {
    let stage = begin().await;
    let story = &stage.story;
    stage
        .sql("ALTER TABLE auth_user RENAME TO auth_user_gone")
        .await;
    let answer = with_token(story, &token_of(story, 10), "/tasks/").await;
    let error = answer.error(503);
    assert!(
        error.starts_with("The bridge's database cannot process")
            && !answer.text.contains("auth_user"),
        "{error}"
    );
    stage
        .sql("ALTER TABLE auth_user_gone RENAME TO auth_user")
        .await;
    with_token(story, &token_of(story, 10), "/tasks/")
        .await
        .expect(200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_may_administer_only_with_iasos_permission_to_change_openhexa() {
    let iaso = Iaso::start();
    let stage = begin_with(|plan| plan.setting("iaso.url", &iaso.url)).await;
    let story = &stage.story;
    let status = async |user: i64, account: i64| {
        let mut profile = iaso::profile(user, account, MAY);
        profile["is_staff"] = json!(true);
        let session = iaso.session(profile);
        let answer = with_session(story, &session, "/config/").await;
        with_session(story, &session, "/tasks/").await.expect(200);
        answer.status
    };
    for (user, account, why, expected) in [
        (31, 1, "staff alone", 403),
        (32, 1, "staff who may change instances", 200),
        (33, 1, "by a group", 200),
        (34, 1, "the permission without staff", 403),
        (35, 1, "of another application", 403),
        (
            36,
            1,
            "the older record, but the account has a workspace",
            403,
        ),
        (37, 2, "the older record, which serves another account", 403),
        (38, 1, "by a role that Iaso's admin does not ask", 403),
        (39, 1, "workspaces, but not the address and the token", 403),
        (40, 1, "a superuser whom Iaso's admin does not admit", 403),
    ] {
        assert_eq!(status(user, account).await, expected, "{user}: {why}");
    }
    // No Iaso token may administer, of any user.
    with_token(story, &token_of(story, 32), "/config/")
        .await
        .error(403);
    // Without a workspace the account uses the older record.
    stage
        .sql("UPDATE iaso_openhexaworkspace SET deleted_at = now() WHERE account_id = 1")
        .await;
    assert_eq!(status(36, 1).await, 404);
    stage.end().await;
}
