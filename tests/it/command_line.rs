//! The command line: output, exit status, and what is kept across restarts.

mod backfill;
mod check_config;
mod database;
mod dev;
mod emulator;
mod folder;
mod keys;
mod openhexa;
mod restart;
mod serve;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::catalogue::pipeline;
use crate::support::postgres;
use crate::support::process::{Line, Visitor};
use crate::support::story::Base;

/// A PostgreSQL database and the setting for it; none means SQLite in the data folder.
async fn database(base: Base) -> Option<String> {
    match base {
        Base::Sqlite => None,
        Base::Postgres => Some(
            tokio::task::spawn_blocking(postgres::database)
                .await
                .unwrap(),
        ),
    }
}

/// `dev` on free ports, on this database.
fn dev(data: &Path, database: Option<&str>) -> Line {
    let line = Line::of(&["dev", "--port", "0", "--openhexa-port", "0"]).data(data);
    match database {
        Some(url) => line.setting("DATABASE__URL", url),
        None => line,
    }
}

/// Writes a catalogue of one pipeline to a file in this folder.
fn catalogue(folder: &Path, parameters: &[Value], behaviour: Value) -> PathBuf {
    let file = folder.join("catalogue.json");
    let pipelines = json!([pipeline(1, parameters, behaviour)]);
    let text = json!({"workspace": {"slug": "demo", "name": "Demo"}, "pipelines": pipelines});
    std::fs::write(&file, text.to_string()).unwrap();
    file
}

/// The number of rows in a table of the program's database.
async fn count(data: &Path, database: Option<String>, table: &str) -> String {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        rows: i64,
    }
    let (file, table) = (data.join("openhexa-bridge.db"), table.to_owned());
    let counting = move || {
        if let Some(url) = database {
            let query = format!("SELECT count(*)::text, '' FROM openhexa_bridge.{table}");
            return postgres::rows(&url, &query)[0].0.clone();
        }
        let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
        let query = format!("SELECT count(*) AS rows FROM {table}");
        let count: Count = diesel::sql_query(query).get_result(&mut conn).unwrap();
        count.rows.to_string()
    };
    tokio::task::spawn_blocking(counting).await.unwrap()
}

fn is_loopback(address: &str) -> bool {
    let port = address
        .strip_prefix("http://127.0.0.1:")
        .map(|rest| rest.trim_end_matches("/graphql/"));
    port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}
