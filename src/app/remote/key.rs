//! The API key of a command, from a file or the environment. No message contains it.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use crate::app::StartError;

/// A longer text is no key.
const LONGEST: usize = 4_096;

/// The key in a file that other users cannot read.
pub fn read(file: &Path) -> Result<SecretString, StartError> {
    let shown = file.display();
    let wrong = |error: std::io::Error| StartError::Other(format!("cannot read {shown}: {error}"));
    let opened = std::fs::File::open(file).map_err(wrong)?;
    if opened.metadata().map_err(wrong)?.mode() & 0o077 != 0 {
        return Err(StartError::Other(format!(
            "other users can read the key in {shown}: run chmod 600 on it"
        )));
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    opened
        .take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(wrong)?;
    // Text that is no UTF-8 contains characters that no key has.
    let text = String::from_utf8_lossy(&bytes).into_owned();
    check(text.into(), &shown.to_string())
}

/// The key without the space around it.
pub fn check(key: SecretString, place: &str) -> Result<SecretString, StartError> {
    let text = key.expose_secret().trim();
    let wrong = if text.is_empty() {
        Some(format!("there is no key in {place}"))
    } else if text.len() > LONGEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Some(format!("the text in {place} is not one key"))
    } else {
        None
    };
    wrong.map_or_else(
        || Ok(text.to_owned().into()),
        |why| Err(StartError::Other(why)),
    )
}
