//! Clients that send a request very slowly are disconnected.

use rstest::rstest;
use std::io::ErrorKind;
use std::time::Instant;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::catalogue::id;
use crate::support::story::{As, Base, MAX_WAIT, Postgres, Sqlite, Story, StoryBuilder};

impl Story {
    /// Sends this beginning of a request and returns everything until the bridge closes the connection.
    async fn response_to(&self, beginning: &str) -> String {
        let began = Instant::now();
        let address = self.base_url().replace("http://", "");
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        let mut told = Vec::new();
        let reading = stream.read_to_end(&mut told);
        let read = tokio::time::timeout(MAX_WAIT, reading).await;
        // Unread bytes at that time cause a reset.
        let read = read.expect("the bridge closes the connection");
        assert!(
            read.is_ok() || read.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
        );
        assert!(began.elapsed() < MAX_WAIT);
        String::from_utf8(told).unwrap()
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_arrive_gets_408(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .setting("server.body_timeout", "200ms")
        .begin()
        .await;
    let path = format!("/api/openhexa/pipelines/{}/", id(1));
    for kind in [
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: {kind}\r\nContent-Length: 1000\r\n\r\n",
            story.secrets.operator
        );
        let told = story.response_to(&format!("{head}{{\"task_id\": ")).await;
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.1 408 ") && head.to_lowercase().contains("connection: close"),
            "{head}"
        );
        let body: Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"], "The body was not received in time");
    }
    let answer = story
        .ask(As::Viewer, reqwest::Method::GET, "/tasks/")
        .send()
        .await;
    answer.expect(200);
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_that_do_not_arrive_time_out(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base)
        .setting("server.header_timeout", "200ms")
        .begin()
        .await;
    for beginning in [
        "GET /api/openhexa/tasks/ HTTP/1.1\r\nHost: local",
        "G",
        "POST /x HTTP/1.1\r\n",
    ] {
        let told = story.response_to(beginning).await;
        assert!(
            told.is_empty() || told.starts_with("HTTP/1.1 408 "),
            "{beginning:?}: {told}"
        );
    }
    story.end().await;
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_without_end_are_refused(#[values(Sqlite, Postgres)] base: Base) {
    let story = StoryBuilder::on(base).begin().await;
    let long = format!(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: {}",
        "x".repeat(200_000)
    );
    let told = story.response_to(&long).await;
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{told}");
    let answer = story
        .ask_at(As::Anonymous, reqwest::Method::GET, "/healthz")
        .send()
        .await;
    answer.expect(200);
    story.end().await;
}
