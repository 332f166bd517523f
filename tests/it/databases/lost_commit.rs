//! A connection that breaks during the commit, so its outcome is unknown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::support::postgres::database;

/// A proxy between the bridge and PostgreSQL. Once armed, it forwards the next commit of a transaction with an insert and
/// breaks the connection before the response; then it closes some new connections at once. Debug builds also commit reads.
struct Between {
    url: String,
    armed: Arc<AtomicBool>,
    closes: Arc<AtomicUsize>,
}

impl Between {
    async fn open(database: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (head, name) = database.rsplit_once('/').unwrap();
        let target = head.rsplit('@').next().unwrap().to_owned();
        let own = listener.local_addr().unwrap();
        let armed = Arc::new(AtomicBool::new(false));
        let closes = Arc::new(AtomicUsize::new(0));
        let (breaks, left) = (armed.clone(), closes.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let is_broken = left.load(Ordering::SeqCst) > 0 && !breaks.load(Ordering::SeqCst);
                if is_broken {
                    left.fetch_sub(1, Ordering::SeqCst);
                    continue;
                }
                let server = TcpStream::connect(&target).await.unwrap();
                tokio::spawn(pass_on(client, server, breaks.clone()));
            }
        });
        let url = format!("postgres://postgres@{own}/{name}");
        Self { url, armed, closes }
    }
}

async fn pass_on(client: TcpStream, server: TcpStream, armed: Arc<AtomicBool>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
        from_server
    });
    let mut bytes = vec![0; 64 * 1024];
    let mut inserts = false;
    while let Ok(many @ 1..) = from_client.read(&mut bytes).await {
        let contains = |text: &[u8]| bytes[..many].windows(text.len()).any(|part| part == text);
        inserts |= contains(b"INSERT INTO");
        let commits = contains(b"COMMIT\0") && std::mem::replace(&mut inserts, false);
        if commits && armed.swap(false, Ordering::SeqCst) {
            // From now on nothing is sent to the client.
            back.abort();
            to_server.write_all(&bytes[..many]).await.unwrap();
            // The server closes the connection after the commit.
            to_server.shutdown().await.unwrap();
            return;
        }
        if to_server.write_all(&bytes[..many]).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_whose_commit_was_not_confirmed_returns_201_queued_and_creates_one_run() {
    let direct = tokio::task::spawn_blocking(database).await.unwrap();
    let between = Between::open(&direct).await;
    let story = plan(Base::Postgres).database(&between.url).begin().await;
    between.closes.store(3, Ordering::SeqCst);
    between.armed.store(true, Ordering::SeqCst);
    let answer = launch(&story).await.expect(201);
    assert!(
        !between.armed.load(Ordering::SeqCst),
        "no connection was broken"
    );
    assert_eq!(
        between.closes.load(Ordering::SeqCst),
        0,
        "the database was never unavailable"
    );
    assert_eq!(answer["task"]["status"], "QUEUED");
    assert_eq!(story.tasks().await.len(), 1);
    let ended = story
        .until_confirmed(answer["task"]["id"].as_i64().unwrap())
        .await;
    assert_eq!(
        (&ended["status"], story.runs().await.len()),
        (&json!("SUCCESS"), 1)
    );
    story.end().await;
}
