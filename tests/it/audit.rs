//! The audit log: one line for each action, with the request id of its response and without secrets.

use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::catalogue::{id, injected, parameter, pipeline};
use crate::support::log;
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

async fn begin(base: Base) -> Story {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    let mut parameters = injected();
    parameters.push(parameter("password", "secret", json!({})));
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &parameters, behaviour)]))
        .begin()
        .await
}

/// The audit lines of the request with this response.
fn lines(answer: &Answer) -> Vec<Value> {
    let id = answer.header("x-request-id");
    let told = log::text();
    let lines = told.lines().filter(|line| line.contains(id));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["target"] == "audit").collect()
}

/// Its only line, without the fields that every log line has.
#[track_caller]
pub fn line(answer: &Answer) -> Value {
    let mut lines = lines(answer);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let mut line = lines.remove(0);
    assert_eq!(line["request"], answer.header("x-request-id"));
    assert_eq!(line["address"], "127.0.0.1");
    assert_eq!(line["level"], "INFO");
    let line = line.as_object_mut().unwrap();
    for common in [
        "request",
        "address",
        "level",
        "target",
        "timestamp",
        "message",
        "span",
        "spans",
    ] {
        line.remove(common);
    }
    Value::Object(line.clone())
}

const OPERATOR: &str = "the operator key of the settings";
const ADMIN: &str = "the admin key of the settings";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_and_the_actions_on_its_task_are_logged(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let launch = format!("/pipelines/{}/launch/", id(1));
    let secret = json!({"config": {"password": story.secrets.parameter}});
    let launched = story.post(&launch, &secret).await;
    let task = launched.expect(201)["task"]["id"].clone();
    assert_eq!(
        line(&launched),
        json!({
            "action": "launch", "outcome": "done", "status": 201, "who": OPERATOR, "account": 1, "role": "operator", "object": id(1), "task": task,
        })
    );
    let cancelled = story
        .post(&format!("/tasks/{task}/cancel/"), &json!({}))
        .await;
    assert_eq!(
        line(&cancelled),
        json!({
            "action": "cancel", "outcome": "done", "status": 202, "who": OPERATOR, "account": 1, "role": "operator", "object": task.to_string(),
        })
    );
    let relaunched = story
        .post(&format!("/tasks/{task}/relaunch/"), &secret)
        .await;
    assert_eq!(
        line(&relaunched),
        json!({
            "action": "relaunch", "outcome": "failed", "status": 409, "who": OPERATOR, "account": 1, "role": "operator", "object": task.to_string(),
        })
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_that_openhexa_refuses_is_logged_with_its_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    story
        .fault(&json!({"fault": "run_limit", "count": 1}))
        .await;
    let refused = story
        .post(
            &format!("/pipelines/{}/launch/", id(1)),
            &json!({"config": {}}),
        )
        .await;
    let task = refused.expect(429)["task"]["id"].clone();
    let line = line(&refused);
    assert_eq!(
        (&line["outcome"], &line["status"], &line["task"]),
        (&json!("refused"), &json!(429), &task)
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_configuration_is_logged_without_its_token(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let content = json!({"openhexa_url": story.openhexa, "openhexa_token": story.secrets.openhexa, "workspace_slug": "demo"});
    let told = |action: &str, status: u16, version: &str| {
        json!({
            "action": action, "outcome": "done", "status": status, "who": ADMIN, "account": 1, "role": "admin", "object": version,
        })
    };
    let put = story
        .ask(As::Admin, Method::PUT, "/config/")
        .json(&json!({"content": content}))
        .send()
        .await;
    assert_eq!(line(&put), told("config.replace", 200, "version 2"));
    let patch = story
        .ask(As::Admin, Method::PATCH, "/config/")
        .json(&json!({"content": {"note": "a"}}))
        .send()
        .await;
    assert_eq!(line(&patch), told("config.amend", 200, "version 3"));
    let check = story
        .ask(As::Admin, Method::POST, "/config/check/")
        .json(&json!({}))
        .send()
        .await;
    assert_eq!(line(&check)["action"], "config.check");
    let wrong = story
        .ask(As::Admin, Method::PUT, "/config/")
        .json(&json!({"content": {}}))
        .send()
        .await;
    assert_eq!(
        (wrong.status, line(&wrong)["outcome"].clone()),
        (400, json!("failed"))
    );
    let read = story.ask(As::Admin, Method::GET, "/config/").send().await;
    assert_eq!(
        (read.status, lines(&read).len()),
        (200, 0),
        "reading changes nothing"
    );
    let delete = story
        .ask(As::Admin, Method::DELETE, "/config/")
        .send()
        .await;
    assert_eq!(line(&delete)["action"], "config.delete");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_users_are_logged_by_name_and_unknown_ones_as_anonymous(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = begin(base).await;
    let launch = format!("/pipelines/{}/launch/", id(1));
    let viewer = story
        .ask(As::Viewer, Method::POST, &launch)
        .json(&json!({"config": {}}))
        .send()
        .await;
    let told = line(&viewer);
    assert_eq!(
        (viewer.status, &told["outcome"], &told["action"]),
        (403, &json!("refused"), &json!("launch"))
    );
    assert_eq!(told["who"], "the viewer key of the settings");

    let garbage = "garbage-that-somebody-tried";
    let refused = story
        .ask(As::Bearer(garbage.to_owned()), Method::GET, "/pipelines/")
        .send()
        .await;
    assert_eq!(
        line(&refused),
        json!({"action": "sign_in", "outcome": "refused", "status": 401, "who": "anonymous"})
    );
    let nothing = story
        .ask(As::Anonymous, Method::GET, "/pipelines/")
        .send()
        .await;
    assert_eq!(
        (nothing.status, lines(&nothing).len()),
        (401, 0),
        "a request without credentials is not an attempt"
    );
    assert!(!log::text().contains(garbage));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_is_logged_without_the_key(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let enter = async |key: &str| {
        let ask = story
            .ask_at(As::Anonymous, Method::POST, "/dashboard/sign-in/")
            .header("sec-fetch-site", "same-origin");
        ask.body("application/x-www-form-urlencoded", format!("key={key}"))
            .send()
            .await
    };
    let wrong = "ohb-viewer-that-somebody-tried";
    let refused = enter(wrong).await;
    assert_eq!(
        line(&refused),
        json!({"action": "sign_in", "outcome": "refused", "status": 401, "who": "anonymous"})
    );
    let done = line(&enter(&story.secrets.viewer).await);
    assert_eq!(
        (&done["outcome"], &done["who"]),
        (&json!("done"), &json!("the viewer key of the settings"))
    );
    let log = log::text();
    assert!(!log.contains(wrong) && !log.contains(&story.secrets.viewer));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creating_and_revoking_a_key_is_logged(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let made = story
        .keys(&["create", "--role", "operator", "--name", "Nairobi"])
        .await;
    let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let told = String::from_utf8(made.stderr).unwrap();
    let line = told
        .lines()
        .find(|line| line.contains("audit"))
        .expect("a line");
    for part in [
        "action=\"key.create\"",
        "who=\"command line\"",
        "object=1",
        "role=\"operator\"",
    ] {
        assert!(line.contains(part), "{part}: {line}");
    }
    assert!(!key.is_empty() && !told.contains(&key));
    let revoked = String::from_utf8(story.keys(&["revoke", "1"]).await.stderr).unwrap();
    assert!(revoked.contains("action=\"key.revoke\""), "{revoked}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_action_on_a_flow_is_logged(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let document = "id: night\nschedules: [{id: two, cron: '0 2 * * *', timezone: UTC}]\nsteps: [{id: load, pipeline: pipeline-1}]\n";
    let body = json!({"document": document});
    let period =
        json!({"from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z", "mode": "all"});
    let none = json!({});
    let mut seen = Vec::new();
    for (path, body) in [
        ("/flows/", &body),
        ("/flows/night/run/", &none),
        ("/flow-runs/1/cancel/", &none),
        ("/flow-runs/1/replay/", &none),
        ("/flows/night/backfills/", &period),
        ("/backfills/1/cancel/", &none),
        ("/flows/night/schedules/two/pause/", &none),
        ("/flows/night/pause/", &none),
        ("/flows/night/resume/", &none),
        ("/flows/nothing/pause/", &none),
    ] {
        let line = line(&story.post(path, body).await);
        assert_eq!(line["who"], OPERATOR, "{path}");
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        seen.push((text("action"), text("object"), line["status"].clone()));
    }
    let changed = document.replace("two", "three");
    let changed = story.put_flow("night", &changed).await;
    assert_eq!(line(&changed)["action"], "flow.replace");
    let delete = story.ask(As::Operator, Method::DELETE, "/flows/night/");
    assert_eq!(line(&delete.send().await)["action"], "flow.delete");
    let of = |action: &str, object: &str, status: u16| {
        (action.to_owned(), object.to_owned(), json!(status))
    };
    assert_eq!(
        seen,
        [
            of("flow.create", "night", 201),
            of("flow.run", "night run 1", 201),
            of("flow_run.cancel", "1", 202),
            of("flow_run.replay", "1", 409),
            of("backfill.start", "night backfill 1", 201),
            of("backfill.cancel", "1", 202),
            of("flow.pause", "night schedule two", 200),
            of("flow.pause", "night", 200),
            of("flow.resume", "night", 200),
            of("flow.pause", "nothing", 404),
        ]
    );
    story.end().await;
}
