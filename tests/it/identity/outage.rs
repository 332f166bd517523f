//! Iaso is unavailable, or another server responds: users get a 503, not a 401, and no access.

use rstest::rstest;
use std::sync::Arc;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tokio::sync::Semaphore;

use super::{WithSession, begin, plan, with_session, with_token};
use crate::support::catalogue::id;
use crate::support::iaso::{self, Iaso, MAY, ResponseMode};
use crate::support::story::{Answer, As, Base, Postgres, Sqlite};

const UNREACHABLE: &str =
    "Iaso is unreachable, so your sign-in cannot be checked; try again in a few seconds";

#[track_caller]
fn is_unavailable(answer: &Answer) {
    assert_eq!(answer.expect(503), json!({"error": UNREACHABLE}));
    assert_eq!(answer.header("retry-after"), "5");
    assert_eq!(answer.header("location"), "");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_of_iaso_that_is_not_a_profile_returns_503(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = begin(base).await;
    let (session, token) = (
        iaso.session(iaso::superuser(4, 1)),
        iaso.token(iaso::profile(4, 1, MAY)),
    );
    let says = |text: &str| ResponseMode::Says(text.to_owned());
    for mood in [
        ResponseMode::Page(500),
        ResponseMode::Page(502),
        ResponseMode::Page(404),
        ResponseMode::Page(429),
        ResponseMode::Page(200),
        ResponseMode::Redirects,
        says(""),
        says("[]"),
        says("null"),
        says("{}"),
        says(r#"{"user_id": "4", "user_name": "x", "account": {"id": 1}, "is_superuser": true}"#),
        says(r#"{"user_id": 4, "user_name": "x", "account": 1}"#),
        says(
            r#"{"id": 4, "user_name": "x", "account": {"id": 1}, "permissions": ["iaso_pipeline_management"]}"#,
        ),
    ] {
        iaso.respond_with(mood);
        is_unavailable(&with_session(&story, &session, "/tasks/").await);
        is_unavailable(&with_token(&story, &token, "/tasks/").await);
    }
    // The bridge's own keys do not need Iaso.
    story.get("/tasks/").await.expect(200);
    iaso.respond_with(ResponseMode::Page(403));
    with_session(&story, &session, "/tasks/").await.error(403);
    iaso.respond_with(ResponseMode::Well);
    with_session(&story, &session, "/tasks/").await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_that_is_too_large_is_not_read(#[values(Sqlite, Postgres)] base: Base) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso)
        .setting("iaso.answer_limit", "65536")
        .begin()
        .await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    with_session(&story, &session, "/tasks/").await.expect(200);
    let mut large = iaso::profile(5, 1, MAY);
    large["org_units"] = json!(vec!["somewhere"; 6000]);
    let session = iaso.session(large);
    is_unavailable(&with_session(&story, &session, "/tasks/").await);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_iaso_times_out_as_configured(#[values(Sqlite, Postgres)] base: Base) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso)
        .setting("iaso.request_timeout", "3s")
        .begin()
        .await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    iaso.respond_with(ResponseMode::Gated(Arc::new(Semaphore::new(0))));
    is_unavailable(&with_session(&story, &session, "/tasks/").await);
    iaso.respond_with(ResponseMode::Well);
    with_session(&story, &session, "/tasks/").await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_most_eight_concurrent_requests_are_sent_to_iaso(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = begin(base).await;
    let gate = Arc::new(Semaphore::new(0));
    iaso.respond_with(ResponseMode::Gated(gate.clone()));
    let sessions: Vec<String> = (0..8)
        .map(|user| iaso.session(iaso::profile(10 + user, 1, MAY)))
        .collect();
    let late = iaso.session(iaso::profile(4, 1, MAY));
    let first = join_all(
        sessions
            .iter()
            .map(|session| with_session(&story, session, "/tasks/")),
    );
    let ninth = async {
        story
            .until_true("eight requests", async || iaso.received().len() == 8)
            .await;
        is_unavailable(&with_session(&story, &late, "/tasks/").await);
        story.get("/tasks/").await.expect(200);
        assert_eq!(iaso.received().len(), 8);
        gate.add_permits(100);
    };
    let (answers, ()) = tokio::join!(first, ninth);
    for answer in answers {
        answer.expect(200);
    }
    with_session(&story, &late, "/tasks/").await.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_iaso_pipelines_and_keys_still_work(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = begin(base).await;
    let (session, token) = (
        iaso.session(iaso::profile(4, 1, MAY)),
        iaso.token(iaso::profile(4, 1, MAY)),
    );
    let task = story.launch(&id(1), json!({})).await;
    let callback = story.callback_token().await;
    iaso.stop().await;
    is_unavailable(&with_session(&story, &session, "/tasks/").await);
    is_unavailable(&with_token(&story, &token, "/tasks/").await);
    let report = story.ask(
        As::Bearer(callback),
        Method::PATCH,
        &format!("/pipelines/{}/", id(1)),
    );
    report
        .json(&json!({"task_id": task, "status": "RUNNING"}))
        .send()
        .await
        .expect(200);
    story.get("/tasks/").await.expect(200);
    let write = story
        .ask(
            As::Anonymous,
            Method::POST,
            &format!("/tasks/{task}/cancel/"),
        )
        .in_iaso(&session);
    is_unavailable(&write.send().await);
    story.end().await;
}
