//! A client of a stream on a raw socket, so that 1,000 of them use little CPU time in the benchmark's process.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::site::KEY;

pub struct Listener {
    stream: TcpStream,
    held: Vec<u8>,
}

impl Listener {
    /// Opens the stream of all tasks, and waits for its first line.
    pub async fn open(url: &str) -> Self {
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.expect("a bridge listens");
        let ask = format!(
            "GET /api/openhexa/tasks/stream/ HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {KEY}\r\n\r\n"
        );
        stream
            .write_all(ask.as_bytes())
            .await
            .expect("the server reads it");
        let held = Vec::with_capacity(8 * 1024);
        let mut listener = Self { stream, held };
        while find(&listener.held, b"retry:").is_none() {
            listener.more().await;
        }
        assert!(listener.held.starts_with(b"HTTP/1.1 200"));
        listener.held.clear();
        listener
    }

    /// Calls `received` with the text and the arrival time of each event until `end`. Chunks can end anywhere; an event
    /// ends with an empty line. The size lines of chunks are outside of events.
    pub async fn until(&mut self, end: Instant, mut received: impl FnMut(&str, Instant)) {
        while let Ok(()) = tokio::time::timeout_at(end.into(), self.more()).await {
            let now = Instant::now();
            let mut from = 0;
            while let Some(length) = find(&self.held[from..], b"\n\n") {
                received(
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

/// The seconds between two times; 0 if `to` is earlier.
pub fn seconds(from: Instant, to: Instant) -> f64 {
    to.checked_duration_since(from)
        .unwrap_or(Duration::ZERO)
        .as_secs_f64()
}
