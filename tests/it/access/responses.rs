//! What all responses have in common: JSON, a request id, the allowed methods.

use rstest::rstest;
use std::collections::HashSet;

use reqwest::Method;
use serde_json::json;

use super::{As, Base, StoryBuilder, id, pipeline, with_a_task};
use crate::support::story::{Postgres, Sqlite};

fn is_json(answer: &super::Answer) {
    assert_eq!(
        answer.header("content-type"),
        "application/json",
        "{}",
        answer.text
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_address_returns_404_in_json(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = with_a_task(base).await;
    for path in [
        "/",
        "/nothing",
        "/api",
        "/api/",
        "/api/openhexa",
        "/api/openhexa/",
        "/api/openhexa/nothing/",
        "/api/openhexa/pipelines/a/b/c/",
        "/healthz/more",
        "/admin/login/?next=/",
        "/api/openhexa/Pipelines/",
        "/api//openhexa/pipelines/",
        "/api/openhexa/../../etc/passwd",
        "/%2e%2e/",
        "/%",
        "/%FF",
        "/api/openhexa/tasks/x/y/z?a=%",
        "/api/openhexa%2Fpipelines/",
    ] {
        for who in [As::Anonymous, As::Admin] {
            let answer = story.ask_at(who, Method::GET, path).send().await;
            assert_eq!(answer.error(404), "This address does not exist", "{path}");
            is_json(&answer);
        }
    }
    let other = story
        .ask_at(
            As::Anonymous,
            Method::DELETE,
            &format!("/api/openhexa/nothing/{task}/"),
        )
        .body("text/html", "<p>")
        .send()
        .await;
    other.error(404);
    story.end().await;
}

// `/` was an unknown address for browsers too.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_at_the_root_comes_to_the_pages(#[values(Sqlite, Postgres)] base: Base) {
    let (story, _, _) = with_a_task(base).await;
    let client = crate::support::client::builder();
    let client = client.redirect(reqwest::redirect::Policy::none());
    let client = client.build().unwrap();
    for accept in ["text/html,application/xhtml+xml,*/*;q=0.8", "text/html"] {
        let ask = client.get(format!("{}/", story.base_url()));
        let answer = ask.header("accept", accept).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(answer.status(), 303, "{accept}");
        assert_eq!(header("location"), "/dashboard/");
        assert_eq!(header("vary"), "Accept, Accept-Language");
    }
    for accept in ["application/json", "*/*"] {
        let ask = story.ask_at(As::Anonymous, Method::GET, "/");
        let answer = ask.header("accept", accept).send().await;
        assert_eq!(answer.error(404), "This address does not exist", "{accept}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_method_returns_405_with_the_allowed_methods(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, _) = with_a_task(base).await;
    let pipeline = format!("/api/openhexa/pipelines/{}/", id(1));
    for (path, allowed, methods) in [
        (
            "/healthz".to_owned(),
            "GET, HEAD",
            ["POST", "DELETE", "OPTIONS"],
        ),
        (
            "/api/openhexa/pipelines/".to_owned(),
            "GET, HEAD",
            ["POST", "PATCH", "OPTIONS"],
        ),
        (
            "/api/openhexa/pipelines/config/".to_owned(),
            "GET, HEAD",
            ["PUT", "PATCH", "DELETE"],
        ),
        (
            pipeline.clone(),
            "GET, HEAD, PATCH",
            ["PUT", "DELETE", "OPTIONS"],
        ),
        (
            format!("{pipeline}launch/"),
            "POST",
            ["GET", "HEAD", "OPTIONS"],
        ),
        (
            format!("{pipeline}validate/"),
            "POST",
            ["GET", "PUT", "TRACE"],
        ),
        (
            format!("/api/openhexa/tasks/{task}/"),
            "GET, HEAD",
            ["PATCH", "DELETE", "OPTIONS"],
        ),
    ] {
        for method in methods {
            for who in [As::Anonymous, As::Admin] {
                let answer = story
                    .ask_at(who, method.parse().unwrap(), &path)
                    .send()
                    .await;
                assert_eq!(
                    (answer.status, answer.header("allow")),
                    (405, allowed),
                    "{method} {path}"
                );
                is_json(&answer);
                if method != "HEAD" {
                    assert_eq!(answer.error(405), "This HTTP method is not allowed here");
                }
            }
        }
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn head_is_get_without_the_body(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = with_a_task(base).await;
    for path in [
        "/healthz".to_owned(),
        "/api/openhexa/pipelines/".to_owned(),
        format!("/api/openhexa/tasks/{task}/"),
    ] {
        let get = story.ask_at(As::Viewer, Method::GET, &path).send().await;
        let head = story.ask_at(As::Viewer, Method::HEAD, &path).send().await;
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"));
    }
    let nobody = story
        .ask(As::Anonymous, Method::HEAD, "/pipelines/")
        .send()
        .await;
    assert_eq!((nobody.status, nobody.text.as_str()), (401, ""));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slash_at_the_end_changes_nothing_and_does_not_redirect(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, task, _) = with_a_task(base).await;
    for path in [
        "/pipelines",
        "/pipelines/config",
        "/tasks",
        "/tasks?limit=1",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([
        format!("/pipelines/{}", id(1)),
        format!("/tasks/{task}"),
        format!("/tasks/{task}/logs"),
        format!("/tasks/{task}/events"),
    ]) {
        let (place, query) = path.split_once('?').unwrap_or((&path, ""));
        let without = story.get(&format!("{place}?{query}")).await;
        let with = story.get(&format!("{place}/?{query}")).await;
        assert_eq!(without.expect(200), with.expect(200), "{path}");
    }
    for slash in ["", "/"] {
        let report = story.ask(
            As::Operator,
            Method::PATCH,
            &format!("/pipelines/{}{slash}", id(1)),
        );
        let told = report
            .json(&json!({"task_id": task, "progress_message": format!("with {slash:?}")}))
            .send()
            .await;
        assert_eq!(
            told.expect(200)["task"]["progress_message"],
            format!("with {slash:?}")
        );
        let config = story.ask(
            As::Operator,
            Method::POST,
            &format!("/pipelines/{}/validate{slash}", id(1)),
        );
        config.json(&json!({"config": {}})).send().await.expect(200);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_response_has_its_own_request_id(#[values(Sqlite, Postgres)] base: Base) {
    let (story, task, _) = with_a_task(base).await;
    let mut seen = HashSet::new();
    for (who, method, path) in [
        (As::Anonymous, "GET", "/healthz".to_owned()),
        (As::Viewer, "GET", "/api/openhexa/pipelines/".to_owned()),
        (As::Anonymous, "GET", "/api/openhexa/pipelines/".to_owned()),
        (
            As::Viewer,
            "POST",
            format!("/api/openhexa/pipelines/{}/launch/", id(1)),
        ),
        (
            As::Operator,
            "POST",
            format!("/api/openhexa/pipelines/{}/launch/", id(1)),
        ),
        (As::Anonymous, "GET", "/nothing".to_owned()),
        (As::Anonymous, "DELETE", "/healthz".to_owned()),
        (As::Viewer, "GET", "/api/openhexa/pipelines/x/".to_owned()),
        (As::Viewer, "GET", "/api/openhexa/tasks/?limit=0".to_owned()),
        (As::Viewer, "GET", format!("/api/openhexa/tasks/{task}/")),
        (As::Viewer, "HEAD", "/api/openhexa/pipelines/".to_owned()),
    ] {
        let answer = story
            .ask_at(who, method.parse().unwrap(), &path)
            .send()
            .await;
        let id = answer.header("x-request-id").to_owned();
        assert!(id.parse::<uuid::Uuid>().is_ok(), "{method} {path}: {id:?}");
        assert!(seen.insert(id), "{method} {path}");
        assert!(["en", "fr"].contains(&answer.header("content-language")));
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_has_the_request_id_but_not_the_query(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .pipelines(json!([pipeline(1, &[], json!({}))]))
        .begin()
        .await;
    let answer = story
        .get("/pipelines/?search=a-word-that-is-searched-for")
        .await;
    let log = crate::support::log::text();
    let line = log.lines().find(|line| {
        line.contains(answer.header("x-request-id")) && line.contains("\"message\":\"request\"")
    });
    let line = line.expect("one line of the log");
    assert!(
        line.contains("/api/openhexa/pipelines") && line.contains("200"),
        "{line}"
    );
    assert!(!log.contains("a-word-that-is-searched-for"));
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_health_check_needs_no_key_and_no_openhexa(#[values(Sqlite, Postgres)] base: Base) {
    let mut story = StoryBuilder::on(base).not_configured().begin().await;
    story.stop_openhexa().await;
    assert_eq!(
        story
            .ask_at(As::Anonymous, Method::GET, "/healthz")
            .send()
            .await
            .expect(200),
        json!({"status": "ok"})
    );
    story.end().await;
}
