//! Offers to switch to another protocol, which the bridge does not take up.

use super::*;
use crate::support::story::story;

/// As the HTTP client of Java sends with each request unless told otherwise.
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

story! {
    async fn sixty_posts_of_a_client_that_offers_h2c_are_answered_on_one_connection(base) {
        let story = plan(base).begin().await;
        let mut raw = Raw::to(&story).await;
        for _ in 0..60 {
            raw.send(validate(&story, H2C, BODY)).await;
            keeps_the_connection(&raw.response().await);
        }
        story.end().await;
    }
}

story! {
    async fn an_offer_is_ignored_however_its_bytes_arrive_and_whatever_stands_in_bodies(base) {
        let story = plan(base).begin().await;
        let mut raw = Raw::to(&story).await;
        let told = r#"{"config": {}, "note": "\r\n\r\nGET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n"}"#;
        // All at once, as a client that does not wait for responses.
        let both = validate(&story, H2C, told) + &validate(&story, WEBSOCKET, BODY);
        raw.send(&both).await;
        keeps_the_connection(&raw.response().await);
        keeps_the_connection(&raw.response().await);
        // Byte by byte.
        for byte in validate(&story, H2C, told).into_bytes() {
            raw.send([byte]).await;
        }
        keeps_the_connection(&raw.response().await);
        // In chunks, with extensions and a trailer, and another request behind them.
        let chunked = validate(&story, &format!("{H2C}Transfer-Encoding: chunked\r\n"), "").replace("Content-Length: 0\r\n", "");
        raw.send(format!("{chunked}4;note=1\r\n{{\"co\r\nA\r\nnfig\": {{}}}}\r\n0\r\nX-Trailer: Upgrade\r\n\r\n")).await;
        raw.send(validate(&story, "connection: UPGRADE\r\nupgrade: h2c\r\n", BODY)).await;
        keeps_the_connection(&raw.response().await);
        keeps_the_connection(&raw.response().await);
        assert!(raw.stays_open().await);
        story.end().await;
    }
}

story! {
    async fn a_client_that_wants_its_connection_closed_gets_that(base) {
        let story = plan(base).begin().await;
        let mut raw = Raw::to(&story).await;
        raw.send(validate(&story, "Connection: close, Upgrade\r\nUpgrade: h2c\r\n", BODY)).await;
        let response = raw.response().await;
        assert_eq!((response.status, response.header("connection")), (200, Some("close")));
        assert!(raw.until_closed().await.is_empty());
        story.end().await;
    }
}

story! {
    async fn a_stream_asked_for_with_a_websocket_offer_is_framed_as_it_says(base) {
        let story = plan(base).begin().await;
        let mut raw = Raw::to(&story).await;
        let key = &story.secrets.viewer;
        raw.send(format!("GET /api/openhexa/tasks/stream/ HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {key}\r\n{WEBSOCKET}\r\n")).await;
        let (status, head) = raw.head().await;
        assert_eq!(status, 200, "{head}");
        assert!(head.contains("\r\ntransfer-encoding: chunked\r\n") && !head.contains("upgrade"), "{head}");
        story.launch(&id(1), json!({})).await;
        let text = raw.until("event: task").await;
        let size = text.split("\r\n").next().unwrap();
        assert!(usize::from_str_radix(size, 16).is_ok(), "no chunk: {text}");
        story.end().await;
    }
}

story! {
    async fn a_body_behind_a_websocket_offer_ends_where_it_says(base) {
        let story = plan(base).begin().await;
        let mut raw = Raw::to(&story).await;
        for _ in 0..3 {
            raw.send(validate(&story, WEBSOCKET, BODY)).await;
            keeps_the_connection(&raw.response().await);
        }
        story.end().await;
    }
}

story! {
    async fn what_is_no_request_is_refused_and_the_connection_closed(base) {
        let story = plan(base).begin().await;
        for bytes in [
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
            validate(&story, "Content-Length: 5\r\n", BODY),
            validate(&story, "Transfer-Encoding: chunked\r\n", BODY),
            format!("GET / HTTP/1.1\r\nHost: bridge\r\nX: {}\r\n\r\n", "x".repeat(200_000)),
        ] {
            let mut raw = Raw::to(&story).await;
            // The bridge may close before it has read everything.
            let _ = raw.socket.write_all(bytes.as_bytes()).await;
            let answer = raw.until_closed().await;
            let answer = String::from_utf8_lossy(&answer).into_owned();
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
        }
        let mut raw = Raw::to(&story).await;
        raw.send(validate(&story, "", BODY)).await;
        keeps_the_connection(&raw.response().await);
        story.end().await;
    }
}
