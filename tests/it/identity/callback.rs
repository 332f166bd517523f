//! Callback tokens that Iaso accepts as tokens of the user who launched: the bridge accepts them only for
//! their task.

use chrono::TimeDelta;
use reqwest::Method;
use rstest::rstest;
use serde_json::{Map, Value, json};

use super::tables::{self, token_of};
use super::{WithSession, denied};
use crate::support::catalogue::{id, injected, pipeline};
use crate::support::iaso::{self, Iaso, MAY, token};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

const KEY: &str = "django-insecure-the-secret-key-of-this-iaso";
const CLAIM: &str = "openhexa_bridge";

/// The claims of a token.
fn claims(token: &str) -> Map<String, Value> {
    let none = jsonwebtoken::DecodingKey::from_secret(KEY.as_bytes());
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    rules.validate_aud = false;
    rules.validate_exp = false;
    // Decoded with Iaso's own key, which proves that the token was signed with it.
    jsonwebtoken::decode::<Map<String, Value>>(token, &none, &rules)
        .unwrap()
        .claims
}

fn plan(base: Base, iaso: &Iaso) -> StoryBuilder {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    let each = |number| pipeline(number, &injected(), behaviour.clone());
    StoryBuilder::on(base)
        .pipelines(json!([each(1), each(2)]))
        .setting("iaso.url", &iaso.url)
        .setting("callback.iaso_signing_key", KEY)
}

/// Launches as this Iaso user; returns the task and its callback token.
pub async fn launch(story: &Story, session: &str) -> (i64, String) {
    let ask = story.ask(
        As::Anonymous,
        Method::POST,
        &format!("/pipelines/{}/launch/", id(1)),
    );
    let answer = ask
        .in_iaso(session)
        .json(&json!({"config": {}}))
        .send()
        .await
        .expect(201);
    (
        answer["task"]["id"].as_i64().unwrap(),
        story.callback_token().await,
    )
}

async fn report(story: &Story, token: &str, body: &Value) -> Answer {
    let ask = story.ask(
        As::Bearer(token.to_owned()),
        Method::PATCH,
        &format!("/pipelines/{}/", id(1)),
    );
    ask.json(body).send().await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_an_access_token_of_the_launcher_until_the_time_limit_of_the_run(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso).begin().await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let (task, token) = launch(&story, &session).await;
    let said = claims(&token);
    assert_eq!(
        (&said["token_type"], &said["user_id"]),
        (&json!("access"), &json!(4))
    );
    assert!(
        said["jti"].as_str().unwrap().len() == 32
            && !said.contains_key("aud")
            && !said.contains_key("iat")
    );
    // A day in the queue, the version's timeout of one hour, and an hour of grace.
    assert_eq!(
        said["exp"],
        (story.now() + TimeDelta::hours(26)).timestamp()
    );
    let launch = &said[CLAIM]["launch"];
    assert!(
        launch.as_str().is_some_and(|launch| launch.len() == 36),
        "{launch}"
    );
    assert_eq!(
        said[CLAIM],
        json!({"aud": "openhexa-bridge:callback", "account": 1, "task": task, "pipeline": id(1), "launch": launch})
    );
    assert_eq!(
        report(
            &story,
            &token,
            &json!({"task_id": task, "progress_value": 5})
        )
        .await
        .expect(200)["task"]["progress_value"],
        5
    );
    assert_eq!(
        report(&story, &token, &json!({"status": "SUCCESS"}))
            .await
            .expect(200)["task"]["id"],
        task
    );
    // A launch without an Iaso user: the bridge's own token.
    story.launch(&id(1), json!({})).await;
    let own = story.callback_token().await;
    let key = jsonwebtoken::DecodingKey::from_secret(story.secrets.callback.as_bytes());
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    rules.set_audience(&["openhexa-bridge:callback"]);
    let said = jsonwebtoken::decode::<Map<String, Value>>(&own, &key, &rules)
        .unwrap()
        .claims;
    assert!(
        !said.contains_key("user_id") && !said.contains_key("token_type"),
        "{said:?}"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_iasos_key_every_token_is_the_bridges_own(#[values(Sqlite, Postgres)] base: Base) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso)
        .setting("callback.iaso_signing_key", "")
        .begin()
        .await;
    let (task, token) = launch(&story, &iaso.session(iaso::profile(4, 1, MAY))).await;
    let key = jsonwebtoken::DecodingKey::from_secret(story.secrets.callback.as_bytes());
    let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
    rules.set_audience(&["openhexa-bridge:callback"]);
    jsonwebtoken::decode::<Map<String, Value>>(&token, &key, &rules).unwrap();
    report(
        &story,
        &token,
        &json!({"task_id": task, "progress_value": 5}),
    )
    .await
    .expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bridge_accepts_it_only_for_reports_on_its_own_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso).begin().await;
    // The user who launched is a superuser, and Iaso would accept the token as theirs.
    let superuser = iaso::superuser(4, 1);
    let session = iaso.session(superuser);
    let (task, token) = launch(&story, &session).await;
    let (other, _) = launch(&story, &session).await;
    let unknown = report(&story, &token, &json!({"task_id": 999_999}))
        .await
        .expect(400);
    assert_eq!(
        report(
            &story,
            &token,
            &json!({"task_id": other, "status": "ERROR"})
        )
        .await
        .expect(400),
        unknown
    );
    let elsewhere = story.ask(
        As::Bearer(token.clone()),
        Method::PATCH,
        &format!("/pipelines/{}/", id(2)),
    );
    assert_eq!(
        elsewhere
            .json(&json!({"task_id": task}))
            .send()
            .await
            .expect(400),
        unknown
    );
    let asked = iaso.received().len();
    for route in openhexa_bridge::http::list_routes()
        .into_iter()
        .filter(|route| route.role.is_some())
    {
        let path = route
            .path
            .replace("{id}", &task.to_string())
            .replace("{code}", "x");
        for method in route.methods {
            let ask = story.ask_at(As::Bearer(token.clone()), method.parse().unwrap(), &path);
            // Not even together with the session of the user who launched.
            let answer = ask.in_iaso(&session).send().await;
            assert_eq!(answer.status, 403, "{method} {path}");
        }
    }
    // Later the token is refused at every route.
    story.advance(TimeDelta::hours(26));
    denied(
        &report(
            &story,
            &token,
            &json!({"task_id": task, "progress_value": 5}),
        )
        .await,
        401,
        Some("token_not_valid"),
    );
    denied(
        &story
            .ask(As::Bearer(token), Method::GET, "/tasks/")
            .send()
            .await,
        401,
        Some("token_not_valid"),
    );
    assert_eq!(
        iaso.received().len(),
        asked,
        "the bridge must not send it to Iaso"
    );
    assert_eq!(story.task(task).await["progress_value"], 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_previous_key_verifies_tokens_but_does_not_sign_new_ones(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let iaso = Iaso::start();
    let mut story = plan(base, &iaso).begin().await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let (task, as_user) = launch(&story, &session).await;
    let other = story.launch(&id(1), json!({})).await;
    let own = story.callback_token().await;
    let before = format!("{KEY}, {}", story.secrets.callback);
    // Both settings are changed at once.
    story.settings.callback.iaso_signing_key =
        "django-insecure-the-next-secret-key-of-this-iaso".into();
    story.settings.secrets.callback_key =
        "the-next-key-that-callback-tokens-are-signed-with".into();
    story.restart().await;
    for (token, task) in [(&as_user, task), (&own, other)] {
        denied(
            &report(
                &story,
                token,
                &json!({"task_id": task, "progress_value": 1}),
            )
            .await,
            401,
            Some("token_not_valid"),
        );
    }
    story.settings.secrets.previous_callback_keys = before.into();
    story.restart().await;
    for (token, task) in [(&as_user, task), (&own, other)] {
        report(
            &story,
            token,
            &json!({"task_id": task, "progress_value": 2}),
        )
        .await
        .expect(200);
    }
    let (next, token) = launch(&story, &session).await;
    report(
        &story,
        &token,
        &json!({"task_id": next, "progress_value": 3}),
    )
    .await
    .expect(200);
    story.settings.secrets.previous_callback_keys = "".into();
    story.restart().await;
    report(
        &story,
        &token,
        &json!({"task_id": next, "progress_value": 4}),
    )
    .await
    .expect(200);
    denied(
        &report(&story, &as_user, &json!({"task_id": task})).await,
        401,
        Some("token_not_valid"),
    );
    denied(
        &story
            .ask(As::Bearer(as_user), Method::GET, "/tasks/")
            .send()
            .await,
        401,
        Some("token_not_valid"),
    );
    story.end().await;
}

/// Claims of our tokens in every possible form, each valid for Iaso.
fn claim_variants(good: &Value, until: i64) -> Vec<Value> {
    let task = &good["task"];
    let mut other_aud = good.clone();
    other_aud["aud"] = json!("another");
    let mut text = good.clone();
    text["task"] = json!(task.to_string());
    let user = iaso::access(16, until);
    let with = |key: &str, value: Value| {
        let mut claims = user.clone();
        claims[key] = value;
        claims
    };
    let mut without_launch = good.clone();
    without_launch.as_object_mut().unwrap().remove("launch");
    let mut stale = with(CLAIM, good.clone());
    stale["exp"] = json!(until - 7200);
    vec![
        stale,
        with(CLAIM, other_aud),
        with(CLAIM, text),
        with(CLAIM, without_launch),
        with(CLAIM, Value::Null),
        with(CLAIM, json!({})),
        with(CLAIM, json!([])),
        with(CLAIM, json!("x")),
        with(CLAIM, json!(false)),
        with("aud", json!("openhexa-bridge:callback")),
        with("aud", json!(["x", "openhexa-bridge:callback"])),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_with_the_bridges_claim_in_any_form_is_never_a_users() {
    let stage = tables::begin_with(|plan| plan.setting("callback.iaso_signing_key", KEY)).await;
    let story = &stage.story;
    let ask = story.ask(
        As::Bearer(token_of(story, 16)),
        Method::POST,
        &format!("/pipelines/{}/launch/", id(1)),
    );
    let task = ask.json(&json!({"config": {}})).send().await.expect(201)["task"]["id"]
        .as_i64()
        .unwrap();
    let callback = story.callback_token().await;
    assert_eq!(claims(&callback)["user_id"], 16);
    denied(
        &story
            .ask(As::Bearer(callback.clone()), Method::GET, "/tasks/")
            .send()
            .await,
        403,
        None,
    );
    report(
        story,
        &callback,
        &json!({"task_id": task, "progress_value": 1}),
    )
    .await
    .expect(200);
    let until = story.now().timestamp() + 3600;
    let good = claims(&callback)[CLAIM].clone();
    for claims in claim_variants(&good, until) {
        let token = token(&claims, KEY);
        denied(
            &story
                .ask(As::Bearer(token.clone()), Method::GET, "/tasks/")
                .send()
                .await,
            401,
            Some("token_not_valid"),
        );
        denied(
            &report(
                story,
                &token,
                &json!({"task_id": task, "progress_value": 9}),
            )
            .await,
            401,
            Some("token_not_valid"),
        );
    }
    // The same user with their own token.
    story
        .ask(As::Bearer(token_of(story, 16)), Method::GET, "/tasks/")
        .send()
        .await
        .expect(200);
    story.advance(TimeDelta::hours(26));
    denied(
        &story
            .ask(As::Bearer(callback), Method::GET, "/tasks/")
            .send()
            .await,
        401,
        Some("token_not_valid"),
    );
    assert_eq!(story.task(task).await["progress_value"], 1);
    stage.end().await;
}
