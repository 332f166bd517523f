//! Reads `database.url`: the file of an SQLite database, and the name of a database for messages, without its password.

use std::path::PathBuf;

use secrecy::ExposeSecret;

use crate::settings::Settings;

/// The file, if the database is SQLite.
pub fn sqlite_path(settings: &Settings) -> Option<PathBuf> {
    let url = settings.database.url.expose_secret();
    url.strip_prefix("sqlite:").map(sqlite_file)
}

/// With the whole path of a file: a relative path depends on the folder in which a command runs.
pub fn database_name(settings: &Settings) -> String {
    match sqlite_path(settings) {
        Some(file) => {
            let whole = std::path::absolute(&file).unwrap_or(file);
            format!("SQLite file {}", whole.display())
        }
        None => postgres_name(settings.database.url.expose_secret()),
    }
}

/// `sqlite:PATH`, `sqlite://PATH`, and `sqlite:////ABSOLUTE/PATH`, as in Python.
fn sqlite_file(path: &str) -> PathBuf {
    let path = path.strip_prefix("//").unwrap_or(path);
    let absolute = path.strip_prefix('/').filter(|rest| rest.starts_with('/'));
    PathBuf::from(absolute.unwrap_or(path))
}

/// The name of a PostgreSQL database and its hosts.
fn postgres_name(url: &str) -> String {
    let Ok(wanted) = url.parse::<tokio_postgres::Config>() else {
        return "PostgreSQL".to_owned();
    };
    let hosts: Vec<String> = wanted.get_hosts().iter().map(host).collect();
    let name = wanted.get_dbname().unwrap_or_default();
    format!("PostgreSQL {name:?} on {}", hosts.join(", "))
}

fn host(host: &tokio_postgres::config::Host) -> String {
    match host {
        tokio_postgres::config::Host::Tcp(name) => name.clone(),
        tokio_postgres::config::Host::Unix(path) => path.display().to_string(),
    }
}
