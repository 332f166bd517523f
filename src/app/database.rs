//! Opens the database of the settings.

use std::path::Path;

use rustix::fs::Access;

use super::database_url::{database_name, sqlite_path};
use super::{StartError, encryption_key, unreadable};
use crate::clock::Clock;
use crate::domain::ids::AccountId;
use crate::settings::{DatabaseTls, Settings};
use crate::store::{AttachOptions, DatabaseAddress, OpenError, Options, Store};

/// Opens the database and brings its tables up to date.
pub async fn open_store(settings: &Settings) -> Result<Store, StartError> {
    open(settings, Store::migrate).await
}

/// Like [`open_store`], but the tables must exist: a command that only uses them must not create a database by accident, for
/// example in another folder. `how` says what to do if there are none.
pub async fn open_existing_store(settings: &Settings, how: &str) -> Result<Store, StartError> {
    if !has_tables(settings).await? {
        let name = database_name(settings);
        return Err(StartError::Other(format!(
            "there are no tables of the bridge in the database: {name}. {how}"
        )));
    }
    open_store(settings).await
}

async fn has_tables(settings: &Settings) -> Result<bool, StartError> {
    if is_missing(settings) {
        return Ok(false);
    }
    let store = open(settings, Store::try_connection).await?;
    let has_none = store.read(crate::store::has_no_tables).await;
    let has_none = has_none.map_err(|error| StartError::Other(error.to_string()))?;
    Ok(!has_none)
}

/// Whether the database is a file that does not exist.
pub fn is_missing(settings: &Settings) -> bool {
    sqlite_path(settings).is_some_and(|file| !file.exists())
}

/// Checks that the database can be opened and, attached to Iaso, has all required tables and rights. Changes nothing.
pub async fn try_store(settings: &Settings) -> Result<(), StartError> {
    open(settings, |_| Ok(())).await.map(|_| ())
}

async fn open(
    settings: &Settings,
    prepare: fn(&Store) -> Result<(), OpenError>,
) -> Result<Store, StartError> {
    let attachment = attachment(settings);
    let options = options(settings)?;
    let previous = settings.secrets.previous_encryption_keys();
    let opening = tokio::task::spawn_blocking(move || {
        let mut store = match attachment {
            None => Store::open(options),
            Some(iaso) => Store::open_attached(options, &iaso),
        }?;
        store.cipher = store.cipher.with_previous(&previous)?;
        prepare(&store)?;
        Ok::<_, OpenError>(store)
    });
    match opening.await {
        Ok(store) => Ok(store?),
        Err(error) => Err(StartError::Other(format!(
            "cannot open the database: {error}"
        ))),
    }
}

/// Opens a standalone bridge's database without a connection: nothing is created or upgraded except an SQLite file.
pub fn open_unchanged(settings: &Settings) -> Result<Store, StartError> {
    let mut store = Store::open(options(settings)?)?;
    let previous = settings.secrets.previous_encryption_keys();
    store.cipher = store
        .cipher
        .with_previous(&previous)
        .map_err(OpenError::from)?;
    Ok(store)
}

fn options(settings: &Settings) -> Result<Options, StartError> {
    Ok(Options {
        address: database(settings),
        encryption_key: encryption_key(settings)?,
        pool_size: settings.database.pool_size,
        wait: settings.database.wait.0,
    })
}

/// The stored data that decides whether the bridge can start.
pub struct Stored {
    /// Whether the encryption keys decrypt the stored data.
    pub is_readable: bool,
    /// Whether there is an active API key.
    pub has_key: bool,
}

/// Changes nothing.
pub async fn stored(settings: &Settings) -> Result<Stored, StartError> {
    let nothing = Stored {
        is_readable: true,
        has_key: false,
    };
    if let Some(file) = sqlite_path(settings).filter(|file| !file.exists()) {
        refuse_uncreatable(&file)?;
        return Ok(nothing);
    }
    let store = open(settings, Store::check_version).await?;
    let cipher = store.cipher.clone();
    let now = Clock::System.now();
    let stored = store.read(move |db| {
        if crate::store::has_no_tables(db)? {
            return Ok(nothing);
        }
        Ok::<_, crate::store::Error>(Stored {
            is_readable: crate::store::can_decrypt_all(db, &cipher)?,
            has_key: crate::store::keys(db)?.iter().any(|key| key.is_active(now)),
        })
    });
    stored.await.map_err(|error| unreadable(&error))
}

/// An error if `serve` could not create this file: the nearest folder that exists must be writable. Changes nothing.
fn refuse_uncreatable(file: &Path) -> Result<(), StartError> {
    let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let Some(nearest) = whole.ancestors().skip(1).find(|folder| folder.exists()) else {
        return Ok(());
    };
    let why = if nearest.is_dir() {
        let access = rustix::fs::access(nearest, Access::WRITE_OK | Access::EXEC_OK);
        access
            .err()
            .map(|error| std::io::Error::from(error).to_string())
    } else {
        Some("it is not a folder".to_owned())
    };
    why.map_or(Ok(()), |why| {
        Err(StartError::Other(format!(
            "database.url: cannot create the file {} in {}: {why}",
            whole.display(),
            nearest.display()
        )))
    })
}

fn attachment(settings: &Settings) -> Option<AttachOptions> {
    let iaso = &settings.iaso;
    let account = Some(AccountId(iaso.config_account)).filter(|account| account.0 != 0);
    iaso.attached.then(|| AttachOptions {
        encrypted_text_field_key: iaso.encrypted_text_field_key.clone(),
        config_account: account,
        watched_for: iaso.watched_for.delta(),
        reads_users: !iaso.verifying_keys().is_empty(),
    })
}

pub fn database(settings: &Settings) -> DatabaseAddress {
    if let Some(file) = sqlite_path(settings) {
        return DatabaseAddress::Sqlite(file);
    }
    let ca_file =
        Some(settings.database.ca_file.clone()).filter(|file| !file.as_os_str().is_empty());
    let tls = match settings.database.tls {
        DatabaseTls::Off => crate::store::TlsMode::Off,
        DatabaseTls::Verified => crate::store::TlsMode::Verified { ca_file },
    };
    DatabaseAddress::Postgres {
        url: settings.database.url.clone(),
        tls,
    }
}
