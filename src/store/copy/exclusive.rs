//! Connects to a database that no other process may use meanwhile: what a running bridge wrote during the copy would be lost.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{CopyError, Side, TABLES};
use crate::store::connection::{Conn, Connector, Db, Pg, SAFE};
use crate::store::error::Error;

/// How often other sessions are counted.
const TRIES: usize = 10;

#[derive(QueryableByName)]
struct Sessions {
    #[diesel(sql_type = BigInt)]
    sessions: i64,
}

/// A bridge keeps its connections open. Its sessions have its role or its name.
const OTHER_SESSIONS: &str = "SELECT count(*) AS sessions FROM pg_stat_activity WHERE datname = current_database() \
    AND pid <> pg_backend_pid() AND backend_type = 'client backend' \
    AND (usename = current_user OR application_name = 'openhexa-bridge')";

/// An error if another process uses the database. An SQLite file stays locked while the connection is open.
pub fn connect_exclusively(connector: &Connector, side: Side) -> Result<Conn, CopyError> {
    let opened = connector.connect_exclusively();
    let mut conn = opened.map_err(|error| CopyError::Open(side, error))?;
    match &mut conn {
        Conn::Sqlite(conn) => {
            let locked = conn.batch_execute("BEGIN IMMEDIATE; COMMIT");
            locked.map_err(|error| in_use(error.into(), side))?;
            conn.batch_execute(SAFE)?;
        }
        Conn::Pg(conn, _) => refuse_other_sessions(conn, side)?,
    }
    Ok(conn)
}

/// A session that was closed just now can be visible for a moment.
fn refuse_other_sessions(conn: &mut Pg, side: Side) -> Result<(), CopyError> {
    let mut sessions = 0;
    for _ in 0..TRIES {
        let found: Sessions = diesel::sql_query(OTHER_SESSIONS).get_result(conn)?;
        sessions = found.sessions;
        if sessions == 0 {
            return Ok(());
        }
        conn.batch_execute("SELECT pg_sleep(0.3)")?;
    }
    Err(CopyError::SessionsInUse(side, sessions))
}

/// SQLite reports a lock of another process as an unavailable database.
fn in_use(error: Error, side: Side) -> CopyError {
    if matches!(error, Error::Unavailable) {
        CopyError::FileInUse(side)
    } else {
        CopyError::Unusable(side, error)
    }
}

/// On PostgreSQL, a bridge that starts now waits until the end of this transaction. An SQLite file is locked already.
pub fn lock_tables(db: &mut Db<'_>) -> Result<(), CopyError> {
    match db {
        Db::Sqlite(..) => Ok(()),
        Db::Pg(conn, ..) => {
            let tables = TABLES.map(|table| format!("openhexa_bridge.{table}"));
            let lock = format!("LOCK TABLE {} IN SHARE MODE", tables.join(", "));
            Ok(conn.batch_execute(&lock)?)
        }
    }
}
