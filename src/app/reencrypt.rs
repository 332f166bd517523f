//! `openhexa-bridge reencrypt`: re-encrypts all stored secrets with the current key. Afterwards the previous keys can
//! be removed. The bridge can keep running.

use super::{StartError, open_existing_store};
use crate::service::causes;
use crate::settings::Settings;
use crate::store::{self, ReencryptTotals, Undecryptable};

/// Maximum number of passes. If more are needed, a running bridge is probably still writing with another key.
const PASSES: usize = 5;

/// The result as one sentence.
pub async fn reencrypt(
    settings: &Settings,
    undecryptable: Undecryptable,
) -> Result<String, StartError> {
    let how = "If this is the right database, there is nothing to re-encrypt; otherwise set database.url or --config";
    let store = open_existing_store(settings, how).await?;
    let mut all = ReencryptTotals::default();
    for _ in 0..PASSES {
        let cipher = store.cipher.clone();
        let pass = store.write(move |db| store::reencrypt(db, &cipher, undecryptable));
        let pass = pass.await.map_err(|error| {
            let error = causes(&error);
            StartError::Other(format!("cannot read or write the stored secrets: {error}"))
        })?;
        all.reencrypted += pass.reencrypted;
        all.unreadable = all.unreadable.max(pass.unreadable);
        all.skipped = pass.skipped;
        if pass.skipped == 0 {
            break;
        }
    }
    tracing::info!(
        target: "audit",
        action = "reencrypt",
        outcome = if all.skipped == 0 { "done" } else { "failed" },
        who = "command line",
        reencrypted = all.reencrypted,
        unreadable = all.unreadable,
        discarded = (undecryptable == Undecryptable::Discard),
        "audit"
    );
    summary(all, undecryptable)
}

fn summary(all: ReencryptTotals, undecryptable: Undecryptable) -> Result<String, StartError> {
    let ReencryptTotals {
        reencrypted,
        skipped,
        unreadable,
    } = all;
    if skipped > 0 {
        return Err(StartError::Other(format!(
            "{skipped} secrets were not re-encrypted, because another process changed them during each attempt. Restart every \
             bridge with the current secrets.encryption_key, then run this command again"
        )));
    }
    match (unreadable, undecryptable) {
        (0, _) => Ok(format!(
            "{reencrypted} secrets re-encrypted. All stored data now uses secrets.encryption_key."
        )),
        (_, Undecryptable::Discard) => Ok(format!(
            "{reencrypted} secrets re-encrypted, {unreadable} deleted because no key decrypts them. Set the configuration again."
        )),
        (_, Undecryptable::Keep) => Err(StartError::Other(format!(
            "{reencrypted} secrets re-encrypted, {unreadable} not: neither secrets.encryption_key nor \
             secrets.previous_encryption_keys decrypts them. Add their key to secrets.previous_encryption_keys, or \
             delete them with --discard"
        ))),
    }
}
