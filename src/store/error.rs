//! What can go wrong with the database, by meaning.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as Diesel};
use thiserror::Error;

/// A query failed.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the database is unavailable")]
    Away,
    /// PostgreSQL rolled the transaction back because of a concurrent one; it may be run again.
    #[error("the database rolled the transaction back because of a concurrent one")]
    Contended(#[source] Diesel),
    /// The database answers but cannot run the query: read-only, disk full, or its schema is not the expected one.
    #[error("the database cannot run a query")]
    Unusable(#[source] Diesel),
    #[error("the row already exists")]
    Duplicate,
    #[error("cannot read a stored {0}")]
    Corrupt(&'static str),
    #[error("the database refused a query")]
    Query(#[source] Diesel),
    #[error("a query panicked")]
    Panicked,
}

/// What a transaction may fail with.
pub trait Failure: From<Error> + From<Diesel> {
    /// Whether the transaction was rolled back because of a concurrent one, so that it can be run again.
    fn is_contended(&self) -> bool;
}

impl Failure for Error {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Contended(_))
    }
}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        #[allow(
            clippy::wildcard_enum_match_arm,
            reason = "the driver's errors are many, and grow"
        )]
        match error {
            Diesel::DatabaseError(kind, ref information) => match meaning(kind, &**information) {
                Meaning::Away => Self::Away,
                Meaning::Contended => Self::Contended(error),
                Meaning::Unusable => Self::Unusable(error),
                Meaning::Duplicate => Self::Duplicate,
                Meaning::Query => Self::Query(error),
            },
            Diesel::BrokenTransactionManager => Self::Away,
            Diesel::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            // A column has another type than this version of the bridge expects.
            Diesel::DeserializationError(_) => Self::Unusable(error),
            _ => Self::Query(error),
        }
    }
}

enum Meaning {
    Away,
    Contended,
    Unusable,
    Duplicate,
    Query,
}

/// The drivers have a kind for few errors, and the server may write its messages in any language. So an error of unknown
/// kind is taken for a fault of the database: our own queries are checked against its schema.
fn meaning(kind: DatabaseErrorKind, information: &dyn DatabaseErrorInformation) -> Meaning {
    use DatabaseErrorKind as Kind;
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the driver's kinds are many, and grow"
    )]
    match kind {
        Kind::UniqueViolation => Meaning::Duplicate,
        Kind::ClosedConnection => Meaning::Away,
        Kind::SerializationFailure => Meaning::Contended,
        Kind::ForeignKeyViolation | Kind::RestrictViolation | Kind::ExclusionViolation => {
            Meaning::Query
        }
        _ if is_away(information.message()) => Meaning::Away,
        _ if is_deadlock(information) => Meaning::Contended,
        Kind::UnableToSendCommand => Meaning::Query,
        _ => Meaning::Unusable,
    }
}

/// Neither driver has a kind for these.
fn is_away(message: &str) -> bool {
    [
        "connection closed",
        "database is locked",
        "canceling statement due to lock timeout",
        "terminating connection",
        "the database system is",
        "error communicating with the server",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

/// The driver passes on the SQLSTATE of a serialization failure (40001) as a kind, and that of a deadlock (40P01) not at
/// all. The message is in the server's language, and only a superuser may set `lc_messages` to another one. But the detail
/// says which lock each process waits for, a line for each, and the names of locks are never translated: "Process 7 waits
/// for `ShareLock` on transaction 8; blocked by process 9." No other error of PostgreSQL's has such a detail.
fn is_deadlock(information: &dyn DatabaseErrorInformation) -> bool {
    let waits = |line: &&str| line.contains("ShareLock") || line.contains("ExclusiveLock");
    let details = information.details().unwrap_or_default();
    details.lines().filter(waits).count() > 1
}

/// The database cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error(
        "database.url is not a PostgreSQL URL such as postgres://USER:PASSWORD@HOST:PORT/NAME{0}"
    )]
    Url(String),
    #[error("database.url: {0} is a directory, not a database file")]
    Directory(PathBuf),
    #[error("database.url: cannot open the file: {0}")]
    File(String),
    #[error("database.url: cannot connect to the database: {0}")]
    Unreachable(String),
    #[error("database.url: cannot connect to the database: {0}")]
    Refused(String),
    #[error(
        "database.url leads to a pooler, such as PgBouncer, in transaction mode, which the bridge cannot work with: connect \
         to PostgreSQL itself, or set the pool of this database to session mode (pool_mode=session)"
    )]
    Pooled,
    #[error("the connection was closed")]
    Closed,
    #[error("cannot start the thread for connections to PostgreSQL")]
    Runtime,
    #[error("cannot read the certificates that the system trusts")]
    Tls,
    #[error(
        "database.url is a Unix socket, which has no TLS, but database.tls is verified: set database.tls to off"
    )]
    SocketTls,
    #[error("database.ca_file contains no readable PEM certificate")]
    CaFile,
    #[error("database.url: cannot create the folder of the file: {0}")]
    Folder(#[source] std::io::Error),
    #[error("iaso.attached: the bridge cannot use the Iaso database: {0}")]
    Iaso(String),
    #[error(
        "iaso.encrypted_text_field_key (OPENHEXA_BRIDGE__IASO__ENCRYPTED_TEXT_FIELD_KEY in the environment) is not a \
         Fernet key: 32 bytes in URL-safe base64, Iaso's own ENCRYPTED_TEXT_FIELD_KEY"
    )]
    IasoKey,
    #[error("iaso.attached: Iaso's database is PostgreSQL, not SQLite")]
    NoIaso,
    #[error("a migration failed: {0}")]
    Migration(String),
    #[error(
        "database.url: this database was created by an unreleased version of openhexa-bridge and cannot be migrated: move \
         it away, or use another one; the bridge creates its tables anew"
    )]
    Unreleased,
    #[error("the database refused a query: {0}")]
    Query(#[from] Diesel),
    #[error("{0}")]
    Key(#[from] BadKey),
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => Self::Refused(said.message().to_owned()),
            None => Self::Unreachable(cause(&error)),
        }
    }
}

impl OpenError {
    /// Of what is wrong with a URL only what cannot hold a part of it is passed on: a password with a `?` in it would
    /// be taken for options.
    pub(super) fn url(error: &tokio_postgres::Error) -> Self {
        let cause = cause(error);
        Self::Url(if cause.contains("unknown option") {
            "; an option after the ? is not known".to_owned()
        } else {
            format!(": {cause}")
        })
    }
}

/// The driver's own words hold neither the address nor the password.
fn cause(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[derive(Debug, Error)]
#[error(
    "secrets.encryption_key (OPENHEXA_BRIDGE__SECRETS__ENCRYPTION_KEY in the environment) is not a Fernet key: 32 bytes \
     in URL-safe base64"
)]
pub struct BadKey;
