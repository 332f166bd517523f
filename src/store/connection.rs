//! One connection type for both databases, so that each query is written once.
//!
//! [`on!`] compiles one query text for SQLite and for PostgreSQL; what only one database has stays in this folder,
//! in a function of its own. PostgreSQL's sockets live on a small runtime kept for them: the web server's workers
//! must never own one, for a dropped request would then break a query half-way.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::r2d2::{HandleError, ManageConnection, Pool, R2D2Connection};
use diesel::sqlite::SqliteConnection;
use diesel::{Connection as _, ConnectionError};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::{Handle, Runtime};
use tokio_postgres::Client;
use tokio_postgres::config::{Host, SslMode};

use super::error::OpenError;
use super::iaso::Beside;
use super::statements::Statements;

pub type Pg = AsyncConnectionWrapper<AsyncPgConnection>;

/// How long after its last use a connection is taken for good without asking it.
const TRUSTED: Duration = Duration::from_secs(1);

/// Which database, and how to reach it.
#[derive(Clone, Debug)]
pub enum Address {
    Sqlite(PathBuf),
    Postgres { url: SecretString, tls: Tls },
}

/// How the connection to PostgreSQL is protected.
#[derive(Clone, Debug)]
pub enum Tls {
    Off,
    /// TLS is required; certificate and host name are checked, against this file or what the system trusts.
    Verified {
        ca_file: Option<PathBuf>,
    },
}

/// An open connection of either kind.
pub enum Conn {
    Sqlite(SqliteConnection),
    /// Beside an Iaso, where it is Iaso's own.
    Pg(Box<Pg>, Option<Arc<Beside>>),
}

/// A connection on loan, inside a transaction or for reading.
pub enum Db<'a> {
    Sqlite(&'a mut SqliteConnection),
    Pg(&'a mut Pg, Option<&'a Beside>),
}

impl Db<'_> {
    /// The connection, where it leads to Iaso's own database, and how the bridge stands in it.
    pub fn attached(&mut self) -> Option<(&mut Pg, &Beside)> {
        match self {
            Self::Sqlite(_) | Self::Pg(_, None) => None,
            Self::Pg(conn, Some(beside)) => Some((&mut **conn, *beside)),
        }
    }
}

/// Runs one query text on whichever database `$db` is.
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
    pub fn read<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E> {
        match self {
            Self::Sqlite(conn) => work(&mut Db::Sqlite(conn)),
            Self::Pg(conn, beside) => work(&mut Db::Pg(conn, beside.as_deref())),
        }
    }

    /// Several queries that all see the database as it was at one moment. Nothing is written, and nobody waits.
    pub fn snapshot<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        match self {
            Self::Sqlite(conn) => conn.transaction(|conn| work(&mut Db::Sqlite(conn))),
            Self::Pg(conn, beside) => conn.transaction(|conn| {
                conn.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
                work(&mut Db::Pg(conn, beside.as_deref()))
            }),
        }
    }

    /// A transaction that owns what it reads: SQLite lets one writer in, PostgreSQL locks the rows asked for.
    pub fn write<T, E>(&mut self, work: impl FnOnce(&mut Db<'_>) -> Result<T, E>) -> Result<T, E>
    where
        E: From<diesel::result::Error>,
    {
        match self {
            Self::Sqlite(conn) => conn.immediate_transaction(|conn| work(&mut Db::Sqlite(conn))),
            Self::Pg(conn, beside) => {
                let beside = beside.as_deref();
                conn.transaction(|conn| work(&mut Db::Pg(conn, beside)))
            }
        }
    }
}

/// A connection of a pool.
pub struct Pooled {
    pub conn: Conn,
    /// When it was given back, if it ever was.
    used: Option<Instant>,
}

/// Opens connections for the pools.
pub struct Opener {
    address: Address,
    beside: Option<Arc<Beside>>,
    busy_timeout: Duration,
    sockets: Option<Runtime>,
    pub statements: Statements,
}

/// A runtime must not wait for its end inside another one, where the last clone may be dropped.
impl Drop for Opener {
    fn drop(&mut self) {
        if let Some(sockets) = self.sockets.take() {
            sockets.shutdown_background();
        }
    }
}

/// What the pools open connections with.
#[derive(Clone)]
pub struct Shared(Arc<Opener>);

/// A pool that opens nothing before it is asked.
pub fn pool(opener: &Arc<Opener>, size: u32, wait: Duration) -> Pool<Shared> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .connection_timeout(wait)
        .test_on_check_out(true)
        .error_handler(Box::new(Quiet))
        .build_unchecked(Shared(opener.clone()))
}

impl Opener {
    pub fn new(
        address: Address,
        beside: Option<Beside>,
        busy_timeout: Duration,
    ) -> Result<Self, OpenError> {
        let sockets = match address {
            Address::Sqlite(_) => None,
            Address::Postgres { .. } => Some(socket_runtime()?),
        };
        Ok(Self {
            address,
            beside: beside.map(Arc::new),
            busy_timeout,
            sockets,
            statements: Statements::default(),
        })
    }

    /// A file that was there before us is left as somebody has made it.
    pub fn warn_of_readers(&self) {
        use std::os::unix::fs::MetadataExt as _;
        if let Address::Sqlite(path) = &self.address
            && std::fs::metadata(path).is_ok_and(|found| found.mode() & 0o007 != 0)
        {
            let file = path.display();
            tracing::warn!(%file, "other users of this machine can read the database file: run chmod o-rwx on it");
        }
    }

    pub fn connect(&self) -> Result<Conn, OpenError> {
        let mut conn = match &self.address {
            Address::Sqlite(path) => Conn::Sqlite(self.open_sqlite(path)?),
            Address::Postgres { url, tls } => {
                Conn::Pg(Box::new(self.open_postgres(url, tls)?), self.beside.clone())
            }
        };
        self.statements.observe(&mut conn);
        Ok(conn)
    }

    fn open_sqlite(&self, path: &std::path::Path) -> Result<SqliteConnection, OpenError> {
        let mut conn = SqliteConnection::establish(&path.to_string_lossy())
            .map_err(|error| OpenError::File(error.to_string()))?;
        // The time-out comes first: even the switch to WAL may find the file busy.
        conn.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
            self.busy_timeout.as_millis()
        ))
        .map_err(|error| OpenError::File(error.to_string()))?;
        Ok(conn)
    }

    /// What comes of work with two plain clients, without settings and prepared statements; none on another database.
    pub fn with_two<T>(
        &self,
        work: impl AsyncFnOnce([Client; 2]) -> Result<T, OpenError>,
    ) -> Result<Option<T>, OpenError> {
        let Address::Postgres { url, tls } = &self.address else {
            return Ok(None);
        };
        let runtime = self.sockets.as_ref().ok_or(OpenError::Runtime)?;
        runtime.block_on(async {
            let url = url.expose_secret();
            let pair = [plain(url, tls).await?, plain(url, tls).await?];
            work(pair).await.map(Some)
        })
    }

    fn bare(&self, url: &SecretString, tls: &Tls) -> Result<Pg, OpenError> {
        let Some(runtime) = &self.sockets else {
            return Err(OpenError::Runtime);
        };
        let conn = runtime.block_on(connect(url.expose_secret(), tls))?;
        // The wrapper keeps the runtime that it finds entered.
        let entered = runtime.enter();
        let conn = Pg::from(conn);
        drop(entered);
        Ok(conn)
    }

    fn open_postgres(&self, url: &SecretString, tls: &Tls) -> Result<Pg, OpenError> {
        let mut conn = self.bare(url, tls)?;
        // The database or the role may have other defaults, and Iaso's own transactions may hold a row for long.
        conn.batch_execute(&format!(
            "SET search_path TO {}; SET TIME ZONE 'UTC'; SET lock_timeout = {}; \
             SET default_transaction_isolation TO 'read committed'",
            self.search_path(),
            self.busy_timeout.as_millis()
        ))?;
        Ok(conn)
    }
}

impl Opener {
    /// Triggers of Iaso's own tables may name other tables of `public` without their schema.
    fn search_path(&self) -> &'static str {
        match self.beside {
            None => "openhexa_bridge",
            Some(_) => "openhexa_bridge, public",
        }
    }
}

fn socket_runtime() -> Result<Runtime, OpenError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("postgres-sockets")
        .enable_all()
        .build()
        .map_err(|_| OpenError::Runtime)
}

async fn connect(url: &str, tls: &Tls) -> Result<AsyncPgConnection, OpenError> {
    let wanted = wanted(url, tls)?;
    match tls {
        Tls::Off => {
            let (client, conn) = wanted.connect(tokio_postgres::NoTls).await?;
            Ok(AsyncPgConnection::try_from_client_and_connection(client, conn).await?)
        }
        Tls::Verified { ca_file } => {
            let connector =
                tokio_postgres_rustls::MakeRustlsConnect::new(verified(ca_file.as_ref())?);
            let (client, conn) = wanted.connect(connector).await?;
            Ok(AsyncPgConnection::try_from_client_and_connection(client, conn).await?)
        }
    }
}

fn wanted(url: &str, tls: &Tls) -> Result<tokio_postgres::Config, OpenError> {
    let mut wanted: tokio_postgres::Config = url.parse().map_err(|error| OpenError::url(&error))?;
    if let Tls::Verified { .. } = tls {
        if wanted.get_hosts().iter().any(is_socket) {
            return Err(OpenError::SocketTls);
        }
        // Whatever the URL says: the password is not sent to a server without TLS.
        wanted.ssl_mode(SslMode::Require);
    }
    Ok(wanted)
}

fn is_socket(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

async fn plain(url: &str, tls: &Tls) -> Result<Client, OpenError> {
    let wanted = wanted(url, tls)?;
    match tls {
        Tls::Off => {
            let (client, conn) = wanted.connect(tokio_postgres::NoTls).await?;
            Handle::current().spawn(conn);
            Ok(client)
        }
        Tls::Verified { ca_file } => {
            let connector =
                tokio_postgres_rustls::MakeRustlsConnect::new(verified(ca_file.as_ref())?);
            let (client, conn) = wanted.connect(connector).await?;
            Handle::current().spawn(conn);
            Ok(client)
        }
    }
}

fn verified(ca_file: Option<&PathBuf>) -> Result<rustls::ClientConfig, OpenError> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| OpenError::Tls)?;
    let Some(file) = ca_file else {
        let builder = builder
            .with_platform_verifier()
            .map_err(|_| OpenError::Tls)?;
        return Ok(builder.with_no_client_auth());
    };
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|_| OpenError::CaFile)? {
        roots
            .add(certificate.map_err(|_| OpenError::CaFile)?)
            .map_err(|_| OpenError::CaFile)?;
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

impl ManageConnection for Shared {
    type Connection = Pooled;
    type Error = OpenError;

    fn connect(&self) -> Result<Pooled, OpenError> {
        let conn = self.0.connect()?;
        Ok(Pooled { conn, used: None })
    }

    /// One that was closed is seen at once, without asking; only one that may have gone silent meanwhile is asked.
    fn is_valid(&self, pooled: &mut Pooled) -> Result<(), OpenError> {
        let rested = pooled.used.is_none_or(|used| used.elapsed() > TRUSTED);
        let Conn::Pg(conn, _) = &mut pooled.conn else {
            return Ok(());
        };
        match (conn.is_broken(), rested) {
            (true, _) => Err(OpenError::Closed),
            (false, true) => Ok(conn.batch_execute("SELECT 1")?),
            (false, false) => Ok(()),
        }
    }

    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, no time is told"
    )]
    fn has_broken(&self, pooled: &mut Pooled) -> bool {
        pooled.used = Some(Instant::now());
        match &mut pooled.conn {
            Conn::Sqlite(conn) => conn.is_broken(),
            Conn::Pg(conn, _) => conn.is_broken(),
        }
    }
}

/// The pool's background connector says why it could not connect, without the address and its password.
#[derive(Debug)]
struct Quiet;

impl HandleError<OpenError> for Quiet {
    fn handle_error(&self, error: OpenError) {
        tracing::warn!(%error, "no connection to the database; requests that need one get 503");
    }
}

impl From<ConnectionError> for OpenError {
    fn from(error: ConnectionError) -> Self {
        Self::Unreachable(error.to_string())
    }
}
