//! Permissions: every route with every kind of caller, and the format of error responses.

mod local;
mod responses;

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

/// A bridge with a running task of pipeline 1, its id, and the callback token of its run.
async fn with_a_task(base: Base) -> (Story, i64, String) {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    let file = json!({"path": "reference/districts.csv", "format": "csv", "column": "name"});
    let mut parameters = injected();
    parameters.push(parameter(
        "district",
        "str",
        json!({"choicesFromFile": file}),
    ));
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, behaviour)]))
        .begin()
        .await;
    let task = story.launch(&id(1), json!({})).await;
    let token = story.callback_token().await;
    (story, task, token)
}

/// A request, with the status for each of: anonymous, an unknown bearer token, a running pipeline, viewer,
/// operator, administrator.
type Row = (Method, String, Option<Value>, [u16; 6]);

const READS: [u16; 6] = [401, 401, 403, 200, 200, 200];

const OPERATES: [u16; 6] = [401, 401, 403, 403, 200, 200];
const CONFIGURES: [u16; 6] = [401, 401, 403, 403, 403, 200];

fn table(story: &Story, task: i64) -> Vec<Row> {
    let pipeline = format!("/api/openhexa/pipelines/{}/", id(1));
    let tasks = format!("/api/openhexa/tasks/{task}/");
    let get = |path: String, statuses| (Method::GET, path, None, statuses);
    let config = Some(json!({"config": {}}));
    let content = Some(
        json!({"content": {"openhexa_url": story.openhexa, "openhexa_token": story.secrets.openhexa, "workspace_slug": "demo"}}),
    );
    vec![
        get("/healthz".to_owned(), [200; 6]),
        get("/readyz".to_owned(), [200; 6]),
        get("/metrics".to_owned(), READS),
        get("/api/openhexa/pipelines/".to_owned(), READS),
        get("/api/openhexa/pipelines/config/".to_owned(), READS),
        get(pipeline.clone(), READS),
        get(format!("{pipeline}versions/"), READS),
        get(format!("{pipeline}runs/"), READS),
        get(format!("{pipeline}parameters/district/choices/"), READS),
        get("/api/openhexa/tasks/".to_owned(), READS),
        get(tasks.clone(), READS),
        get(format!("{tasks}logs/"), READS),
        get(format!("{tasks}events/"), READS),
        (
            Method::POST,
            format!("{pipeline}validate/"),
            config.clone(),
            [401, 401, 403, 403, 200, 200],
        ),
        (
            Method::POST,
            format!("{pipeline}launch/"),
            config,
            [401, 401, 403, 403, 201, 201],
        ),
        (
            Method::PATCH,
            pipeline,
            Some(json!({"task_id": task, "progress_value": 1})),
            [401, 401, 200, 403, 200, 200],
        ),
        get("/api/openhexa/config/".to_owned(), CONFIGURES),
        (
            Method::POST,
            "/api/openhexa/config/check/".to_owned(),
            Some(json!({})),
            CONFIGURES,
        ),
        (
            Method::PUT,
            "/api/openhexa/config/".to_owned(),
            content,
            CONFIGURES,
        ),
        (
            Method::PATCH,
            "/api/openhexa/config/".to_owned(),
            Some(json!({"content": {"note": "amended"}})),
            CONFIGURES,
        ),
        get("/api/openhexa/hooks/".to_owned(), CONFIGURES),
        (
            Method::POST,
            "/api/openhexa/hooks/".to_owned(),
            Some(json!({"name": "Stock", "pipeline": id(1)})),
            [401, 401, 403, 403, 403, 201],
        ),
        get("/api/openhexa/channels/".to_owned(), CONFIGURES),
        get("/api/openhexa/subscriptions/".to_owned(), OPERATES),
        // Last, because it deletes the configuration.
        (
            Method::DELETE,
            "/api/openhexa/config/".to_owned(),
            None,
            [401, 401, 403, 403, 403, 204],
        ),
    ]
}

async fn send_json(
    story: &Story,
    who: As,
    method: &Method,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let ask = story.ask_at(who, method.clone(), path);
    match body {
        Some(body) => ask.json(body).send().await,
        None => ask.send().await,
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_checks_the_role(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, token) = with_a_task(base).await;
    for (method, path, body, statuses) in table(&story, task) {
        let everybody = [
            As::Anonymous,
            As::Bearer("garbage".to_owned()),
            As::Bearer(token.clone()),
            As::Viewer,
            As::Operator,
            As::Admin,
        ];
        for (who, status) in everybody.into_iter().zip(statuses) {
            let answer = send_json(&story, who.clone(), &method, &path, body.as_ref()).await;
            assert_eq!(
                answer.status, status,
                "{method} {path} as {who:?}: {}",
                answer.text
            );
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_has_the_same_message_in_error_and_detail(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, _, _) = with_a_task(base).await;
    for who in [As::Anonymous, As::Bearer("garbage".to_owned())] {
        let answer = story.ask(who, Method::GET, "/pipelines/").send().await;
        let sentence = "Authentication credentials were not provided or are not valid";
        assert_eq!(
            answer.expect(401),
            json!({"error": sentence, "detail": sentence})
        );
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    let path = format!("/pipelines/{}/launch/", id(1));
    let answer = story
        .ask(As::Viewer, Method::POST, &path)
        .header("accept-language", "fr")
        .json(&json!({"config": {}}))
        .send()
        .await;
    let sentence = "Vous n’avez pas le droit d’effectuer cette action";
    assert_eq!(
        answer.expect(403),
        json!({"error": sentence, "detail": sentence})
    );
    assert_eq!(answer.header("www-authenticate"), "");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_of_another_kind_are_refused(#[values(Sqlite, Postgres)] base: Base) {
    let (story, _, _) = with_a_task(base).await;
    let key = &story.secrets.viewer;
    for value in [
        format!("Basic {key}"),
        format!("Token {key}"),
        format!("JWT {key}"),
        key.clone(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer{key}"),
        format!("Bearer {key}x"),
        format!("Bearer x{key}"),
        format!("Bearer {}", key.to_uppercase()),
        format!("Bearer {key} {key}"),
        format!("Bearer {}", &key[..20]),
    ] {
        let answer = story
            .ask(As::Anonymous, Method::GET, "/pipelines/")
            .header("authorization", &value)
            .send()
            .await;
        assert_eq!(answer.status, 401, "{value}");
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let answer = story
            .ask(As::Anonymous, Method::GET, "/pipelines/")
            .header("authorization", &format!("{scheme} {key}"))
            .send()
            .await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_without_a_key_cannot_be_used(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .setting("keys.viewer", "")
        .setting("keys.admin", "")
        .begin()
        .await;
    for who in [
        As::Anonymous,
        As::Bearer(String::new()),
        As::Bearer(" ".to_owned()),
        As::Viewer,
        As::Admin,
    ] {
        let answer = story
            .ask(who.clone(), Method::GET, "/pipelines/")
            .send()
            .await;
        assert_eq!(answer.status, 401, "{who:?}");
    }
    assert_eq!(
        story
            .ask(As::Operator, Method::GET, "/pipelines/")
            .send()
            .await
            .status,
        200
    );
    story.end().await;
}

// The key has the permissions of the highest role, in any order of the settings.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_secret_for_several_roles_has_the_highest_of_them(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let shared = "one-secret-for-several-roles";
    for (roles, reads, launches, configures) in [
        (["viewer", "operator"], 200, 404, 403),
        (["viewer", "admin"], 200, 404, 200),
        (["operator", "admin"], 200, 404, 200),
    ] {
        let plan = roles.iter().fold(StoryBuilder::on(base), |plan, role| {
            plan.setting(&format!("keys.{role}"), shared)
        });
        let story = plan.begin().await;
        let ask = |method, path: &str| {
            story
                .ask(As::Bearer(shared.to_owned()), method, path)
                .json(&json!({"config": {}}))
        };
        let launch = ask(Method::POST, &format!("/pipelines/{}/launch/", id(9)));
        let told = [
            ask(Method::GET, "/tasks/").send().await.status,
            launch.send().await.status,
            ask(Method::GET, "/config/").send().await.status,
        ];
        assert_eq!(told, [reads, launches, configures], "{roles:?}");
        story.end().await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_the_query_is_ignored(#[values(Sqlite, Postgres)] base: Base) {
    let (story, _, _) = with_a_task(base).await;
    let key = story.secrets.viewer.clone();
    for name in ["token", "key", "access_token", "api_key"] {
        let answer = story
            .ask(
                As::Anonymous,
                Method::GET,
                &format!("/pipelines/?{name}={key}"),
            )
            .send()
            .await;
        assert_eq!(answer.status, 401);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_are_checked_before_the_body_is_read(#[values(Sqlite, Postgres)] base: Base) {
    let (story, _, token) = with_a_task(base).await;
    let path = format!("/pipelines/{}/launch/", id(9));
    for (who, status) in [
        (As::Anonymous, 401),
        (As::Viewer, 403),
        (As::Bearer(token), 403),
    ] {
        let answer = story
            .ask(who, Method::POST, &path)
            .body("text/plain", "nonsense")
            .send()
            .await;
        assert_eq!(answer.status, status);
    }
    story.end().await;
}
