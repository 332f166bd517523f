//! Which credential of a request is used, what is sent to Iaso, and how long its response is cached.

use rstest::rstest;
use std::sync::Arc;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{ELSEWHERE, WithSession, begin, denied, plan, with_session, with_token};
use crate::support::catalogue::id;
use crate::support::iaso::{self, Iaso, MAY, ResponseMode};
use crate::support::story::stream::Block;
use crate::support::story::{As, Base, Postgres, Sqlite};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anonymous_and_unknown_users_get_the_same_errors_as_in_iaso(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = begin(base).await;
    let good = iaso.session(iaso::profile(4, 1, MAY));
    let unknown = iaso::token(&iaso::access(4, 4_000_000_000), "another key altogether");
    denied(
        &story
            .ask(As::Anonymous, Method::GET, "/tasks/")
            .send()
            .await,
        401,
        None,
    );
    let answer = with_session(&story, "nosuchsession", "/tasks/").await;
    denied(&answer, 401, None);
    assert_eq!(
        (
            answer.error(401).as_str(),
            answer.header("www-authenticate")
        ),
        (ELSEWHERE, "Bearer realm=\"api\"")
    );
    for token in [
        unknown.as_str(),
        "garbage",
        "a.b.c",
        "ohb-operator-00000000000000000000000000000000",
    ] {
        denied(
            &with_token(&story, token, "/tasks/").await,
            401,
            Some("token_not_valid"),
        );
        // An invalid token is refused even together with a valid session.
        let both = story
            .ask(As::Bearer(token.to_owned()), Method::GET, "/tasks/")
            .cookie(&good)
            .send()
            .await;
        denied(&both, 401, Some("token_not_valid"));
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_used_if_a_proxy_adds_other_credentials(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = begin(base).await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    for (given, status) in [
        ("Basic dXNlcjpwYXNz", 200),
        ("Token abc", 200),
        ("JWT a.b.c", 200),
        ("Bearer", 401),
        ("Bearer x", 401),
        ("bearer x", 401),
    ] {
        let ask = story
            .ask(As::Anonymous, Method::GET, "/tasks/")
            .header("authorization", given);
        assert_eq!(ask.cookie(&session).send().await.status, status, "{given}");
        let alone = story
            .ask(As::Anonymous, Method::GET, "/tasks/")
            .header("authorization", given);
        assert_eq!(alone.send().await.status, 401, "{given}");
    }
    // A malformed cookie is ignored; of several, the last one is used, as in Iaso.
    for (cookie, status) in [
        ("sessionid=".to_owned(), 401),
        ("sessionid=a b".to_owned(), 401),
        ("sessionid=\"x\"".to_owned(), 401),
        (format!("xsessionid={session}"), 401),
        (format!("sessionid={session}x"), 401),
        (format!("sessionid={session}; sessionid=other"), 401),
        (format!("sessionid=other; sessionid={session}"), 200),
    ] {
        let ask = story
            .ask(As::Anonymous, Method::GET, "/tasks/")
            .header("cookie", &cookie);
        assert_eq!(ask.send().await.status, status, "{cookie}");
    }
    story.end().await;
}

/// The headers that Iaso received, without those that every client sends.
fn said(iaso: &Iaso) -> Vec<Vec<(String, String)>> {
    let usual = ["host", "accept", "user-agent", "accept-encoding"];
    let heard = iaso.received().into_iter();
    heard
        .map(|one| {
            let own = one
                .into_iter()
                .filter(|(name, _)| !usual.contains(&name.as_str()));
            own.collect()
        })
        .collect()
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_credential_of_a_request_is_sent_to_iaso(#[values(Sqlite, Postgres)] base: Base) {
    let (story, iaso) = begin(base).await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let token = iaso.token(iaso::profile(4, 1, MAY));
    let ask = story
        .ask(As::Anonymous, Method::GET, "/tasks/?search=private")
        .cookie(&session);
    let ask = ask
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-csrftoken", "abc")
        .header("accept-language", "fr");
    ask.header("referer", "https://iaso.example.org/secret")
        .send()
        .await
        .expect(200);
    let ask = story.ask(As::Bearer(token.clone()), Method::GET, "/tasks/");
    ask.header("cookie", "csrftoken=abc; other=1")
        .header("x-forwarded-host", "evil.example")
        .send()
        .await
        .expect(200);
    let one = |name: &str, value: String| vec![(name.to_owned(), value)];
    assert_eq!(
        said(&iaso),
        [
            one("cookie", format!("sessionid={session}")),
            one("authorization", format!("Bearer {token}"))
        ]
    );
    // A mistyped key, a valid key, and a callback token are not sent to Iaso.
    let key = story.secrets.operator.clone();
    for bearer in [
        format!("{key}x"),
        key,
        story.secrets.admin.clone(),
        "garbage".to_owned(),
    ] {
        with_token(&story, &bearer, "/tasks/").await;
    }
    assert_eq!(iaso.received().len(), 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_of_iaso_is_cached_and_then_requested_again(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = begin(base).await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    for _ in 0..3 {
        with_session(&story, &session, "/tasks/").await.expect(200);
    }
    assert_eq!(iaso.received().len(), 1);
    iaso.change(&session, iaso::profile(4, 1, &[]));
    story.advance(TimeDelta::seconds(29));
    with_session(&story, &session, "/tasks/").await.expect(200);
    story.advance(TimeDelta::seconds(1));
    denied(&with_session(&story, &session, "/tasks/").await, 403, None);
    assert_eq!(iaso.received().len(), 2);
    // Another session of the same user needs another request.
    let other = iaso.session(iaso::profile(4, 1, MAY));
    with_session(&story, &other, "/tasks/").await.expect(200);
    assert_eq!(iaso.received().len(), 3);
    // After a sign-out the session is refused as soon as Iaso says so, and the old response is not used again
    // while Iaso is unavailable.
    iaso.forget(&other);
    story.advance(TimeDelta::seconds(30));
    denied(&with_session(&story, &other, "/tasks/").await, 401, None);
    iaso.respond_with(ResponseMode::Page(502));
    with_session(&story, &other, "/tasks/").await.error(503);
    // A refusal is not cached.
    iaso.respond_with(ResponseMode::Well);
    let back = iaso.received().len();
    for _ in 0..2 {
        denied(&with_session(&story, &other, "/tasks/").await, 401, None);
    }
    assert_eq!(iaso.received().len(), back + 2);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_with_the_same_credential_share_one_response(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let (story, iaso) = begin(base).await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let gate = Arc::new(Semaphore::new(0));
    iaso.respond_with(ResponseMode::Gated(gate.clone()));
    let all = (0..20).map(|_| with_session(&story, &session, "/tasks/"));
    let opened = async {
        story
            .until_true("a request", async || !iaso.received().is_empty())
            .await;
        // Requests that were sent later got a response, so the others would have reached Iaso too if they
        // sent a request.
        let later = (0..20).map(|_| story.get("/tasks/"));
        futures_util::future::join_all(later).await;
        gate.add_permits(100);
    };
    let (answers, ()) = tokio::join!(futures_util::future::join_all(all), opened);
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert_eq!(iaso.received().len(), 1);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_its_session_and_stays_open_while_iaso_is_unavailable(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let iaso = Iaso::start();
    let story = plan(base, &iaso)
        .setting("stream.comment_every", "50ms")
        .setting("iaso.profile_kept", "0s")
        .begin()
        .await;
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let ask = story
        .ask(As::Anonymous, Method::GET, "/tasks/stream/")
        .cookie(&session);
    let mut stream = ask.stream().await;
    let comments = async |stream: &mut crate::support::story::stream::Stream, times: usize| {
        let mut seen = 0;
        while seen < times {
            let block = stream.next().await.expect("no end");
            seen += usize::from(block == Block::Comment);
        }
    };
    comments(&mut stream, 2).await;
    iaso.respond_with(ResponseMode::Page(500));
    let asked = iaso.received().len();
    story
        .until_true("failed checks", async || iaso.received().len() > asked + 2)
        .await;
    comments(&mut stream, 2).await;
    iaso.respond_with(ResponseMode::Well);
    iaso.forget(&session);
    assert_eq!(stream.rest().await, Vec::<Value>::new());
    // Moved to another account: later events do not belong to the stream's account.
    let session = iaso.session(iaso::profile(4, 1, MAY));
    let mut stream = story
        .ask(As::Anonymous, Method::GET, "/tasks/stream/")
        .cookie(&session)
        .stream()
        .await;
    iaso.change(&session, iaso::profile(4, 2, MAY));
    assert_eq!(stream.rest().await, Vec::<Value>::new());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_are_not_stored(#[values(Sqlite, Postgres)] base: Base) {
    let iaso = Iaso::start();
    let mut story = plan(base, &iaso)
        .setting("log.filter", "trace")
        .begin()
        .await;
    let (session, token) = (
        iaso.session(iaso::superuser(4, 1)),
        iaso.token(iaso::profile(5, 1, MAY)),
    );
    story.secrets.more.extend([session.clone(), token.clone()]);
    let body = json!({"config": {}});
    let path = format!("/pipelines/{}/launch/", id(1));
    story
        .ask(As::Anonymous, Method::POST, &path)
        .in_iaso(&session)
        .json(&body)
        .send()
        .await
        .expect(201);
    story
        .ask(As::Bearer(token), Method::POST, &path)
        .json(&body)
        .send()
        .await
        .expect(201);
    story
        .ask(As::Anonymous, Method::POST, &path)
        .cookie(&session)
        .json(&body)
        .send()
        .await
        .error(403);
    iaso.respond_with(ResponseMode::Page(500));
    story.advance(TimeDelta::minutes(1));
    with_session(&story, &session, "/tasks/").await.error(503);
    // Searches the log, the database and every response for both.
    story.end().await;
}
