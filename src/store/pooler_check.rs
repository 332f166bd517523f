//! Detects a connection pooler in transaction mode, which the bridge cannot use.
//!
//! The bridge sets parameters and prepares statements for each connection. A pooler such as PgBouncer in transaction mode
//! gives each transaction any free server process: the parameters would reach other programs, and prepared statements would
//! be missing. A pooler does not identify itself. But each PostgreSQL process has a number: without a pooler, two open
//! connections never have the same process, and no connection changes its process.

use std::collections::BTreeSet;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::connection::Connector;
use super::error::OpenError;

/// The order of the queries on the two connections. It is irregular, to also detect a pooler that assigns processes in
/// turn.
const TURNS: [usize; 10] = [0, 1, 1, 0, 1, 0, 0, 1, 0, 1];
/// The process number and the start time of its server: two hosts of a URL can have processes with the same number.
const PROCESS: &str =
    "SELECT pg_backend_pid() || ' ' || extract(epoch FROM pg_postmaster_start_time())";

/// Fails behind a pooler in transaction mode. It sets, prepares and leaves nothing on the connections that it uses.
pub fn refuse_transaction_pooler(connector: &Connector) -> Result<(), OpenError> {
    match connector.with_two(shares_processes)? {
        Some(true) => Err(OpenError::PooledConnection),
        Some(false) | None => Ok(()),
    }
}

async fn shares_processes(pair: [Client; 2]) -> Result<bool, OpenError> {
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    for turn in TURNS {
        if let (Some(client), Some(seen)) = (pair.get(turn), seen.get_mut(turn)) {
            seen.insert(process(client).await?);
        }
    }
    let [one, other] = seen;
    Ok(one.len() > 1 || other.len() > 1 || !one.is_disjoint(&other))
}

async fn process(client: &Client) -> Result<Option<String>, OpenError> {
    let messages = client.simple_query(PROCESS).await?;
    let mut rows = messages.iter().filter_map(|message| {
        if let SimpleQueryMessage::Row(row) = message {
            row.get(0)
        } else {
            None
        }
    });
    Ok(rows.next().map(str::to_owned))
}
