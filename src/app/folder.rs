//! One process to a data folder: a second one would take the first one's runs for its own and break both.

use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use super::StartError;

/// Held as long as it lives; the system gives it back however the process ends.
pub struct Lock {
    _file: File,
}

/// Takes the folder, which is made when missing, or says who is in the way.
pub fn take(folder: &Path) -> Result<Lock, StartError> {
    let unusable = |error| {
        let folder = folder.display();
        StartError::Other(format!("cannot use the data folder {folder}: {error}"))
    };
    // Keys, the database and runs lie in it.
    let mut making = std::fs::DirBuilder::new();
    let making = making.recursive(true).mode(0o700);
    making.create(folder).map_err(unusable)?;
    let file = File::create(folder.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(StartError::Other(format!(
            "the data folder {} is in use by another openhexa-bridge",
            folder.display()
        ))),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}
