//! Locks the data folder for one process: a second one would take over the first one's runs and break both.

use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use super::StartError;

/// Held until it is dropped. The system releases it, however the process ends.
pub struct Lock {
    _file: File,
}

/// Locks the folder, which is created if it does not exist. An error if another process has it.
pub fn lock(folder: &Path) -> Result<Lock, StartError> {
    let unusable = |error| {
        let folder = folder.display();
        StartError::Other(format!("cannot use the data folder {folder}: {error}"))
    };
    // It contains keys, the database and runs.
    let mut builder = std::fs::DirBuilder::new();
    let builder = builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(unusable)?;
    let file = File::create(folder.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StartError::Other(format!(
            "the data folder {} is in use by another openhexa-bridge: stop it, or use another folder (--data)",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}
