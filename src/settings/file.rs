//! Reads the settings file. Errors do not quote its lines, because they can contain secrets.

use std::io::ErrorKind;
use std::path::Path;

use config::{Config, ConfigError, File, FileFormat};

use super::InvalidSetting;

/// The values of the file, without defaults.
pub fn read(file: &Path) -> Result<Config, InvalidSetting> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &reason(&error)))?;
    let source = File::from_str(&text, FileFormat::Toml);
    let own = Config::builder().add_source(source).build();
    own.map_err(|error| unreadable(file, &format!("it is not valid TOML{}", place(&error))))
}

/// Whether the file sets this key.
pub fn has(file: &Path, key: &str) -> bool {
    read(file).is_ok_and(|own| own.get::<config::Value>(key).is_ok())
}

fn unreadable(file: &Path, why: &str) -> InvalidSetting {
    let file = file.display();
    InvalidSetting(format!("cannot read the settings file {file}: {why}"))
}

fn reason(error: &std::io::Error) -> String {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the messages of the other kinds are clear"
    )]
    match error.kind() {
        ErrorKind::NotFound => "the file does not exist".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    }
}

/// The position of an error. Only the first line of the library's message is used, because the next ones quote the file.
fn place(error: &ConfigError) -> String {
    let message = error.to_string();
    let first = message.lines().next().unwrap_or_default();
    first
        .split_once(" at line ")
        .map(|(_, place)| format!(" at line {place}"))
        .unwrap_or_default()
}
