//! The record `openhexa-config` of each account: which OpenHEXA the account uses, and its default parameters.

mod account_config;
mod addresses;
mod change;
mod connection_test;
mod default_entries;
mod held_token;
mod public;

use std::sync::Arc;

pub use account_config::AccountConfig;
pub use addresses::AddressRules;
pub use change::{ChangeMode, ConfigEdit, ConfigRecord, NO_RECORD, TOKEN, URL, WORKSPACE};
pub use connection_test::Check;
pub(super) use default_entries::{entries, given, id_of};
pub use held_token::Typed;

use crate::clock::Clock;
use crate::openhexa::OpenHexa;
use crate::store::Store;

/// Reads and changes the configuration of accounts.
#[derive(Clone)]
pub struct Configuration {
    store: Store,
    clock: Clock,
    openhexa: Arc<dyn OpenHexa>,
    addresses: Arc<AddressRules>,
}

impl Configuration {
    pub fn new(
        store: &Store,
        clock: &Clock,
        openhexa: &Arc<dyn OpenHexa>,
        addresses: AddressRules,
    ) -> Self {
        Self {
            store: store.clone(),
            clock: clock.clone(),
            openhexa: openhexa.clone(),
            addresses: Arc::new(addresses),
        }
    }
}
