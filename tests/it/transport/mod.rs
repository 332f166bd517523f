//! Unusual clients on raw sockets: those that offer another protocol, and those that cannot read chunks.

mod bodies;
mod old_clients;
mod upgrade;

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::catalogue::{id, injected, pipeline, quick};
use crate::support::story::{Base, MAX_WAIT, Story, StoryBuilder};

/// One connection to a story's bridge.
struct Raw {
    socket: TcpStream,
    /// Bytes that were read and belong to the next response.
    rest: Vec<u8>,
}

/// A response as it was received.
#[derive(Debug)]
struct Response {
    status: u16,
    /// In lower case.
    head: String,
    body: Vec<u8>,
}

impl Response {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.body)))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1);
        let mut values =
            lines.find_map(|line| line.split_once(": ").filter(|(own, _)| *own == name));
        values.take().map(|(_, value)| value)
    }
}

impl Raw {
    async fn to(story: &Story) -> Self {
        let address = story.base_url();
        let socket = TcpStream::connect(address.strip_prefix("http://").unwrap()).await;
        Self {
            socket: socket.unwrap(),
            rest: Vec::new(),
        }
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.socket.write_all(bytes.as_ref()).await.unwrap();
    }

    /// More bytes; false at the end of the connection.
    async fn more(&mut self) -> bool {
        let mut bytes = [0; 4096];
        let read = tokio::time::timeout(MAX_WAIT, self.socket.read(&mut bytes)).await;
        let many = read.expect("bytes in time").unwrap_or(0);
        self.rest.extend_from_slice(&bytes[..many]);
        many > 0
    }

    async fn head(&mut self) -> (u16, String) {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|part| part == b"\r\n\r\n") {
                break end + 4;
            }
            assert!(
                self.more().await,
                "the connection was closed before a response"
            );
        };
        let head: Vec<u8> = self.rest.drain(..end).collect();
        let head = String::from_utf8(head).unwrap().to_lowercase();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head)
    }

    /// A response with its length in the headers.
    async fn response(&mut self) -> Response {
        let (status, head) = self.head().await;
        let mut response = Response {
            status,
            head,
            body: Vec::new(),
        };
        let length = response.header("content-length");
        let length: usize = length
            .unwrap_or_else(|| panic!("{response:?}"))
            .parse()
            .unwrap();
        while self.rest.len() < length {
            assert!(self.more().await, "the response was cut off");
        }
        response.body = self.rest.drain(..length).collect();
        response
    }

    /// Reads until this text was received.
    async fn until(&mut self, what: &str) -> String {
        loop {
            let text = String::from_utf8_lossy(&self.rest).into_owned();
            if text.contains(what) {
                return text;
            }
            assert!(self.more().await, "closed after {text}");
        }
    }

    /// Everything until the bridge closes the connection.
    async fn until_closed(&mut self) -> Vec<u8> {
        while self.more().await {}
        std::mem::take(&mut self.rest)
    }

    /// Whether the connection is still open after a short time.
    async fn stays_open(&mut self) -> bool {
        let read =
            tokio::time::timeout(Duration::from_millis(200), self.socket.read(&mut [0])).await;
        read.is_err()
    }
}

fn plan(base: Base) -> StoryBuilder {
    StoryBuilder::on(base).pipelines(json!([pipeline(1, &injected(), quick("succeed"))]))
}

/// A POST that validates a launch, with these additional headers.
fn validate(story: &Story, more: &str, body: &str) -> String {
    let (path, key) = (
        format!("/api/openhexa/pipelines/{}/validate/", id(1)),
        &story.secrets.operator,
    );
    format!(
        "POST {path} HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{more}\r\n{body}",
        body.len()
    )
}
