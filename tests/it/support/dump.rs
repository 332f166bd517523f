//! The whole content of a database as text, to search for secrets.

use std::fmt::Write;
use std::path::Path;

/// All tables, so that a new one is searched too.
const TABLES: &str = "SELECT table_name::text FROM information_schema.tables \
     WHERE table_schema = 'openhexa_bridge' AND table_type = 'BASE TABLE' ORDER BY table_name";

pub async fn everything(url: &str) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) => files(Path::new(path)),
        None => rows(url).await,
    }
}

/// The file itself, with its journal, because it can still contain deleted rows.
fn files(path: &Path) -> String {
    let mut text = String::new();
    for ending in ["", "-wal"] {
        let file = format!("{}{ending}", path.display());
        if let Ok(bytes) = std::fs::read(file) {
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    assert!(!text.is_empty(), "{} is not there", path.display());
    text
}

async fn rows(url: &str) -> String {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    let driving = tokio::spawn(connection);
    let mut text = String::new();
    let tables = client.query(TABLES, &[]).await.unwrap();
    let tables: Vec<String> = tables.iter().map(|row| row.get(0)).collect();
    assert!(
        tables.iter().any(|table| table == "session"),
        "tables are missing: {tables:?}"
    );
    for table in tables {
        let query = format!("SELECT row_to_json(t)::text FROM openhexa_bridge.{table} t");
        for row in client.query(&query, &[]).await.unwrap() {
            writeln!(text, "{table} {}", row.get::<_, String>(0)).unwrap();
        }
    }
    drop(client);
    driving.await.unwrap().unwrap();
    text
}
