//! Requests to switch to another protocol, which the bridge ignores.

use super::*;
use crate::support::story::{Base, Postgres, Sqlite};
use rstest::rstest;

/// The headers that Java's HTTP client sends with each request by default.
const H2C: &str = "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n\
                   Upgrade: h2c\r\nUser-Agent: Java-http-client/21.0.2\r\n";
const WEBSOCKET: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const BODY: &str = r#"{"config": {}}"#;

#[track_caller]
fn keeps_the_connection(response: &Response) {
    assert_eq!(
        (response.status, response.json()["valid"] == json!(true)),
        (200, true),
        "{response:?}"
    );
    assert_eq!(response.header("connection"), None, "{response:?}");
    assert_eq!(response.header("upgrade"), None, "{response:?}");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_posts_with_h2c_offers_work_on_one_connection(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let mut raw = Raw::to(&story).await;
    for _ in 0..60 {
        raw.send(validate(&story, H2C, BODY)).await;
        keeps_the_connection(&raw.response().await);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_ignored_with_any_splitting_and_any_body(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let mut raw = Raw::to(&story).await;
    let told = r#"{"config": {}, "note": "\r\n\r\nGET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n"}"#;
    // Everything at once, like a client that does not wait for responses.
    let both = validate(&story, H2C, told) + &validate(&story, WEBSOCKET, BODY);
    raw.send(&both).await;
    keeps_the_connection(&raw.response().await);
    keeps_the_connection(&raw.response().await);
    // Byte by byte.
    for byte in validate(&story, H2C, told).into_bytes() {
        raw.send([byte]).await;
    }
    keeps_the_connection(&raw.response().await);
    // In chunks, with extensions and a trailer, followed by another request.
    let chunked = validate(&story, &format!("{H2C}Transfer-Encoding: chunked\r\n"), "")
        .replace("Content-Length: 0\r\n", "");
    raw.send(format!(
        "{chunked}4;note=1\r\n{{\"co\r\nA\r\nnfig\": {{}}}}\r\n0\r\nX-Trailer: Upgrade\r\n\r\n"
    ))
    .await;
    raw.send(validate(
        &story,
        "connection: UPGRADE\r\nupgrade: h2c\r\n",
        BODY,
    ))
    .await;
    keeps_the_connection(&raw.response().await);
    keeps_the_connection(&raw.response().await);
    assert!(raw.stays_open().await);
    story.end().await;
}

/// A POST that validates a launch, with a body in these chunks.
fn in_chunks(story: &Story, chunks: &str) -> String {
    let head = validate(story, &format!("{H2C}Transfer-Encoding: chunked\r\n"), "");
    head.replace("Content-Length: 0\r\n", "") + chunks
}

// Two parsers found different ends of a body; then the upgrade offers of all later requests were accepted,
// which closed the connection.
#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_after_a_chunked_body_is_ignored_in_any_chunk_format(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let long = format!("e;{}\r\n{BODY}\r\n0\r\n\r\n", "x".repeat(20_000));
    let wide = format!("e\r\n{BODY}\r\n0\r\nX: {}\r\n\r\n", "y".repeat(20_000));
    for chunks in [
        "e\r\n{\"config\": {}}\r\n0\r\n\r\n",
        "0e \t;a=\"b\"\r\n{\"config\": {}}\r\n000;last\r\n\r\n",
        "1\r\n{\r\nD\r\n\"config\": {}}\r\n0\r\n\r\n",
        // In a trailer, the library treats a bare LF as part of the line.
        "e\r\n{\"config\": {}}\r\n0\r\n\n\r\n\r\n",
        "e\r\n{\"config\": {}}\r\n0\r\n\nX: 1\r\n\r\n",
        "e\r\n{\"config\": {}}\r\n0\r\nX: 1\n\nY: 2\r\n\r\n",
        "e\r\n{\"config\": {}}\r\n0\r\nX: 1\n\nPOST / HTTP/1.1\nHost: a\nContent-Length: 9999\r\n\r\n",
        "e\r\n{\"config\": {}}\r\n0\r\nX: 1\r\nUpgrade: h2c\r\n\r\n",
        &long,
        &wide,
    ] {
        let mut raw = Raw::to(&story).await;
        raw.send(
            in_chunks(&story, chunks)
                + &validate(&story, WEBSOCKET, BODY)
                + &validate(&story, H2C, BODY),
        )
        .await;
        for _ in 0..3 {
            let response = raw.response().await;
            assert_eq!(response.status, 200, "{chunks:?}: {response:?}");
            keeps_the_connection(&response);
        }
        raw.send(validate(&story, H2C, BODY)).await;
        keeps_the_connection(&raw.response().await);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unreadable_chunks_are_refused_and_later_requests_get_no_response(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for chunks in [
        "e\n{\"config\": {}}\r\n0\r\n\r\n",
        "e;a=b\n{\"config\": {}}\r\n0\r\n\r\n",
        "e\r\n{\"config\": {}}\n0\r\n\r\n",
        "e\r\n{\"config\": {}}\r\n0\n\r\n",
        "+e\r\n{\"config\": {}}\r\n0\r\n\r\n",
        " e\r\n{\"config\": {}}\r\n0\r\n\r\n",
        "e 0\r\n{\"config\": {}}\r\n0\r\n\r\n",
        "\r\n{\"config\": {}}\r\n0\r\n\r\n",
        "10000000000000000e\r\n{\"config\": {}}\r\n0\r\n\r\n",
        "e\r\n{\"config\": {}}\r\n0\r\nX: 1\r\r\n\r\n",
    ] {
        let mut raw = Raw::to(&story).await;
        raw.send(in_chunks(&story, chunks) + &validate(&story, H2C, BODY))
            .await;
        let told = String::from_utf8(raw.until_closed().await).unwrap();
        assert!(told.starts_with("HTTP/1.1 4"), "{chunks:?}: {told}");
        assert_eq!(told.matches("HTTP/1.1 ").count(), 1, "{chunks:?}: {told}");
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connection_close_closes_the_connection(#[values(Sqlite, Postgres)] base: Base) {
    let story = plan(base).begin().await;
    let mut raw = Raw::to(&story).await;
    raw.send(validate(
        &story,
        "Connection: close, Upgrade\r\nUpgrade: h2c\r\n",
        BODY,
    ))
    .await;
    let response = raw.response().await;
    assert_eq!(
        (response.status, response.header("connection")),
        (200, Some("close"))
    );
    assert!(raw.until_closed().await.is_empty());
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_requested_with_a_websocket_offer_has_valid_chunks(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let mut raw = Raw::to(&story).await;
    let key = &story.secrets.viewer;
    raw.send(format!("GET /api/openhexa/tasks/stream/ HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {key}\r\n{WEBSOCKET}\r\n")).await;
    let (status, head) = raw.head().await;
    assert_eq!(status, 200, "{head}");
    assert!(
        head.contains("\r\ntransfer-encoding: chunked\r\n") && !head.contains("upgrade"),
        "{head}"
    );
    story.launch(&id(1), json!({})).await;
    let text = raw.until("event: task").await;
    let size = text.split("\r\n").next().unwrap();
    assert!(usize::from_str_radix(size, 16).is_ok(), "no chunk: {text}");
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_after_a_websocket_offer_has_its_declared_length(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    let mut raw = Raw::to(&story).await;
    for _ in 0..3 {
        raw.send(validate(&story, WEBSOCKET, BODY)).await;
        keeps_the_connection(&raw.response().await);
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn invalid_requests_are_refused_and_the_connection_is_closed(
    #[values(Sqlite, Postgres)] base: Base,
) {
    let story = plan(base).begin().await;
    for bytes in [
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        validate(&story, "Content-Length: 5\r\n", BODY),
        validate(&story, "Transfer-Encoding: chunked\r\n", BODY),
        format!(
            "GET / HTTP/1.1\r\nHost: bridge\r\nX: {}\r\n\r\n",
            "x".repeat(200_000)
        ),
    ] {
        let mut raw = Raw::to(&story).await;
        // The bridge may close before it has read everything.
        let _ = raw.socket.write_all(bytes.as_bytes()).await;
        let answer = raw.until_closed().await;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    let mut raw = Raw::to(&story).await;
    raw.send(validate(&story, "", BODY)).await;
    keeps_the_connection(&raw.response().await);
    story.end().await;
}
