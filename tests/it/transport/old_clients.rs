//! HTTP/1.0 clients: a response of unknown length ends with its connection.

use super::*;
use crate::support::story::{Base, Postgres, Sqlite};
use rstest::rstest;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_http_1_0_gets_plain_bytes_and_the_end_of_the_connection(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    story.launch(&id(1), json!({})).await;
    let key = &story.secrets.viewer;
    for more in [
        "",
        "Accept-Encoding: gzip\r\n",
        "Connection: keep-alive\r\nAccept-Encoding: gzip\r\n",
    ] {
        let mut raw = Raw::to(&story).await;
        raw.send(format!(
            "GET /api/openhexa/tasks/ HTTP/1.0\r\nAuthorization: Bearer {key}\r\n{more}\r\n"
        ))
        .await;
        let (status, head) = raw.head().await;
        assert_eq!(status, 200, "{head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
        if head.contains("content-length") {
            continue;
        }
        assert!(!head.contains("keep-alive"), "{head}");
        let mut body = raw.until_closed().await;
        if head.contains("content-encoding: gzip") {
            let mut text = Vec::new();
            std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&body[..]), &mut text)
                .unwrap();
            body = text;
        }
        let listed: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(listed["count"], 1);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_for_http_1_0_has_no_chunks_and_ends_with_its_task(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let task = story.launch(&id(1), json!({})).await;
    let mut raw = Raw::to(&story).await;
    let key = &story.secrets.viewer;
    raw.send(format!(
        "GET /api/openhexa/tasks/{task}/stream/ HTTP/1.0\r\nAuthorization: Bearer {key}\r\n\r\n"
    ))
    .await;
    let (status, head) = raw.head().await;
    assert_eq!(status, 200, "{head}");
    assert!(!head.contains("transfer-encoding"), "{head}");
    raw.until("event: task").await;
    story.until_confirmed(task).await;
    let text = String::from_utf8(raw.until_closed().await).unwrap();
    for line in text.lines() {
        let known = line.is_empty()
            || [":", "id: ", "event: ", "data: ", "retry: "]
                .iter()
                .any(|begins| line.starts_with(begins));
        assert!(known, "{line:?} in {text}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_of_known_length_keeps_an_http_1_0_connection_that_asks_for_it(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let mut raw = Raw::to(&story).await;
    for _ in 0..3 {
        raw.send(
            "GET /healthz HTTP/1.0\r\nConnection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n\r\n",
        )
        .await;
        let response = raw.response().await;
        assert_eq!(
            (response.status, response.header("connection")),
            (200, Some("keep-alive")),
            "{response:?}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_for_a_tunnel_is_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let mut raw = Raw::to(&story).await;
    raw.send("CONNECT bridge:443 HTTP/1.1\r\nHost: bridge:443\r\nAccept-Encoding: gzip\r\n\r\n")
        .await;
    let answer = String::from_utf8(raw.until_closed().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(!answer.to_lowercase().contains("chunked"), "{answer}");
    story.end().await;
}
