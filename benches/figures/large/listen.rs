//! The reading end of a stream: raw, so that a thousand of them cost the measuring process little.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::KEY;

pub struct Listener {
    stream: TcpStream,
    held: Vec<u8>,
}

impl Listener {
    /// Asks for all tasks, and waits for the first word.
    pub async fn open(url: &str) -> Self {
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.expect("a bridge listens");
        let ask = format!(
            "GET /api/openhexa/tasks/stream/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n\r\n"
        );
        stream.write_all(ask.as_bytes()).await.expect("it is heard");
        let held = Vec::with_capacity(8 * 1024);
        let mut listener = Self { stream, held };
        while find(&listener.held, b"retry:").is_none() {
            listener.more().await;
        }
        assert!(listener.held.starts_with(b"HTTP/1.1 200"));
        listener.held.clear();
        listener
    }

    /// What is told until then: each event's text, and when it came. Chunks may end anywhere, events end with an
    /// empty line; what HTTP puts between chunks stands between lines of its own and is no part of an event.
    pub async fn until(&mut self, end: Instant, mut told: impl FnMut(&str, Instant)) {
        while let Ok(()) = tokio::time::timeout_at(end.into(), self.more()).await {
            let now = Instant::now();
            let mut from = 0;
            while let Some(length) = find(&self.held[from..], b"\n\n") {
                told(
                    &String::from_utf8_lossy(&self.held[from..from + length]),
                    now,
                );
                from += length + 2;
            }
            self.held.drain(..from);
        }
    }

    async fn more(&mut self) {
        let read = self.stream.read_buf(&mut self.held).await;
        let read = read.expect("a stream that goes on");
        assert!(read > 0, "the stream has ended");
    }
}

fn find(text: &[u8], sign: &[u8]) -> Option<usize> {
    text.windows(sign.len()).position(|window| window == sign)
}

/// Seconds from one moment to a later one.
pub fn seconds(from: Instant, to: Instant) -> f64 {
    to.checked_duration_since(from)
        .unwrap_or(Duration::ZERO)
        .as_secs_f64()
}
