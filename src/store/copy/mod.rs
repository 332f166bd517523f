//! Copies everything to another, empty database: from SQLite to PostgreSQL, or back.
//!
//! The tables and their columns are read from both databases, so a new column needs no change here; a new table needs a line in
//! [`TABLES`]. Encrypted columns are copied as they are, so the same key decrypts them afterwards. Rows are read in batches of
//! one consistent snapshot and written in one transaction, which is committed only when the number of rows of each table is
//! the same. So a copy that fails or is interrupted leaves the target empty.

mod exclusive;
mod postgres;
mod sqlite;
mod table;
mod transfer;

use thiserror::Error as Derive;

use super::connection::{Conn, Db};
use super::error::{Error, OpenError};
use super::migrations::TablesVersion;
use super::{Store, TransactionError, can_decrypt_all, has_no_tables, migrations};
use exclusive::connect_exclusively;
use transfer::{copy_sequences, copy_table, count, layout};

/// All tables of the bridge. A table comes after those that it refers to.
const TABLES: [&str; 31] = [
    "connection",
    "config",
    "config_change",
    "task",
    "run",
    "event",
    "idempotency",
    "parameter_declaration",
    "api_key",
    "session",
    "probe",
    "flow",
    "flow_version",
    "schedule",
    "flow_trigger",
    "seen_file",
    "backfill",
    "flow_run",
    "backfill_tick",
    "tick",
    "step_run",
    "attempt",
    "flow_idempotency",
    "hook",
    "hook_message",
    "alert",
    "alert_check",
    "channel",
    "subscription",
    "delivery",
    COUNTER,
];
/// It has one row, also in an empty database.
const COUNTER: &str = "change_counter";
/// `/readyz` writes it, so it says nothing about whether a database is empty.
const PROBE: &str = "probe";

/// A table after it was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    pub name: &'static str,
    pub rows: i64,
}

/// Which of the two databases an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Target => "target",
        })
    }
}

/// Why nothing was copied.
#[derive(Debug, Derive)]
pub enum CopyError {
    #[error("the {0} database: {1}")]
    Open(Side, #[source] OpenError),
    #[error("the {0} database cannot be used")]
    Unusable(Side, #[source] Error),
    #[error(
        "the {0} database is in use: another process has the file open. Stop the bridge, then run this command again"
    )]
    FileInUse(Side),
    #[error(
        "the {0} database is in use: sessions of the bridge or of its role are connected ({1}). Stop every bridge that uses \
         it, then run this command again"
    )]
    SessionsInUse(Side, i64),
    #[error("the source database has no tables of the bridge")]
    NoTables,
    #[error(
        "the {0} database has tables of an older version of the bridge: run `openhexa-bridge migrate` on it first"
    )]
    OlderTables(Side),
    #[error(
        "the {0} database has tables of a newer version of the bridge: run this command with that version"
    )]
    NewerTables(Side),
    #[error(
        "the target database is not empty: its table {table} has {rows} rows. Use an empty database; nothing was copied"
    )]
    NotEmpty { table: &'static str, rows: i64 },
    #[error(
        "the tables of the two databases differ ({0}), or a table is missing in the copy; nothing was copied"
    )]
    OtherTables(String),
    #[error(
        "the table {table} has {source_rows} rows in the source and {target_rows} in the target; nothing was copied"
    )]
    Incomplete {
        table: &'static str,
        source_rows: i64,
        target_rows: i64,
    },
    #[error(
        "secrets.encryption_key does not decrypt the data of the source database. Set the key with which its bridge runs"
    )]
    OtherKey,
    #[error("nothing was copied: {0}")]
    Database(#[source] Error),
}

impl From<Error> for CopyError {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl From<TransactionError> for CopyError {
    fn from(error: TransactionError) -> Self {
        Self::Database(error.into())
    }
}

impl Store {
    /// Copies all tables into an empty database, which gets its tables if it has none. Neither database may be in use. Blocks;
    /// `progress` is called after each batch with the table and the number of its rows so far.
    pub fn copy_to(
        &self,
        target: &Self,
        progress: &mut dyn FnMut(CopiedTable),
    ) -> Result<Vec<CopiedTable>, CopyError> {
        let mut source = self.connect_source()?;
        let mut target = connect_exclusively(&target.connector, Side::Target)?;
        prepare(&mut target)?;
        source.snapshot(|from| {
            exclusive::lock_tables(from)?;
            target.write(|to| {
                refuse_rows(to)?;
                copy_all(from, to, progress)
            })
        })
    }
}

impl Store {
    /// Whether this database can be copied, before the target is opened and created.
    pub fn check_copy_source(&self) -> Result<(), CopyError> {
        self.connect_source().map(drop)
    }

    fn connect_source(&self) -> Result<Conn, CopyError> {
        let mut source = connect_exclusively(&self.connector, Side::Source)?;
        refuse_other_version(&mut source, Side::Source)?;
        if !source.read(|db| can_decrypt_all(db, &self.cipher))? {
            return Err(CopyError::OtherKey);
        }
        Ok(source)
    }
}

/// Creates the tables of an empty target. Existing tables must be those of this version: they may belong to another bridge, so
/// they are not upgraded.
fn prepare(target: &mut Conn) -> Result<(), CopyError> {
    if target.read(has_no_tables)? {
        let created = migrations::migrate_connection(target);
        created.map_err(|error| CopyError::Open(Side::Target, error))?;
    }
    refuse_other_version(target, Side::Target)
}

fn refuse_other_version(conn: &mut Conn, side: Side) -> Result<(), CopyError> {
    if side == Side::Source && conn.read(has_no_tables)? {
        return Err(CopyError::NoTables);
    }
    match migrations::tables_version(conn) {
        Ok(TablesVersion::Same) => Ok(()),
        Ok(TablesVersion::Older) => Err(CopyError::OlderTables(side)),
        Ok(TablesVersion::Newer) => Err(CopyError::NewerTables(side)),
        Ok(TablesVersion::Unreleased) => Err(CopyError::Open(side, OpenError::Unreleased)),
        Err(error) => Err(CopyError::Open(side, error)),
    }
}

fn refuse_rows(target: &mut Db<'_>) -> Result<(), CopyError> {
    for table in TABLES {
        let allowed = match table {
            COUNTER | PROBE => 1,
            _ => 0,
        };
        let rows = count(target, table)?;
        if rows > allowed {
            return Err(CopyError::NotEmpty { table, rows });
        }
    }
    Ok(())
}

fn copy_all(
    from: &mut Db<'_>,
    to: &mut Db<'_>,
    progress: &mut dyn FnMut(CopiedTable),
) -> Result<Vec<CopiedTable>, CopyError> {
    let tables = layout(from, to)?;
    let triggers = transfer::disable_triggers(to)?;
    let mut copied = Vec::with_capacity(tables.len());
    for table in &tables {
        transfer::clear(to, table.name)?;
        copy_table(from, to, table, progress)?;
        copied.push(verify(from, to, table.name)?);
    }
    copy_sequences(from, to)?;
    transfer::put_change_counter(from, to)?;
    transfer::enable_triggers(to, &triggers)?;
    Ok(copied)
}

fn verify(
    from: &mut Db<'_>,
    to: &mut Db<'_>,
    table: &'static str,
) -> Result<CopiedTable, CopyError> {
    let (source_rows, target_rows) = (count(from, table)?, count(to, table)?);
    if source_rows != target_rows {
        return Err(CopyError::Incomplete {
            table,
            source_rows,
            target_rows,
        });
    }
    Ok(CopiedTable {
        name: table,
        rows: target_rows,
    })
}
