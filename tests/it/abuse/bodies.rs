//! Request bodies that the bridge does not read.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

// The bridge used to read the connection for as long as the client sent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunked_body_that_is_not_read_closes_its_connection() {
    let mut site = Site::start(&[], &[("SERVER__DISCONNECT_TIMEOUT", "500ms")]).await;
    let socket = site.socket().to_owned();
    for path in ["/api/openhexa/nothing/", "/api/openhexa/tasks/1/cancel/"] {
        let told = site
            .bears(60, Box::pin(send_until_closed(&socket, path)))
            .await;
        assert!(told.starts_with("HTTP/1.1 404"), "{told}");
        assert!(told.to_lowercase().contains("connection: close"), "{told}");
    }
}

/// Sends chunks until the connection is closed, and returns the response.
async fn send_until_closed(socket: &str, path: &str) -> String {
    let (mut reader, mut writer) = TcpStream::connect(socket).await.unwrap().into_split();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    writer.write_all(head.as_bytes()).await.unwrap();
    let sending = async {
        let chunk = format!("1000\r\n{}\r\n", "x".repeat(4096));
        while writer.write_all(chunk.as_bytes()).await.is_ok() {}
    };
    let reading = async {
        let mut told = Vec::new();
        // The read ends with a reset if bytes were still in transit.
        let mut part = [0; 4096];
        while let Ok(read @ 1..) = reader.read(&mut part).await {
            told.extend_from_slice(&part[..read]);
        }
        String::from_utf8_lossy(&told).into_owned()
    };
    let both = async { tokio::join!(sending, reading).1 };
    tokio::time::timeout(MAX_WAIT, both)
        .await
        .expect("the connection is closed")
}

// After a body that is read completely, the connection stays open for the next request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunked_body_that_is_read_keeps_its_connection() {
    let site = Site::start(&[], &[]).await;
    let mut stream = TcpStream::connect(site.socket()).await.unwrap();
    for _ in 0..3 {
        let head = "POST /api/openhexa/pipelines/00000000-0000-4000-8000-000000000001/validate/ HTTP/1.1\r\n\
                    Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        let body = "d\r\n{\"config\":{}}\r\n0\r\n\r\n";
        stream
            .write_all(format!("{head}{body}").as_bytes())
            .await
            .unwrap();
        let mut told = String::new();
        while !told.contains("\"warnings\":{}}") {
            let mut part = [0; 4096];
            let read = tokio::time::timeout(MAX_WAIT, stream.read(&mut part))
                .await
                .unwrap()
                .unwrap();
            assert!(read > 0, "the connection is closed: {told}");
            told.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
    }
}
