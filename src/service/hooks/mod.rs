//! Webhooks: other systems send a message, which starts a flow or a pipeline.
//!
//! ```text
//! change.rs   creates, changes and deletes a hook; new secrets
//! receive.rs  authenticates a message and starts what it is for
//! target.rs   what a hook starts: the only place that knows the kinds of targets
//! ```

mod change;
mod receive;
mod target;

use std::sync::Arc;

pub use change::{HookEdit, HookWithSecret, MAX_HOOKS, NewHook};
pub use receive::ReceivedMessage;
pub use target::Started;

use super::catalog::Catalog;
use super::configuration::Configuration;
use super::flows::Flows;
use super::identity::{Identity, RecentCache};
use super::launching::Launching;
use super::{Error, Jobs};
use crate::clock::Clock;
use crate::domain::ids::{AccountId, HookId};
use crate::domain::webhook::Hook;
use crate::store::{self, Store};

const CACHED_HOOKS: usize = 1_000;

/// The lower modules that it needs.
pub struct HookParts {
    pub store: Store,
    pub clock: Clock,
    pub jobs: Jobs,
    pub identity: Arc<Identity>,
    pub configuration: Arc<Configuration>,
    pub catalog: Arc<Catalog>,
    pub launching: Arc<Launching>,
    pub flows: Arc<Flows>,
}

pub struct Hooks {
    store: Store,
    clock: Clock,
    jobs: Jobs,
    identity: Arc<Identity>,
    configuration: Arc<Configuration>,
    catalog: Arc<Catalog>,
    launching: Arc<Launching>,
    flows: Arc<Flows>,
    /// For a few seconds, so that a flood of messages does not reach the database. A change takes effect after that.
    cache: RecentCache<HookId, Hook>,
}

impl Hooks {
    pub fn new(parts: HookParts) -> Self {
        Self {
            store: parts.store,
            clock: parts.clock,
            jobs: parts.jobs,
            identity: parts.identity,
            configuration: parts.configuration,
            catalog: parts.catalog,
            launching: parts.launching,
            flows: parts.flows,
            cache: RecentCache::new(CACHED_HOOKS),
        }
    }

    /// The hooks of an account, newest first; there are at most [`MAX_HOOKS`].
    pub async fn list(&self, account: AccountId) -> Result<Vec<Hook>, Error> {
        let cipher = self.store.cipher.clone();
        self.store
            .read(move |db| Ok(store::hooks_of_account(db, &cipher, account)?))
            .await
    }

    pub async fn get(&self, account: AccountId, id: HookId) -> Result<Hook, Error> {
        let found = self.find(id).await?;
        let own = found.filter(|hook| hook.account == account);
        own.ok_or_else(Error::no_hook)
    }

    /// The address to which messages are sent.
    pub fn url(&self, id: HookId) -> String {
        format!("{}/api/openhexa/hooks/{id}/", self.identity.public_url())
    }

    async fn find(&self, id: HookId) -> Result<Option<Hook>, Error> {
        let cipher = self.store.cipher.clone();
        self.store
            .read(move |db| Ok(store::find_hook(db, &cipher, id)?))
            .await
    }
}
