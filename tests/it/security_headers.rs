//! The security headers of all responses, and the refusal of requests from pages of other origins.

use reqwest::Method;
use rstest::rstest;
use serde_json::json;

use crate::support::catalogue::{id, pipeline, quick};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite, Story, StoryBuilder};

const ALWAYS: [(&str, &str); 5] = [
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
];

#[track_caller]
fn has_security_headers(answer: &Answer, what: &str) {
    for (name, value) in ALWAYS {
        assert_eq!(answer.header(name), value, "{name} of {what}");
    }
    let vary = answer.header("vary").to_ascii_lowercase();
    assert!(vary.contains("accept-language"), "{what}: {vary}");
    assert_eq!(answer.headers.get_all("cache-control").iter().count(), 1);
    let open = |name: &&reqwest::header::HeaderName| name.as_str().starts_with("access-control");
    assert_eq!(answer.headers.keys().find(open), None, "{what}");
}

/// A response of each kind: a list, an error of each cause, the API reference, a page, metrics, the end of a
/// stream.
fn each_kind() -> Vec<(As, &'static str, String)> {
    let launch = format!("/api/openhexa/pipelines/{}/launch/", id(1));
    [
        (As::Viewer, "GET", "/api/openhexa/pipelines/"),
        (As::Viewer, "HEAD", "/api/openhexa/pipelines/"),
        (As::Anonymous, "GET", "/api/openhexa/pipelines/"),
        (As::Viewer, "POST", &launch),
        (As::Operator, "POST", &launch),
        (As::Admin, "GET", "/api/openhexa/config/"),
        (As::Viewer, "GET", "/api/openhexa/tasks/0/"),
        (As::Viewer, "GET", "/api/openhexa/tasks/?limit=0"),
        (As::Viewer, "GET", "/api/openhexa/tasks/0/stream/"),
        (As::Anonymous, "GET", "/api/openhexa/openapi.json"),
        (As::Anonymous, "GET", "/api/openhexa/docs/"),
        (As::Anonymous, "GET", "/nothing"),
        (As::Anonymous, "DELETE", "/healthz"),
        (As::Anonymous, "GET", "/healthz"),
        (As::Anonymous, "GET", "/readyz"),
        (As::Viewer, "GET", "/metrics"),
    ]
    .map(|(who, method, path)| (who, method, path.to_owned()))
    .to_vec()
}

async fn begin(base: Base, url: &str) -> Story {
    let pipelines = json!([pipeline(1, &[], quick("succeed"))]);
    StoryBuilder::on(base)
        .pipelines(pipelines)
        .setting("server.public_url", url)
        .begin()
        .await
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_response_has_the_security_headers(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base, "http://bridge.example.org").await;
    for (who, method, path) in each_kind() {
        let what = format!("{method} {path} as {who:?}");
        let answer = story
            .ask_at(who, method.parse().unwrap(), &path)
            .send()
            .await;
        has_security_headers(&answer, &what);
    }
    let personal = story.get("/pipelines/").await;
    assert_eq!(
        personal.header("vary"),
        "Accept-Language, Authorization, Cookie"
    );
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_for_the_whole_host_are_left_to_the_proxy(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base, "https://iaso.example.org").await;
    for (who, method, path) in each_kind() {
        let answer = story
            .ask_at(who, method.parse().unwrap(), &path)
            .send()
            .await;
        assert_eq!(
            answer.header("strict-transport-security"),
            "",
            "{method} {path}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_has_the_security_headers(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base, "https://bridge.example.org").await;
    let stream = story.stream("/tasks/stream/").await;
    for (name, value) in ALWAYS {
        assert_eq!(stream.header(name), value, "{name}");
    }
    drop(stream);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_pages_of_other_origins_are_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = begin(base, "https://bridge.example.org").await;
    for path in [
        "/api/openhexa/pipelines/",
        "/api/openhexa/tasks/stream/",
        "/api/openhexa/openapi.json",
    ] {
        let preflight = story
            .ask_at(As::Anonymous, Method::OPTIONS, path)
            .header("origin", "https://elsewhere.example.org")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization");
        let answer = preflight.send().await;
        assert_eq!(answer.error(405), "This HTTP method is not allowed here");
        has_security_headers(&answer, path);
    }
    let preflight = story
        .ask_at(As::Anonymous, Method::OPTIONS, "/nothing")
        .header("origin", "https://elsewhere.example.org");
    has_security_headers(&preflight.send().await, "a preflight of nothing");
    let asked = story
        .ask(As::Viewer, Method::GET, "/pipelines/")
        .header("origin", "https://elsewhere.example.org")
        .send()
        .await;
    has_security_headers(&asked, "a request from another origin");
    story.end().await;
}
