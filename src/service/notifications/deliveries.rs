//! The delivery log.

use serde_json::Value;

use super::Notifications;
use crate::domain::ids::{AccountId, DeliveryId, MessageId};
use crate::domain::message::say;
use crate::domain::notification::{Delivery, StateWord};
use crate::service::Error;
use crate::service::list_pages::{List, Page, PageQuery};
use crate::store::notifications::{self, DeliveryQuery};

/// Which deliveries to list.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    /// The name of the channel.
    pub channel: Option<String>,
    pub state: Option<StateWord>,
}

impl Notifications {
    /// The deliveries of an account, newest first.
    pub async fn deliveries(
        &self,
        account: AccountId,
        filter: DeliveryFilter,
        part: &PageQuery,
    ) -> Result<Page<Delivery>, Error> {
        let list = List {
            seal: &self.seal,
            of: format!("deliveries {} {filter:?}", account.0),
        };
        let after = list.read(&part.cursor, Value::as_i64)?;
        let query = DeliveryQuery {
            account,
            channel: filter.channel,
            state: filter.state,
            after: after.map(DeliveryId),
            limit: part.read(),
        };
        let rows: Result<Vec<Delivery>, Error> = self
            .store
            .read(move |db| Ok(notifications::deliveries(db, &query)?))
            .await;
        Ok(part.page(&list, rows?, |delivery| delivery.id.0.into()))
    }

    /// Sends a message again, also a delivered one, with the same id.
    pub async fn send_again(
        &self,
        account: AccountId,
        message: MessageId,
    ) -> Result<Delivery, Error> {
        let (now, cipher) = (self.clock.now(), self.store.cipher.clone());
        let again = self.store.write(move |db| {
            let found = notifications::delivery_of_account(db, account, message)?;
            let found = found.ok_or_else(Error::no_delivery)?;
            let channel = notifications::lock_channel(db, &cipher, account, found.channel)?;
            let channel = channel.ok_or_else(Error::no_delivery)?;
            if channel.disabled.is_some() {
                return Err(Error::OtherRequest(say("delivery-channel-disabled")));
            }
            let is_waiting = || Error::OtherRequest(say("delivery-is-waiting"));
            let after = found.clone().again(now).ok_or_else(is_waiting)?;
            if notifications::save_delivery(db, &found, &after)? {
                return Ok(after);
            }
            // Another request was faster.
            Err(is_waiting())
        });
        let again = again.await?;
        self.sender.wake.notify_one();
        Ok(again)
    }

    /// The waiting messages of all accounts.
    pub async fn count_waiting(&self) -> Result<i64, Error> {
        self.store
            .read(|db| Ok(notifications::count_waiting(db)?))
            .await
    }
}
