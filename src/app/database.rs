//! Opens the database of the settings.

use std::path::PathBuf;

use secrecy::ExposeSecret;

use super::{StartError, encryption_key, unreadable};
use crate::clock::Clock;
use crate::domain::ids::AccountId;
use crate::settings::{DatabaseTls, Settings};
use crate::store::{AttachOptions, DatabaseAddress, OpenError, Options, Store};

/// Opens the database and brings its tables up to date.
pub async fn open_store(settings: &Settings) -> Result<Store, StartError> {
    open(settings, Store::migrate).await
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
    if matches!(database(settings), DatabaseAddress::Sqlite(file) if !file.exists()) {
        return Ok(nothing);
    }
    let store = open(settings, Store::try_connection).await?;
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
    let url = settings.database.url.expose_secret();
    if let Some(path) = url.strip_prefix("sqlite:") {
        return DatabaseAddress::Sqlite(sqlite_file(path));
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

/// `sqlite:PATH`, `sqlite://PATH`, and `sqlite:////ABSOLUTE/PATH`, as in Python.
fn sqlite_file(path: &str) -> PathBuf {
    let path = path.strip_prefix("//").unwrap_or(path);
    let absolute = path.strip_prefix('/').filter(|rest| rest.starts_with('/'));
    PathBuf::from(absolute.unwrap_or(path))
}
