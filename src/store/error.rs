//! What can go wrong with the database, by meaning.

use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error as Diesel};
use thiserror::Error;

/// A query failed.
#[derive(Debug, Error)]
pub enum Error {
    #[error("the database is away")]
    Away,
    #[error("the row is there already")]
    Duplicate,
    #[error("a stored {0} cannot be read")]
    Corrupt(&'static str),
    #[error("the database refused a query")]
    Query(#[source] Diesel),
    #[error("a query panicked")]
    Panicked,
}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        #[allow(
            clippy::wildcard_enum_match_arm,
            reason = "the driver's kinds are many, and grow"
        )]
        match &error {
            Diesel::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Duplicate,
            Diesel::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | Diesel::BrokenTransactionManager => Self::Away,
            Diesel::DatabaseError(_, information) if is_away(information.message()) => Self::Away,
            _ => Self::Query(error),
        }
    }
}

/// Neither driver gives a kind for these.
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

/// The database cannot be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error(
        "database.url is not a PostgreSQL URL such as postgres://USER:PASSWORD@HOST:PORT/NAME{0}"
    )]
    Url(String),
    #[error("database.url: {0} is a directory and no database")]
    Directory(PathBuf),
    #[error("database.url: the file cannot be opened: {0}")]
    File(String),
    #[error("database.url: the database cannot be reached: {0}")]
    Unreachable(String),
    #[error("database.url: the database refused the connection: {0}")]
    Refused(String),
    #[error("the connection was closed")]
    Closed,
    #[error("the runtime for PostgreSQL's sockets cannot be made")]
    Runtime,
    #[error("the certificates that the system trusts cannot be read")]
    Tls,
    #[error(
        "database.tls is verified, and database.url leads to a Unix socket, which has no TLS: set database.tls to off"
    )]
    SocketTls,
    #[error("database.ca_file holds no readable PEM certificate")]
    CaFile,
    #[error("database.url: the folder of the file cannot be made: {0}")]
    Folder(#[source] std::io::Error),
    #[error("iaso.attached: the bridge cannot stand beside the Iaso of this database: {0}")]
    Iaso(String),
    #[error(
        "iaso.encrypted_text_field_key (OPENHEXA_BRIDGE__IASO__ENCRYPTED_TEXT_FIELD_KEY in the environment) is not a \
         Fernet key: 32 bytes in URL-safe base64, Iaso's own ENCRYPTED_TEXT_FIELD_KEY"
    )]
    IasoKey,
    #[error("iaso.attached: only a PostgreSQL can be Iaso's own database")]
    NoIaso,
    #[error("a migration failed: {0}")]
    Migration(String),
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
            "; what stands behind its ? is no option".to_owned()
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
