//! Errors of the database, by their meaning for the caller.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error as Diesel};
use thiserror::Error;

/// A query failed.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the database is unavailable")]
    Unavailable,
    /// PostgreSQL rolled the transaction back because of a concurrent one; it can be repeated.
    #[error("the database rolled the transaction back because of a concurrent one")]
    Contended(#[source] Diesel),
    /// The database responds but cannot run the query: it is read-only, its disk is full, or its schema is not the expected one.
    #[error("the database cannot run a query")]
    Unusable(#[source] Diesel),
    #[error("the row already exists")]
    Duplicate,
    #[error("cannot read a stored {0}")]
    Corrupt(&'static str),
    #[error("the database refused a query")]
    Query(#[source] Diesel),
    #[error("a query panicked: {0}")]
    Panicked(String),
}

/// An error of a transaction.
pub trait TransactionFailure: From<Error> + From<Diesel> {
    /// Whether the transaction was rolled back because of a concurrent one, so that it can be repeated.
    fn is_contended(&self) -> bool;
}

impl TransactionFailure for Error {
    fn is_contended(&self) -> bool {
        matches!(self, Self::Contended(_))
    }
}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        #[allow(
            clippy::wildcard_enum_match_arm,
            reason = "the driver has many errors, and adds more"
        )]
        match error {
            Diesel::DatabaseError(kind, ref information) => match category(kind, &**information) {
                Category::Unavailable => Self::Unavailable,
                Category::Contended => Self::Contended(error),
                Category::Unusable => Self::Unusable(error),
                Category::Duplicate => Self::Duplicate,
                Category::Query => Self::Query(error),
            },
            Diesel::BrokenTransactionManager => Self::Unavailable,
            Diesel::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            // A column has another type than this version of the bridge expects.
            Diesel::DeserializationError(_) => Self::Unusable(error),
            _ => Self::Query(error),
        }
    }
}

enum Category {
    Unavailable,
    Contended,
    Unusable,
    Duplicate,
    Query,
}

/// The drivers have a kind for few errors, and the server's messages can be in any language. So an error of unknown kind counts
/// as a fault of the database, because the bridge's queries are tested against its schema.
fn category(kind: DatabaseErrorKind, information: &dyn DatabaseErrorInformation) -> Category {
    use DatabaseErrorKind as Kind;
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the driver has many kinds, and adds more"
    )]
    match kind {
        Kind::UniqueViolation => Category::Duplicate,
        Kind::ClosedConnection => Category::Unavailable,
        Kind::SerializationFailure => Category::Contended,
        Kind::ForeignKeyViolation | Kind::RestrictViolation | Kind::ExclusionViolation => {
            Category::Query
        }
        _ if is_unavailable(information.message()) => Category::Unavailable,
        _ if is_deadlock(information) => Category::Contended,
        Kind::UnableToSendCommand => Category::Query,
        _ => Category::Unusable,
    }
}

/// Errors for which neither driver has a kind.
fn is_unavailable(message: &str) -> bool {
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

/// The driver has a kind for the SQLSTATE of a serialization failure (40001), but not for a deadlock (40P01). The message is in
/// the server's language, and only a superuser can change `lc_messages`. But the detail has a line for the lock that each
/// process waits for, and the names of locks are never translated: "Process 7 waits for `ShareLock` on transaction 8; blocked
/// by process 9." No other error of PostgreSQL has such a detail.
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
        "database.url leads to a pooler, such as PgBouncer, in transaction mode, which the bridge does not support: connect \
         to PostgreSQL itself, or set the pool of this database to session mode (pool_mode=session)"
    )]
    PooledConnection,
    #[error("the connection was closed")]
    Closed,
    #[error("cannot start the thread for connections to PostgreSQL")]
    Runtime,
    #[error(
        "database.tls is verified, but the certificates that the system trusts cannot be read: {0}. Install the package \
         ca-certificates, or set database.ca_file"
    )]
    Tls(String),
    #[error(
        "database.url is a Unix socket, which has no TLS, but database.tls is verified: set database.tls to off"
    )]
    SocketTls,
    #[error("database.ca_file ({file}): {cause}", file = .file.display())]
    CaFile { file: PathBuf, cause: String },
    #[error("database.url: cannot create the folder of the file: {0}")]
    Folder(#[source] std::io::Error),
    #[error("iaso.attached: the bridge cannot use the Iaso database: {0}")]
    Iaso(String),
    #[error(
        "iaso.encrypted_text_field_key (OPENHEXA_BRIDGE__IASO__ENCRYPTED_TEXT_FIELD_KEY in the environment) is not a \
         Fernet key: 32 bytes in URL-safe base64, Iaso's own ENCRYPTED_TEXT_FIELD_KEY"
    )]
    InvalidIasoKey,
    #[error("iaso.attached: Iaso's database is PostgreSQL, not SQLite")]
    AttachedToSqlite,
    #[error("a migration failed: {0}")]
    Migration(String),
    #[error(
        "database.url: this database was created by an unreleased version of openhexa-bridge and cannot be migrated: move \
         it away, or use another one; the bridge creates new tables"
    )]
    Unreleased,
    #[error(
        "database.url: the tables were upgraded by a newer version of the bridge: install that version, or restore the backup"
    )]
    Newer,
    #[error("the database refused a query: {0}")]
    Query(#[from] Diesel),
    #[error("{0}")]
    Key(#[from] InvalidEncryptionKey),
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(answer) => Self::Refused(answer.message().to_owned()),
            None => Self::Unreachable(cause(&error)),
        }
    }
}

impl OpenError {
    /// Removes the part of the error that could contain a piece of the URL: a password with a `?` in it is parsed as an option.
    pub(super) fn url(error: &tokio_postgres::Error) -> Self {
        let cause = cause(error);
        Self::Url(if cause.contains("unknown option") {
            "; an option after the ? is not known".to_owned()
        } else {
            format!(": {cause}")
        })
    }
}

/// The driver's messages contain neither the address nor the password.
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
pub struct InvalidEncryptionKey;
