//! Notifications: channels, subscriptions, and the delivery of messages.
//!
//! ```text
//! outbox.rs         adds messages in the transaction of what they are about
//! sender.rs         sends the messages that are due
//! message.rs        a message as a webhook and as an e-mail
//! channels.rs       creates, changes, tests and deletes channels
//! subscriptions.rs  who wants which notices
//! deliveries.rs     the delivery log
//! ```

mod channels;
mod deliveries;
mod message;
mod outbox;
mod sender;
mod subscriptions;

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use channels::{ChannelEdit, ChannelWithSecret, MAX_CHANNELS, NewTarget, WantedChannel};
pub use deliveries::DeliveryFilter;
pub use outbox::notify;
pub use sender::Sender;
pub use subscriptions::{MAX_SUBSCRIPTIONS, WantedScope, WantedSubscription};

use super::catalog::Catalog;
use super::configuration::Configuration;
use super::{Error, Jobs, Seal};
use crate::clock::Clock;
use crate::domain::message::Message;
use crate::domain::notification::Both;
use crate::language::Language;
use crate::outgoing::Outgoing;
use crate::store::{self, Store};

/// What the service is created from.
pub struct NotificationParts {
    pub store: Store,
    pub clock: Clock,
    pub jobs: Jobs,
    pub seal: Seal,
    pub configuration: Arc<Configuration>,
    pub catalog: Arc<Catalog>,
    pub outgoing: Arc<Outgoing>,
    /// The origin of links.
    pub public_url: String,
    /// Whether webhooks may be on this machine and in private networks.
    pub allow_private: bool,
    /// Cancelled when the bridge stops.
    pub stop: CancellationToken,
}

pub struct Notifications {
    store: Store,
    clock: Clock,
    jobs: Jobs,
    seal: Seal,
    configuration: Arc<Configuration>,
    catalog: Arc<Catalog>,
    allow_private: bool,
    has_mail: bool,
    pub sender: Arc<Sender>,
}

impl Notifications {
    pub fn new(parts: NotificationParts) -> Self {
        let has_mail = parts.outgoing.mail.is_some();
        let sender = Sender {
            store: parts.store.clone(),
            clock: parts.clock.clone(),
            seal: parts.seal.clone(),
            outgoing: parts.outgoing,
            public_url: parts.public_url,
            wake: Arc::default(),
            stop: parts.stop,
        };
        Self {
            store: parts.store,
            clock: parts.clock,
            jobs: parts.jobs,
            seal: parts.seal,
            configuration: parts.configuration,
            catalog: parts.catalog,
            allow_private: parts.allow_private,
            has_mail,
            sender: Arc::new(sender),
        }
    }

    /// Wakes the job that sends messages.
    pub fn wake_signal(&self) -> Arc<Notify> {
        self.sender.wake.clone()
    }
}

/// The same sentence in both languages.
pub fn in_both(sentence: impl Fn(Language) -> String) -> Both {
    Both {
        en: sentence(Language::English),
        fr: sentence(Language::French),
    }
}

/// The error of an insert. `sentence` says that there is such a row already.
fn taken(error: store::Error, sentence: Message) -> Error {
    if matches!(error, store::Error::Duplicate) {
        return Error::OtherRequest(sentence);
    }
    error.into()
}
