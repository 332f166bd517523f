//! What can go wrong with the database, by meaning.

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
    #[error("database.url: the database cannot be reached")]
    Unreachable,
    #[error("database.url: the database refused the connection: {0}")]
    Refused(String),
    #[error("the runtime for PostgreSQL's sockets cannot be made")]
    Runtime,
    #[error("the certificates that the system trusts cannot be read")]
    Tls,
    #[error("database.ca_file holds no readable PEM certificate")]
    CaFile,
    #[error("database.url: the folder of the file cannot be made: {0}")]
    Folder(#[source] std::io::Error),
    #[error("a migration failed: {0}")]
    Migration(String),
    #[error("the database refused a query")]
    Query(#[from] Diesel),
    #[error("{0}")]
    Key(#[from] BadKey),
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(said) => Self::Refused(said.message().to_owned()),
            None => Self::Unreachable,
        }
    }
}

#[derive(Debug, Error)]
#[error("secrets.encryption_key is not a Fernet key: 32 bytes in URL-safe base64")]
pub struct BadKey;
