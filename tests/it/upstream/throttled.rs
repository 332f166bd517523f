//! An OpenHEXA, or a proxy in front of it, that refuses requests for a while.

use rstest::rstest;
use std::time::{Duration, Instant};

use openhexa_bridge::domain::connection::Target;
use openhexa_bridge::openhexa::{Error, LaunchError, OpenHexa};
use reqwest::Method;
use serde_json::{Map, json};

use super::{client, launch, target};
use crate::support::scripted_server::{ReceivedRequest, Reply, ScriptedServer, json as answer};
use crate::support::story::{As, Base, MAX_WAIT, Postgres, Sqlite, StoryBuilder};

const ME: &str = r#"{"data":{"me":{"user":{"id":"f5298f99-df42-476c-b22b-ee5692e893ed"}}}}"#;

fn throttled(seconds: Option<u32>) -> Error {
    Error::Throttled { seconds }
}

/// Refuses the first request with this response, and accepts the others.
async fn first(reply: Reply) -> ScriptedServer {
    let replies = std::sync::Mutex::new(Some(reply));
    let next = move |_: &ReceivedRequest| replies.lock().unwrap().take();
    ScriptedServer::serve(move |heard| next(heard).unwrap_or_else(|| answer(ME))).await
}

#[tokio::test]
async fn after_a_429_with_retry_after_requests_wait_but_not_those_of_other_tokens() {
    let wire = first(Reply::Later(429, "2".to_owned())).await;
    let (client, own) = (client(), target(&wire.url));
    let begun = Instant::now();
    assert_eq!(client.me(&own).await, Err(throttled(Some(2))));
    let again = client.me(&own).await.unwrap_err();
    assert!(
        matches!(
            again,
            Error::Throttled {
                seconds: Some(1 | 2)
            }
        ),
        "{again:?}"
    );
    assert_eq!(wire.received().len(), 1, "no request was sent before");
    let other = Target {
        token: "another-token".into(),
        ..own.clone()
    };
    client.me(&other).await.unwrap();
    while client.me(&own).await.is_err() {
        assert!(begun.elapsed() < MAX_WAIT);
        tokio::task::yield_now().await;
    }
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(wire.received().len(), 3);
}

#[tokio::test]
async fn a_retry_after_as_a_date_uses_the_servers_clock() {
    let when = "Sat, 28 Nov 2026 10:00:30 GMT\r\nDate: Sat, 28 Nov 2026 10:00:00 GMT";
    let wire = first(Reply::Later(503, when.to_owned())).await;
    assert_eq!(
        client().me(&target(&wire.url)).await,
        Err(throttled(Some(30)))
    );
}

#[tokio::test]
async fn without_retry_after_requests_do_not_wait() {
    for (reply, meaning) in [
        (Reply::Html(429, String::new()), throttled(None)),
        (Reply::Html(503, String::new()), Error::Status(503)),
        (Reply::Later(500, "60".to_owned()), Error::Status(500)),
        (Reply::Later(429, "soon".to_owned()), throttled(None)),
        (Reply::Later(429, "0".to_owned()), throttled(Some(0))),
        (Reply::Later(429, "-5".to_owned()), throttled(Some(0))),
    ] {
        let wire = first(reply).await;
        let client = client();
        assert_eq!(client.me(&target(&wire.url)).await, Err(meaning));
        client.me(&target(&wire.url)).await.unwrap();
    }
}

#[tokio::test]
async fn a_very_long_retry_after_is_limited() {
    let wire = first(Reply::Later(429, "99999999999".to_owned())).await;
    assert_eq!(
        client().me(&target(&wire.url)).await,
        Err(throttled(Some(600)))
    );
}

#[tokio::test]
async fn a_throttled_launch_has_an_unknown_outcome_and_the_next_one_is_not_sent() {
    let wire = first(Reply::Later(429, "60".to_owned())).await;
    let client = client();
    let unsure = client.run(&target(&wire.url), &launch()).await;
    assert_eq!(
        unsure,
        Err(LaunchError::UnknownOutcome(throttled(Some(60))))
    );
    let unsent = client.run(&target(&wire.url), &launch()).await;
    assert!(
        matches!(unsent, Err(LaunchError::NotSent(Error::Throttled { .. }))),
        "{unsent:?}"
    );
    assert_eq!(wire.received().len(), 1);
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_list_returns_503_with_retry_after(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).not_configured().begin().await;
    let wire = ScriptedServer::always(Reply::Later(429, "60".to_owned())).await;
    story
        .configure_with(
            Map::new(),
            &format!("{}/graphql/", wire.url),
            "a-token",
            "demo",
        )
        .await;
    for _ in 0..2 {
        let list = story.get("/pipelines/").await;
        assert_eq!(
            list.error(502),
            "OpenHEXA accepts no more requests for now; try again later"
        );
        assert!(list.header("retry-after").parse::<u32>().unwrap() >= 50);
    }
    let check = story
        .ask(As::Admin, Method::POST, "/config/check/")
        .json(&json!({}))
        .send()
        .await
        .expect(200);
    assert_eq!(
        check["checks"][0]["detail"],
        "OpenHEXA accepts no more requests for now; try again later"
    );
    assert_eq!(wire.received().len(), 1);
    story.end().await;
}
