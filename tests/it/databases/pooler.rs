//! Behind a pooler that assigns a connection to each transaction, like PgBouncer in transaction mode.

use std::sync::Arc;

use openhexa_bridge::store::{Cipher, DatabaseAddress, Options, Store, TlsMode};
use secrecy::ExposeSecret as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;

use crate::support::postgres::{database, rows};
use crate::support::process::Line;

/// A message of PostgreSQL's protocol: its type, and all of its bytes.
async fn message(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let kind = stream.read_u8().await.ok()?;
    let length = stream.read_u32().await.ok()?;
    let mut bytes = vec![kind];
    bytes.extend(length.to_be_bytes());
    bytes.resize(usize::try_from(length).unwrap() + 1, 0);
    stream.read_exact(&mut bytes[5..]).await.ok()?;
    Some((kind, bytes))
}

/// Reads until the server is ready for the next query, and returns whether no transaction is open then.
async fn answer(server: &mut TcpStream) -> (Vec<u8>, bool) {
    let mut answer = Vec::new();
    loop {
        let (kind, bytes) = message(server).await.expect("PostgreSQL sends more");
        answer.extend(&bytes);
        if kind == b'Z' {
            return (answer, bytes[5] == b'I');
        }
    }
}

/// One connection to PostgreSQL for all clients; a client gets it for one transaction at a time.
struct Pooler {
    greeting: Vec<u8>,
    server: Mutex<TcpStream>,
}

impl Pooler {
    /// The URL of the pooler in place of the database's.
    async fn before(database: &str) -> String {
        let (head, name) = database.rsplit_once('/').unwrap();
        let mut server = TcpStream::connect(head.rsplit('@').next().unwrap())
            .await
            .unwrap();
        let mut startup = 196_608_u32.to_be_bytes().to_vec();
        for text in ["user", "postgres", "database", name, ""] {
            startup.extend(text.as_bytes());
            startup.push(0);
        }
        server
            .write_u32(u32::try_from(startup.len()).unwrap() + 4)
            .await
            .unwrap();
        server.write_all(&startup).await.unwrap();
        let (greeting, _) = answer(&mut server).await;
        let pooler = Arc::new(Self {
            greeting,
            server: Mutex::new(server),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pooler.clone().serve(client));
            }
        });
        format!("postgres://postgres@{own}/{name}")
    }

    async fn serve(self: Arc<Self>, mut client: TcpStream) -> Option<()> {
        let length = client.read_u32().await.ok()?;
        let mut startup = vec![0; usize::try_from(length).unwrap() - 4];
        client.read_exact(&mut startup).await.ok()?;
        client.write_all(&self.greeting).await.ok()?;
        loop {
            let mut query = self.query(&mut client).await?;
            let mut server = self.server.lock().await;
            loop {
                server.write_all(&query).await.ok()?;
                let (answer, idle) = answer(&mut server).await;
                client.write_all(&answer).await.ok()?;
                if idle {
                    break;
                }
                query = self.query(&mut client).await?;
            }
        }
    }

    /// The messages that a client sends before it waits for a response; none when it disconnects.
    async fn query(&self, client: &mut TcpStream) -> Option<Vec<u8>> {
        let mut query = Vec::new();
        loop {
            let (kind, bytes) = message(client).await?;
            match kind {
                b'X' => return None,
                b'Q' | b'S' => {
                    query.extend(bytes);
                    return Some(query);
                }
                _ => query.extend(bytes),
            }
        }
    }
}

fn open(url: &str) -> Store {
    Store::open(Options {
        address: DatabaseAddress::Postgres {
            url: url.into(),
            tls: TlsMode::Off,
        },
        encryption_key: Cipher::generate_key(),
        pool_size: 2,
        wait: std::time::Duration::from_secs(20),
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pooler_in_transaction_mode_is_refused_at_the_start_and_nothing_is_left_behind() {
    let direct = tokio::task::spawn_blocking(database).await.unwrap();
    let pooled = Pooler::before(&direct).await;
    let refused = {
        let pooled = pooled.clone();
        tokio::task::spawn_blocking(move || open(&pooled).migrate().unwrap_err().to_string())
            .await
            .unwrap()
    };
    assert!(
        refused.contains("transaction mode") && refused.contains("session mode"),
        "{refused}"
    );
    let left = tokio::task::spawn_blocking(move || {
        let settings = "SELECT current_setting('search_path'), current_setting('lock_timeout')";
        (
            rows(&pooled, settings),
            rows(
                &direct,
                "SELECT nspname::text, '' FROM pg_namespace WHERE nspname = 'openhexa_bridge'",
            ),
        )
    });
    let (settings, schemas) = left.await.unwrap();
    assert_eq!(settings, [("\"$user\", public".to_owned(), "0".to_owned())]);
    assert_eq!(schemas, []);
}

// It used to be accepted here and then refused by `serve`.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pooler_in_transaction_mode_is_refused_by_check_config() {
    let direct = tokio::task::spawn_blocking(database).await.unwrap();
    let pooled = Pooler::before(&direct).await;
    let folder = tempfile::tempdir().unwrap();
    for (url, refused) in [(pooled, true), (direct, false)] {
        let line = Line::of(&["check-config", "--database"]).inside(folder.path());
        let key = Cipher::generate_key();
        let line = line
            .setting("DATABASE__URL", &url)
            .setting("SECRETS__ENCRYPTION_KEY", key.expose_secret())
            .setting(
                "SECRETS__CALLBACK_KEY",
                "a-key-that-callback-tokens-are-signed-with",
            );
        let ended = line.run().await;
        let told = ended.out.join("\n");
        assert_eq!(
            (ended.status.code(), told.contains("pool_mode=session")),
            (Some(i32::from(refused)), refused),
            "{told}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pooler_in_session_mode_is_accepted() {
    let direct = tokio::task::spawn_blocking(database).await.unwrap();
    tokio::task::spawn_blocking(move || {
        open(&direct).migrate().unwrap();
        open(&direct).migrate().unwrap();
    })
    .await
    .unwrap();
}
