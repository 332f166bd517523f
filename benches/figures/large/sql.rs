//! Statements that the measurement itself runs in the bridge's database. They block.

use diesel::Connection as _;
use diesel::connection::SimpleConnection as _;
use diesel::sqlite::SqliteConnection;

use crate::postgres;

pub fn run(url: &str, sql: &str) {
    match url.strip_prefix("sqlite:") {
        Some(file) => {
            let mut conn = SqliteConnection::establish(file).expect("the bridge's file");
            let prepared = "PRAGMA busy_timeout = 60000; PRAGMA cache_size = -400000;";
            conn.batch_execute(prepared)
                .expect("settings that SQLite has");
            conn.batch_execute(sql).expect("SQLite takes it");
        }
        None if sql.starts_with("VACUUM") => postgres::execute(url, sql),
        None => postgres::execute(url, &format!("SET search_path TO openhexa_bridge; {sql}")),
    }
}

/// The start of a query that reads each number `n` in this range, both ends included.
pub fn numbers(sqlite: bool, from: u64, to: u64) -> String {
    if sqlite {
        return format!(
            "WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to})"
        );
    }
    format!("WITH numbers (n) AS (SELECT generate_series({from}, {to}))")
}
