//! One connection type for both databases, so that each query is written once.
//!
//! [`on!`] compiles one query for SQLite and for PostgreSQL. Queries for only one database are functions in this folder.
//! PostgreSQL's sockets run on their own small runtime and not on the web server's workers, where a dropped request would
//! interrupt a query.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::r2d2::{HandleError, ManageConnection, Pool, R2D2Connection};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection as _, ConnectionError};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use super::error::OpenError;
use super::iaso::Attachment;
use super::postgres::{TlsMode, connect, plain, socket_runtime};
use super::statements::Statements;

pub type Pg = AsyncConnectionWrapper<AsyncPgConnection>;

/// A connection that was used within this time is not tested before it is used again.
const UNTESTED_FOR: Duration = Duration::from_secs(1);

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
    Sqlite(&'a mut SqliteConnection),
    Pg(&'a mut Pg, Option<&'a Attachment>),
}

impl Db<'_> {
    /// The connection and the attachment, if the database is Iaso's.
    pub fn attached(&mut self) -> Option<(&mut Pg, &Attachment)> {
        match self {
            Self::Sqlite(_) | Self::Pg(_, None) => None,
            Self::Pg(conn, Some(attachment)) => Some((&mut **conn, *attachment)),
        }
    }
}

/// Runs a query on the database that `$db` is connected to.
macro_rules! on {
    ($db:expr, |$conn:ident| $body:expr) => {
        match $db {
            $crate::store::connection::Db::Sqlite($conn) => {
                let $conn = &mut **$conn;
                $body
            }
            $crate::store::connection::Db::Pg($conn, _) => {
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
    /// refuse writes in all builds: see [`pool`].
    pub fn read<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        match self {
            Self::Sqlite(conn) => work(&mut Db::Sqlite(conn)),
            Self::Pg(conn, attachment) if cfg!(debug_assertions) => conn.transaction(|conn| {
                conn.batch_execute("SET TRANSACTION READ ONLY")?;
                work(&mut Db::Pg(conn, attachment.as_deref()))
            }),
            Self::Pg(conn, attachment) => work(&mut Db::Pg(conn, attachment.as_deref())),
        }
    }

    /// Several queries that see the same state of the database. Nothing is written or locked.
    pub fn snapshot<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        match self {
            Self::Sqlite(conn) => conn.transaction(|conn| work(&mut Db::Sqlite(conn))),
            Self::Pg(conn, attachment) => conn.transaction(|conn| {
                conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
                work(&mut Db::Pg(conn, attachment.as_deref()))
            }),
        }
    }

    /// A write transaction. SQLite allows only one at a time; on PostgreSQL, queries lock the rows that they change.
    pub fn write<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        match self {
            Self::Sqlite(conn) => conn.immediate_transaction(|conn| work(&mut Db::Sqlite(conn))),
            Self::Pg(conn, attachment) => {
                let attachment = attachment.as_deref();
                conn.transaction(|conn| work(&mut Db::Pg(conn, attachment)))
            }
        }
    }
}

/// A connection of a pool.
pub struct PooledConnection {
    pub conn: Conn,
    /// When it was last returned to the pool.
    used: Option<Instant>,
}

/// Opens connections for the pools.
pub struct Connector {
    address: DatabaseAddress,
    attachment: Option<Arc<Attachment>>,
    busy_timeout: Duration,
    sockets: Option<Runtime>,
    pub statements: Statements,
}

/// The last clone can be dropped inside another runtime, where a runtime must not block until it has ended.
impl Drop for Connector {
    fn drop(&mut self) {
        if let Some(sockets) = self.sockets.take() {
            sockets.shutdown_background();
        }
    }
}

/// Opens and tests the connections of a pool.
#[derive(Clone)]
pub struct PoolManager {
    connector: Arc<Connector>,
    use_for: PoolUse,
}

/// What the connections of a pool are used for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PoolUse {
    /// SQLite refuses writes on these connections. PostgreSQL has one pool for both.
    Reading,
    Writing,
}

/// A pool that opens its connections when they are first needed.
pub fn pool(
    connector: &Arc<Connector>,
    use_for: PoolUse,
    size: u32,
    wait: Duration,
) -> Pool<PoolManager> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .connection_timeout(wait)
        .test_on_check_out(true)
        .error_handler(Box::new(LogConnectionError))
        .build_unchecked(PoolManager {
            connector: connector.clone(),
            use_for,
        })
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

    fn open_sqlite(&self, path: &std::path::Path) -> Result<SqliteConnection, OpenError> {
        let mut conn = SqliteConnection::establish(&path.to_string_lossy())
            .map_err(|error| OpenError::File(error.to_string()))?;
        // The timeout comes first, because the file can be locked already at the switch to WAL.
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
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

impl ManageConnection for PoolManager {
    type Connection = PooledConnection;
    type Error = OpenError;

    fn connect(&self) -> Result<PooledConnection, OpenError> {
        let mut conn = self.connector.connect()?;
        if let (Conn::Sqlite(conn), PoolUse::Reading) = (&mut conn, self.use_for) {
            conn.batch_execute("PRAGMA query_only = ON")
                .map_err(|error| OpenError::File(error.to_string()))?;
        }
        Ok(PooledConnection { conn, used: None })
    }

    /// A closed connection is detected without a query. A connection that was idle for a second is tested with one, because the
    /// server can have disappeared without closing it.
    fn is_valid(&self, pooled: &mut PooledConnection) -> Result<(), OpenError> {
        let was_idle = pooled.used.is_none_or(|used| used.elapsed() > UNTESTED_FOR);
        let Conn::Pg(conn, _) = &mut pooled.conn else {
            return Ok(());
        };
        match (conn.is_broken(), was_idle) {
            (true, _) => Err(OpenError::Closed),
            (false, true) => Ok(conn.batch_execute("SELECT 1")?),
            (false, false) => Ok(()),
        }
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "measures a duration, not the time of day"
    )]
    fn has_broken(&self, pooled: &mut PooledConnection) -> bool {
        pooled.used = Some(Instant::now());
        match &mut pooled.conn {
            Conn::Sqlite(conn) => conn.is_broken(),
            Conn::Pg(conn, _) => conn.is_broken(),
        }
    }
}

/// Logs why the pool could not connect. The error contains neither the address nor the password.
#[derive(Debug)]
struct LogConnectionError;

impl HandleError<OpenError> for LogConnectionError {
    fn handle_error(&self, error: OpenError) {
        tracing::warn!(%error, "no connection to the database; requests that need one get 503");
    }
}

impl From<ConnectionError> for OpenError {
    fn from(error: ConnectionError) -> Self {
        Self::Unreachable(error.to_string())
    }
}
