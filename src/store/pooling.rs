//! Whether a connection keeps a server process to itself.
//!
//! The bridge makes settings and prepares statements for each connection. A pooler such as PgBouncer in transaction mode
//! gives every transaction whichever process is free: settings would reach other programs, and statements would be
//! missing. No such pooler says what it is, but PostgreSQL tells its processes apart: two open connections never share
//! one, and none changes it.

use std::collections::BTreeSet;

use tokio_postgres::{Client, SimpleQueryMessage};

use super::connection::Opener;
use super::error::OpenError;

/// Which of two connections asks next: in an order that no rotation of processes follows.
const TURNS: [usize; 10] = [0, 1, 1, 0, 1, 0, 0, 1, 0, 1];
/// The process, and which server it belongs to: the hosts of a URL may have processes of the same number.
const PROCESS: &str =
    "SELECT pg_backend_pid() || ' ' || extract(epoch FROM pg_postmaster_start_time())";

/// Nothing is set, prepared or left on the connections that it asks.
pub fn refuse(opener: &Opener) -> Result<(), OpenError> {
    match opener.with_two(shares_processes)? {
        Some(true) => Err(OpenError::Pooled),
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
    let said = client.simple_query(PROCESS).await?;
    let mut rows = said.iter().filter_map(|message| {
        if let SimpleQueryMessage::Row(row) = message {
            row.get(0)
        } else {
            None
        }
    });
    Ok(rows.next().map(str::to_owned))
}
