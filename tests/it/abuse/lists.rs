//! Lists of tasks with large results, read and left unread.

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

use super::*;

// Eight unread lists of 25 tasks with 0.9 MB each held 2.2 GB.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_of_large_results_that_nobody_reads_hold_little() {
    let mut site = Site::start(&[], &[]).await;
    let large = json!({"status": "RUNNING", "result": vec![json!({"district": "Tshopo", "cases": 12}); 23_000]});
    for _ in 0..25 {
        site.reported(&large).await;
    }
    let socket = site.socket().to_owned();
    let list = site.api("/tasks/?limit=200");
    let (unread, listed) = site
        .bears(120, async {
            let mut unread = Vec::new();
            for _ in 0..8 {
                let mut stream = TcpStream::connect(&socket).await.unwrap();
                stream
                    .write_all(
                        b"GET /api/openhexa/tasks/?limit=200 HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    )
                    .await
                    .unwrap();
                unread.push(stream);
            }
            (unread, Visitor::new().get(&list).await)
        })
        .await;
    assert_eq!(listed.0, 200);
    let rows = listed.1["results"].as_array().unwrap();
    assert_eq!(rows.len(), 25);
    assert!(
        rows.iter()
            .all(|row| row["result"].is_null() && row["result_size"].as_i64() > Some(700_000))
    );
    drop(unread);
}

impl Site {
    /// Open sockets of the process.
    fn sockets(&mut self) -> usize {
        let id = self.process.id().expect("the process lives");
        let files = std::fs::read_dir(format!("/proc/{id}/fd")).unwrap();
        let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        targets
            .filter(|target| target.to_string_lossy().starts_with("socket:"))
            .count()
    }
}

// A client that does not read its response kept it in memory for as long as it liked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_disconnected() {
    let mut site = Site::start(
        &[],
        &[
            ("SERVER__WRITE_TIMEOUT", "500ms"),
            ("STREAM__COMMENT_EVERY", "100ms"),
        ],
    )
    .await;
    let result = json!({"status": "RUNNING", "result": "x".repeat(1_000_000)});
    let task = site.reported(&result).await;
    let quick = site.visitor.task(&site.bridge, task).await;
    assert_eq!(
        quick["result"].as_str().map(str::len),
        Some(1_000_000),
        "whoever reads gets it whole"
    );
    let before = site.sockets();
    let mut clients = Vec::new();
    for _ in 0..8 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket
            .connect(site.socket().parse().unwrap())
            .await
            .unwrap();
        let request =
            format!("GET /api/openhexa/tasks/{task}/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
                .repeat(16);
        stream.write_all(request.as_bytes()).await.unwrap();
        clients.push(stream);
    }
    let began = Instant::now();
    // Each had two; a few of the bridge's own come and go.
    while site.sockets() > before + 6 {
        assert!(began.elapsed() < PATIENCE, "they are still connected");
        site.neighbour(1).await;
    }
    drop(clients);
}
