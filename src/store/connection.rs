//! One connection type for both databases, so that each query is written once.
//!
//! [`on!`] compiles one query for SQLite and for PostgreSQL. Queries for only one database are functions in this folder.
//! PostgreSQL's sockets run on their own small runtime and not on the web server's workers, where a dropped request would
//! interrupt a query.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::sqlite::SqliteConnection;
use diesel::{Connection as _, ConnectionError};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use super::error::OpenError;
use super::iaso::Attachment;
use super::outage::Outage;
use super::postgres::{TlsMode, connect, plain, socket_runtime};
use super::statements::Statements;

pub type Pg = AsyncConnectionWrapper<AsyncPgConnection>;

/// Commits are synced to the disk, and references are checked.
pub const SAFE: &str = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;";

/// Which database, and how to reach it.
#[derive(Clone, Debug)]
pub enum DatabaseAddress {
    Sqlite(PathBuf),
    Postgres { url: SecretString, tls: TlsMode },
}

/// An open connection of either kind.
pub enum Conn {
    Sqlite(SqliteConnection),
    /// With an [`Attachment`] if the database is Iaso's.
    Pg(Box<Pg>, Option<Arc<Attachment>>),
}

/// A borrowed connection, in a transaction or for reading.
pub enum Db<'a> {
    Sqlite(&'a mut SqliteConnection, AfterCommit),
    Pg(&'a mut Pg, Option<&'a Attachment>, AfterCommit),
}

/// What a transaction does outside the database, such as writing a log line. It is done when the transaction has committed,
/// and dropped when the transaction fails or is repeated.
#[derive(Default)]
pub struct AfterCommit(Vec<Box<dyn FnOnce() + Send>>);

impl AfterCommit {
    fn run(self) {
        for effect in self.0 {
            effect();
        }
    }
}

impl<'a> Db<'a> {
    fn sqlite(conn: &'a mut SqliteConnection) -> Self {
        Self::Sqlite(conn, AfterCommit::default())
    }

    fn pg(conn: &'a mut Pg, attachment: Option<&'a Attachment>) -> Self {
        Self::Pg(conn, attachment, AfterCommit::default())
    }

    /// For queries of the bridge's own tables on a connection to Iaso's database.
    pub fn unattached(conn: &'a mut Pg) -> Self {
        Self::pg(conn, None)
    }

    /// The connection and the attachment, if the database is Iaso's.
    pub fn attached(&mut self) -> Option<(&mut Pg, &Attachment)> {
        match self {
            Self::Sqlite(..) | Self::Pg(_, None, _) => None,
            Self::Pg(conn, Some(attachment), _) => Some((&mut **conn, *attachment)),
        }
    }

    /// Calls `effect` after this write transaction has committed. In a read transaction, `effect` is never called.
    pub fn after_commit(&mut self, effect: impl FnOnce() + Send + 'static) {
        let (Self::Sqlite(_, effects) | Self::Pg(_, _, effects)) = self;
        effects.0.push(Box::new(effect));
    }

    fn effects(self) -> AfterCommit {
        let (Self::Sqlite(_, effects) | Self::Pg(_, _, effects)) = self;
        effects
    }
}

/// Runs a query on the database that `$db` is connected to.
macro_rules! on {
    ($db:expr, |$conn:ident| $body:expr) => {
        match $db {
            $crate::store::connection::Db::Sqlite($conn, ..) => {
                let $conn = &mut **$conn;
                $body
            }
            $crate::store::connection::Db::Pg($conn, ..) => {
                let $conn = &mut **$conn;
                $body
            }
        }
    };
}
pub(super) use on;

impl Conn {
    /// Queries without a transaction. In debug builds PostgreSQL refuses writes, so that a test fails if a read writes; the
    /// read-only transaction for that costs two round trips, which release builds save. SQLite's connections for reading
    /// refuse writes in all builds: see `pool.rs`.
    pub fn read<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        match self {
            Self::Sqlite(conn) => work(&mut Db::sqlite(conn)),
            Self::Pg(conn, attachment) if cfg!(debug_assertions) => conn.transaction(|conn| {
                conn.batch_execute("SET TRANSACTION READ ONLY")?;
                work(&mut Db::pg(conn, attachment.as_deref()))
            }),
            Self::Pg(conn, attachment) => work(&mut Db::pg(conn, attachment.as_deref())),
        }
    }

    /// Several queries that see the same state of the database. Nothing is written or locked.
    pub fn snapshot<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        match self {
            Self::Sqlite(conn) => conn.transaction(|conn| work(&mut Db::sqlite(conn))),
            Self::Pg(conn, attachment) => conn.transaction(|conn| {
                conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
                work(&mut Db::pg(conn, attachment.as_deref()))
            }),
        }
    }

    /// A write transaction. SQLite allows only one at a time; on PostgreSQL, queries lock the rows that they change.
    pub fn write<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        let (done, effects) = match self {
            Self::Sqlite(conn) => {
                conn.immediate_transaction(|conn| with_effects(Db::sqlite(conn), work))
            }
            Self::Pg(conn, attachment) => {
                let attachment = attachment.as_deref();
                conn.transaction(|conn| with_effects(Db::pg(conn, attachment), work))
            }
        }?;
        effects.run();
        Ok(done)
    }
}

fn with_effects<T, E>(
    mut db: Db<'_>,
    work: impl FnOnce(&mut Db<'_>) -> Result<T, E>,
) -> Result<(T, AfterCommit), E> {
    let done = work(&mut db)?;
    Ok((done, db.effects()))
}

/// Opens connections for the pools.
pub struct Connector {
    address: DatabaseAddress,
    attachment: Option<Arc<Attachment>>,
    busy_timeout: Duration,
    sockets: Option<Runtime>,
    pub statements: Statements,
    pub outage: Outage,
}

/// The last clone can be dropped inside another runtime, where a runtime must not block until it has ended.
impl Drop for Connector {
    fn drop(&mut self) {
        if let Some(sockets) = self.sockets.take() {
            sockets.shutdown_background();
        }
    }
}

impl Connector {
    pub fn new(
        address: DatabaseAddress,
        attachment: Option<Attachment>,
        busy_timeout: Duration,
    ) -> Result<Self, OpenError> {
        let sockets = match address {
            DatabaseAddress::Sqlite(_) => None,
            DatabaseAddress::Postgres { .. } => Some(socket_runtime()?),
        };
        Ok(Self {
            address,
            attachment: attachment.map(Arc::new),
            busy_timeout,
            sockets,
            statements: Statements::default(),
            outage: Outage::default(),
        })
    }

    /// Warns if other users can read the database file. The permissions of an existing file are not changed.
    pub fn warn_if_readable_by_others(&self) {
        use std::os::unix::fs::MetadataExt as _;
        if let DatabaseAddress::Sqlite(path) = &self.address
            && std::fs::metadata(path).is_ok_and(|found| found.mode() & 0o007 != 0)
        {
            let file = path.display();
            tracing::warn!(%file, "other users of this machine can read the database file: run chmod o-rwx on it");
        }
    }

    pub fn connect(&self) -> Result<Conn, OpenError> {
        let mut conn = match &self.address {
            DatabaseAddress::Sqlite(path) => Conn::Sqlite(self.open_sqlite(path)?),
            DatabaseAddress::Postgres { url, tls } => Conn::Pg(
                Box::new(self.open_postgres(url, tls)?),
                self.attachment.clone(),
            ),
        };
        match &mut conn {
            Conn::Sqlite(conn) => self.statements.observe(conn),
            Conn::Pg(conn, _) => self.statements.observe(&mut **conn),
        }
        Ok(conn)
    }

    /// A connection for which SQLite locks the file against all other processes, as soon as the file is used.
    pub fn connect_exclusively(&self) -> Result<Conn, OpenError> {
        let DatabaseAddress::Sqlite(path) = &self.address else {
            return self.connect();
        };
        let opened = SqliteConnection::establish(&path.to_string_lossy());
        let mut conn = opened.map_err(|error| OpenError::File(error.to_string()))?;
        // Before anything else: it has no effect on a file that was already read.
        conn.batch_execute("PRAGMA locking_mode = EXCLUSIVE")
            .map_err(|error| OpenError::File(error.to_string()))?;
        Ok(Conn::Sqlite(conn))
    }

    fn open_sqlite(&self, path: &std::path::Path) -> Result<SqliteConnection, OpenError> {
        let mut conn = SqliteConnection::establish(&path.to_string_lossy())
            .map_err(|error| OpenError::File(error.to_string()))?;
        // The timeout comes first, because the file can be locked already at the switch to WAL.
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; {SAFE}",
            self.busy_timeout.as_millis()
        ))
        .map_err(|error| OpenError::File(error.to_string()))?;
        Ok(conn)
    }

    /// Runs `work` with two plain clients, which set no parameters and prepare no statements. None on SQLite.
    pub fn with_two<T>(
        &self,
        work: impl AsyncFnOnce([Client; 2]) -> Result<T, OpenError>,
    ) -> Result<Option<T>, OpenError> {
        let DatabaseAddress::Postgres { url, tls } = &self.address else {
            return Ok(None);
        };
        let runtime = self.sockets.as_ref().ok_or(OpenError::Runtime)?;
        runtime.block_on(async {
            let url = url.expose_secret();
            let pair = [plain(url, tls).await?, plain(url, tls).await?];
            work(pair).await.map(Some)
        })
    }

    fn plain_connection(&self, url: &SecretString, tls: &TlsMode) -> Result<Pg, OpenError> {
        let Some(runtime) = &self.sockets else {
            return Err(OpenError::Runtime);
        };
        let conn = runtime.block_on(connect(url.expose_secret(), tls))?;
        // The wrapper uses the runtime that is entered when it is created.
        let entered = runtime.enter();
        let conn = Pg::from(conn);
        drop(entered);
        Ok(conn)
    }

    fn open_postgres(&self, url: &SecretString, tls: &TlsMode) -> Result<Pg, OpenError> {
        let mut conn = self.plain_connection(url, tls)?;
        // The database or the role can have other defaults, and Iaso's transactions can lock a row for a long time.
        conn.batch_execute(&format!(
            "SET search_path TO {}; SET TIME ZONE 'UTC'; SET lock_timeout = {}; \
             SET default_transaction_isolation TO 'read committed'",
            self.search_path(),
            self.busy_timeout.as_millis()
        ))?;
        Ok(conn)
    }
}

impl Connector {
    /// With `public` if attached, because triggers of Iaso's tables can name other tables without their schema.
    fn search_path(&self) -> &'static str {
        match self.attachment {
            None => "openhexa_bridge",
            Some(_) => "openhexa_bridge, public",
        }
    }
}

impl From<ConnectionError> for OpenError {
    fn from(error: ConnectionError) -> Self {
        Self::Unreachable(error.to_string())
    }
}
