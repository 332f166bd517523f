//! Clients that read their responses slowly or not at all are disconnected, for every kind of request.

use std::io::ErrorKind;

use tokio::io::{AsyncWriteExt as _, Interest};
use tokio::net::{TcpSocket, TcpStream};

use super::*;

/// A result that is much larger than what must be read within the time limit, and one that is smaller.
const LARGE: usize = 1_000_000;
const SMALL: usize = 15_000;

async fn with_short_timeouts() -> Site {
    let settings = [
        ("SERVER__WRITE_TIMEOUT", "500ms"),
        ("STREAM__COMMENT_EVERY", "100ms"),
        ("LIMITS__REPORTS_PER_SECOND", "1000"),
    ];
    Site::start(&[], &settings).await
}

impl Site {
    /// A client with a small receive buffer that sends this many requests of the same path at once.
    async fn send_requests(&self, path: &str, times: usize) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let address = self.socket().parse().unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let request = format!("GET /api/openhexa{path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        stream
            .write_all(request.repeat(times).as_bytes())
            .await
            .unwrap();
        stream
    }

    async fn with_result(&self, size: usize) -> i64 {
        let result = json!({"status": "RUNNING", "result": "x".repeat(size)});
        self.reported(&result).await
    }
}

/// The connection is reset, so the unread bytes are discarded.
async fn is_reset(stream: &TcpStream) {
    let reset = tokio::time::timeout(MAX_WAIT, stream.ready(Interest::ERROR)).await;
    assert!(reset.expect("disconnected").unwrap().is_error());
}

// A response stayed in memory for as long as the client did not read it, and small responses had no time
// limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_disconnected_for_responses_of_any_size() {
    let site = with_short_timeouts().await;
    for (size, times) in [(LARGE, 16), (SMALL, 1000), (10, 20_000)] {
        let task = site.with_result(size).await;
        let quick = site.visitor.task(&site.bridge, task).await;
        let read = quick["result"].as_str().map(str::len);
        assert_eq!(
            read,
            Some(size),
            "a client that reads gets the complete result"
        );
        let path = format!("/tasks/{task}/");
        let client = tokio::time::timeout(MAX_WAIT, site.send_requests(&path, times));
        let client = client
            .await
            .unwrap_or_else(|_| panic!("{times} requests of {size} bytes were not sent"));
        is_reset(&client).await;
    }
    site.neighbour(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_reads_a_byte_now_and_then_is_disconnected() {
    let site = with_short_timeouts().await;
    for (size, times) in [(LARGE, 16), (SMALL, 1000)] {
        let task = site.with_result(size).await;
        let client = site.send_requests(&format!("/tasks/{task}/"), times).await;
        let began = Instant::now();
        let read = loop {
            assert!(began.elapsed() < MAX_WAIT, "still connected");
            site.neighbour(1).await;
            match client.try_read(&mut [0]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(1) => {}
                other => break other,
            }
        };
        assert_eq!(read.unwrap_err().kind(), ErrorKind::ConnectionReset);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_its_stream_is_disconnected() {
    let site = with_short_timeouts().await;
    let client = site.send_requests("/tasks/stream/", 1).await;
    let telling = async {
        loop {
            site.with_result(SMALL).await;
        }
    };
    tokio::select! {
        () = is_reset(&client) => {}
        () = telling => {}
    }
    let other = site.send_requests("/tasks/stream/", 1).await;
    other.readable().await.unwrap();
    let comments = async {
        let mut told = Vec::new();
        while !String::from_utf8_lossy(&told).contains("\n:") {
            other.readable().await.unwrap();
            let _ = other.try_read_buf(&mut told);
        }
    };
    let told = tokio::time::timeout(MAX_WAIT, comments).await;
    told.expect("the stream of a client that reads continues");
}
