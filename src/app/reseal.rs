//! `openhexa-bridge reseal`: everything that is stored encrypted is encrypted anew with the key in force, after which
//! the keys before it may go. It may run while the bridge serves.

use super::{StartError, open_store};
use crate::settings::Settings;
use crate::store::{self, Lost, Tally};

/// Passes after which somebody keeps on writing with another key.
const PASSES: usize = 5;

/// What was done, in one sentence.
pub async fn reseal(settings: &Settings, lost: Lost) -> Result<String, StartError> {
    let store = open_store(settings).await?;
    let mut all = Tally::default();
    for _ in 0..PASSES {
        let vault = store.vault.clone();
        let pass = store.write(move |db| store::reseal(db, &vault, lost));
        let pass = pass.await.map_err(|error| {
            StartError::Other(format!("cannot read or write the stored secrets: {error}"))
        })?;
        all.sealed += pass.sealed;
        all.unreadable = all.unreadable.max(pass.unreadable);
        all.missed = pass.missed;
        if pass.missed == 0 {
            break;
        }
    }
    tracing::info!(
        target: "audit",
        action = "reseal",
        outcome = if all.missed == 0 { "done" } else { "failed" },
        who = "command line",
        sealed = all.sealed,
        unreadable = all.unreadable,
        discarded = (lost == Lost::Discard),
        "audit"
    );
    told(all, lost)
}

fn told(all: Tally, lost: Lost) -> Result<String, StartError> {
    let Tally {
        sealed,
        missed,
        unreadable,
    } = all;
    if missed > 0 {
        return Err(StartError::Other(format!(
            "{missed} secrets were changed by another process during each attempt. Is a bridge running with another encryption key?"
        )));
    }
    match (unreadable, lost) {
        (0, _) => Ok(format!(
            "{sealed} secrets re-encrypted. All stored data now uses secrets.encryption_key."
        )),
        (_, Lost::Discard) => Ok(format!(
            "{sealed} secrets re-encrypted, {unreadable} deleted because no key decrypts them. Set the configuration again."
        )),
        (_, Lost::Keep) => Err(StartError::Other(format!(
            "{sealed} secrets re-encrypted, {unreadable} not: neither secrets.encryption_key nor \
             secrets.previous_encryption_keys decrypts them. Add their key to secrets.previous_encryption_keys, or \
             delete them with --discard"
        ))),
    }
}
