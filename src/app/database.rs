//! The database of the settings, opened: which one it is, and how to reach it.

use std::path::PathBuf;

use secrecy::ExposeSecret;

use super::{StartError, encryption_key};
use crate::settings::{Settings, Tls};
use crate::store::{Address, OpenError, Options, Store};

/// Opens the database and brings its tables up to date.
pub async fn open_store(settings: &Settings) -> Result<Store, StartError> {
    let options = Options {
        address: database(settings),
        encryption_key: encryption_key(settings)?,
        pool_size: settings.database.pool_size,
        wait: settings.database.wait.0,
    };
    let opening = tokio::task::spawn_blocking(move || {
        let store = Store::open(options)?;
        store.migrate()?;
        Ok::<_, OpenError>(store)
    });
    match opening.await {
        Ok(store) => Ok(store?),
        Err(error) => Err(StartError::Other(format!(
            "the database cannot be opened: {error}"
        ))),
    }
}

fn database(settings: &Settings) -> Address {
    let url = settings.database.url.expose_secret();
    if let Some(path) = url.strip_prefix("sqlite:") {
        return Address::Sqlite(sqlite_file(path));
    }
    let ca_file =
        Some(settings.database.ca_file.clone()).filter(|file| !file.as_os_str().is_empty());
    let tls = match settings.database.tls {
        Tls::Off => crate::store::Tls::Off,
        Tls::Verified => crate::store::Tls::Verified { ca_file },
    };
    Address::Postgres {
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
