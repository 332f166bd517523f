//! `dev`: no sign-in, so only pages and programs of this machine may send requests.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use super::{As, Base, Story, StoryBuilder, id, injected, pipeline};
use crate::support::story::{Postgres, Sqlite};

async fn begin(base: super::Base) -> Story {
    let behaviour = json!({"kind": "manual", "queued_ms": 0, "running_ms": 0});
    StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &injected(), behaviour)]))
        .local()
        .begin()
        .await
}

async fn status(story: &Story, header: &str, value: &str) -> u16 {
    let answer = story
        .ask(As::Anonymous, Method::GET, "/pipelines/")
        .header(header, value)
        .send()
        .await;
    if answer.status == 403 {
        let told = answer.json();
        assert_eq!(
            told["error"],
            "This development server only accepts requests from its own machine"
        );
        assert_eq!(told["error"], told["detail"]);
    }
    answer.status
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_local_user_is_an_administrator(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    story
        .ask(As::Anonymous, Method::GET, "/pipelines/")
        .send()
        .await
        .expect(200);
    let launch = story
        .ask(
            As::Anonymous,
            Method::POST,
            &format!("/pipelines/{}/launch/", id(1)),
        )
        .json(&json!({"config": {}}));
    let task = launch.send().await.expect(201)["task"]["id"].clone();
    let report = story
        .ask(
            As::Anonymous,
            Method::PATCH,
            &format!("/pipelines/{}/", id(1)),
        )
        .json(&json!({"task_id": task, "status": "RUNNING"}));
    assert_eq!(report.send().await.expect(200)["task"]["status"], "RUNNING");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalid_bearer_token_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for value in ["Bearer garbage", "Bearer ", "Basic abc", "garbage", ""] {
        assert_eq!(
            status(&story, "authorization", value).await,
            401,
            "{value:?}"
        );
    }
    let launch = story
        .ask(
            As::Anonymous,
            Method::POST,
            &format!("/pipelines/{}/launch/", id(1)),
        )
        .json(&json!({"config": {}}));
    launch.send().await.expect(201);
    let token = story.callback_token().await;
    let running = story
        .ask(As::Bearer(token), Method::GET, "/tasks/")
        .send()
        .await;
    assert_eq!(
        running.status, 403,
        "a running pipeline is not an administrator"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_host_names_of_this_machine_are_accepted(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for host in [
        "localhost",
        "localhost:8080",
        "LocalHost:8080",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.8.9.1",
        "[::1]",
        "[::1]:8080",
    ] {
        assert_eq!(status(&story, "host", host).await, 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "evil-localhost",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "0.0.0.0",
        "[::]",
        "169.254.169.254",
        "localhost@evil.example",
    ] {
        assert_eq!(status(&story, "host", host).await, 403, "{host}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_pages_of_this_machine_may_send_requests(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    for origin in [
        "http://localhost",
        "http://localhost:3000",
        "http://127.0.0.1:8080",
        "https://localhost",
        "http://[::1]:8080",
    ] {
        assert_eq!(status(&story, "origin", origin).await, 200, "{origin}");
    }
    for origin in [
        "null",
        "http://evil.example",
        "https://localhost.evil.example",
        "http://10.0.0.1",
        "file://",
        "",
        "garbage",
        "http://localhost@evil.example",
    ] {
        assert_eq!(status(&story, "origin", origin).await, 403, "{origin}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_check_applies_to_every_route(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base).await;
    let pipeline = format!("/api/openhexa/pipelines/{}/", id(1));
    for (method, path) in [
        ("GET", "/healthz"),
        ("GET", "/nothing"),
        ("POST", &format!("{pipeline}launch/")),
        ("PATCH", &pipeline),
        ("OPTIONS", &pipeline),
    ] {
        for (header, value) in [("host", "evil.example"), ("origin", "http://evil.example")] {
            let ask = story
                .ask_at(As::Anonymous, method.parse().unwrap(), path)
                .header(header, value);
            let answer = ask.json(&json!({"config": {}})).send().await;
            assert_eq!(answer.status, 403, "{method} {path}");
            assert!(answer.headers.get("access-control-allow-origin").is_none());
            assert_ne!(answer.header("x-request-id"), "");
        }
    }
    assert_eq!(story.runs().await.len(), 0);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_production_every_host_name_is_accepted(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    for header in ["host", "origin"] {
        let ask = story.ask(As::Viewer, Method::GET, "/pipelines/").header(
            header,
            "https://iaso.example.org".trim_start_matches(if header == "host" {
                "https://"
            } else {
                ""
            }),
        );
        assert_eq!(ask.send().await.status, 200, "{header}");
    }
    story.end().await;
}
