//! Lists of tasks with large results, read and left unread.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::*;

// Eight clients that did not read their list of 25 tasks with 0.9 MB each used 2.2 GB of memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unread_lists_of_large_results_use_little_memory() {
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
