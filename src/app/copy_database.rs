//! `openhexa-bridge copy-database`: copies everything to another, empty database, to move from SQLite to PostgreSQL or back.

use std::path::Path;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::StartError;
use super::database::{database, open_unchanged};
use super::database_url::sqlite_path;
use crate::service::causes;
use crate::settings::Settings;
use crate::store::{CopiedTable, CopyError, DatabaseAddress, Side, Store};

/// A large table gets a line after this many rows.
const ROWS_PER_LINE: i64 = 10_000;

// The two databases. A URL with a password is better set as `database.url` in the environment, because other users of the
// machine can read a command line. (A doc comment here would replace the description of the command.)
#[derive(Args)]
#[group(required = true, multiple = true)]
pub struct Databases {
    /// The database to copy from, in the format of `database.url`. Default: `database.url` of the settings.
    #[arg(long, value_name = "URL")]
    from: Option<SecretString>,
    /// The empty database to copy to, in the same format. Default: `database.url` of the settings.
    #[arg(long, value_name = "URL")]
    to: Option<SecretString>,
}

/// `print_line` gets one line for each table, more for large ones, and a summary.
pub async fn copy_database(
    settings: &Settings,
    databases: Databases,
    mut print_line: impl FnMut(String) + Send + 'static,
) -> Result<(), StartError> {
    if settings.iaso.attached {
        return Err(StartError::Other(
            "copy-database is for a standalone bridge, but iaso.attached is true: the ids of tasks in Iaso's database \
             belong to Iaso"
                .to_owned(),
        ));
    }
    let source = with_url(settings, "--from", databases.from)?;
    let target = with_url(settings, "--to", databases.to)?;
    refuse_missing_file(&source)?;
    refuse_same(&source, &target)?;
    refuse_missing_folder(&target)?;
    let source = open_unchanged(&source)?;
    let copying = tokio::task::spawn_blocking(move || {
        source
            .check_copy_source()
            .map_err(|error| refused(&error))?;
        let created = sqlite_path(&target).filter(|file| !file.exists());
        let copied = copy(&source, &target, &mut print_line);
        if let (Err(_), Some(file)) = (&copied, created) {
            remove(&file);
        }
        copied
    });
    copying
        .await
        .map_err(|error| StartError::Other(error.to_string()))?
}

fn copy(
    source: &Store,
    target: &Settings,
    print_line: &mut impl FnMut(String),
) -> Result<(), StartError> {
    let target = open_unchanged(target)?;
    let copied = source.copy_to(&target, &mut |table| {
        if table.rows % ROWS_PER_LINE == 0 {
            print_line(format!("{}: {} rows …", table.name, table.rows));
        }
    });
    print_line(summary(&copied.map_err(|error| refused(&error))?));
    Ok(())
}

fn refused(error: &CopyError) -> StartError {
    StartError::Other(causes(error))
}

/// Removes a database file that was created for a copy that failed. Without an error, because that of the copy is reported.
fn remove(file: &Path) {
    for end in ["", "-journal", "-wal", "-shm"] {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
}

/// The folder is not created, because its path is likely misspelt.
fn refuse_missing_folder(target: &Settings) -> Result<(), StartError> {
    let file = sqlite_path(target).and_then(|file| std::path::absolute(file).ok());
    match file.as_deref().and_then(Path::parent) {
        Some(folder) if !folder.is_dir() => Err(StartError::Other(format!(
            "the {} database: the folder {} does not exist",
            Side::Target,
            folder.display()
        ))),
        Some(_) | None => Ok(()),
    }
}

/// The settings with another database.
fn with_url(
    settings: &Settings,
    argument: &str,
    url: Option<SecretString>,
) -> Result<Settings, StartError> {
    let mut settings = settings.clone();
    if let Some(url) = url {
        if !crate::settings::is_database(url.expose_secret()) {
            return Err(StartError::Other(format!(
                "{argument} must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"
            )));
        }
        settings.database.url = url;
    }
    Ok(settings)
}

/// The same URL, or the same file by another path.
fn refuse_same(source: &Settings, target: &Settings) -> Result<(), StartError> {
    let is_same = match (database(source), database(target)) {
        (DatabaseAddress::Sqlite(source), DatabaseAddress::Sqlite(target)) => {
            source == target || source.canonicalize().ok() == target.canonicalize().ok()
        }
        (
            DatabaseAddress::Postgres { url: source, .. },
            DatabaseAddress::Postgres { url: target, .. },
        ) => source.expose_secret() == target.expose_secret(),
        (DatabaseAddress::Sqlite(_), DatabaseAddress::Postgres { .. })
        | (DatabaseAddress::Postgres { .. }, DatabaseAddress::Sqlite(_)) => false,
    };
    if is_same {
        return Err(StartError::Other(
            "the source and the target are the same database: set --from or --to to another one"
                .to_owned(),
        ));
    }
    Ok(())
}

/// A missing file would be created empty.
fn refuse_missing_file(source: &Settings) -> Result<(), StartError> {
    match database(source) {
        DatabaseAddress::Sqlite(file) if !file.is_file() => Err(StartError::Other(format!(
            "the {} database: the file {} does not exist",
            Side::Source,
            file.display()
        ))),
        DatabaseAddress::Sqlite(_) | DatabaseAddress::Postgres { .. } => Ok(()),
    }
}

fn summary(copied: &[CopiedTable]) -> String {
    let lines = copied
        .iter()
        .map(|table| format!("{}: {} rows", table.name, table.rows));
    let lines: Vec<String> = lines.collect();
    let all: i64 = copied.iter().map(|table| table.rows).sum();
    format!(
        "{}\n{all} rows of {} tables copied and counted. Set database.url to the new database before you start the bridge.",
        lines.join("\n"),
        copied.len()
    )
}
