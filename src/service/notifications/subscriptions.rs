//! Subscriptions: which channel gets which notices.

use super::{Notifications, taken};
use crate::domain::ids::{AccountId, PipelineId, SubscriptionId};
use crate::domain::message::say;
use crate::domain::notification::{Level, Scope, Subscription};
use crate::domain::principal::Principal;
use crate::service::catalog::Freshness;
use crate::service::{Error, PAGE_WAIT};
use crate::store::notifications::{self, NewSubscription};
use crate::store::{self, Db};

/// How many subscriptions an account can have.
pub const MAX_SUBSCRIPTIONS: i64 = 1_000;

/// What a new subscription is about.
#[derive(Clone, Debug)]
pub enum WantedScope {
    Everything,
    /// By its slug.
    Flow(String),
    Pipeline(PipelineId),
}

#[derive(Clone, Debug)]
pub struct WantedSubscription {
    /// The name of the channel.
    pub channel: String,
    pub scope: WantedScope,
    pub level: Level,
}

impl Notifications {
    /// The subscriptions of an account, by channel; there are at most [`MAX_SUBSCRIPTIONS`].
    pub async fn subscriptions(&self, account: AccountId) -> Result<Vec<Subscription>, Error> {
        self.store
            .read(move |db| Ok(notifications::subscriptions_of_account(db, account)?))
            .await
    }

    pub async fn subscribe(
        &self,
        who: &Principal,
        wanted: WantedSubscription,
    ) -> Result<Subscription, Error> {
        if let WantedScope::Pipeline(id) = wanted.scope {
            self.check_pipeline(who.account, id).await?;
        }
        let (account, now) = (who.account, self.clock.now());
        self.store
            .write(move |db| {
                refuse_too_many(db, account)?;
                let new = NewSubscription {
                    account,
                    channel: notifications::channel_by_name(db, account, &wanted.channel)?
                        .ok_or_else(|| Error::field("channel", say("channel-unknown")))?,
                    scope: scope(db, account, &wanted.scope)?,
                    level: wanted.level,
                    at: now,
                };
                let id = notifications::add_subscription(db, &new)
                    .map_err(|error| taken(error, say("subscription-taken")))?;
                found(db, account, id)
            })
            .await
    }

    /// Changes which notices the channel gets.
    pub async fn set_level(
        &self,
        account: AccountId,
        id: SubscriptionId,
        level: Level,
    ) -> Result<Subscription, Error> {
        self.store
            .write(move |db| {
                notifications::put_level(db, account, id, level)?;
                found(db, account, id)
            })
            .await
    }

    pub async fn unsubscribe(&self, account: AccountId, id: SubscriptionId) -> Result<(), Error> {
        let deleted: Result<bool, Error> = self
            .store
            .write(move |db| Ok(notifications::delete_subscription(db, account, id)?))
            .await;
        if deleted? {
            return Ok(());
        }
        Err(Error::no_subscription())
    }

    /// A recent response of OpenHEXA is enough, because only the existence of the pipeline matters.
    async fn check_pipeline(&self, account: AccountId, id: PipelineId) -> Result<(), Error> {
        let config = self.configuration.get(account).await?;
        let recent = self
            .catalog
            .definition(&config, id, None, Freshness::Recent);
        let found = match tokio::time::timeout(PAGE_WAIT, recent).await {
            Ok(found) => found,
            Err(_) => self.catalog.known_definition(&config, id, None).await,
        };
        found.map(drop).map_err(about_pipeline)
    }
}

/// A pipeline that does not exist is an error of its field.
fn about_pipeline(error: Error) -> Error {
    if let Error::NotFound(sentence) = error {
        return Error::field("pipeline", sentence);
    }
    error
}

/// Counts under the lock of the channels, so that two requests cannot exceed the number together.
fn refuse_too_many(db: &mut Db<'_>, account: AccountId) -> Result<(), Error> {
    notifications::lock_channels(db)?;
    if notifications::count_subscriptions(db, account)? < MAX_SUBSCRIPTIONS {
        return Ok(());
    }
    let sentence = say("subscription-too-many").with("most", MAX_SUBSCRIPTIONS);
    Err(Error::field("channel", sentence))
}

fn scope(db: &mut Db<'_>, account: AccountId, wanted: &WantedScope) -> Result<Scope, Error> {
    match wanted {
        WantedScope::Everything => Ok(Scope::Everything),
        WantedScope::Pipeline(id) => Ok(Scope::Pipeline(*id)),
        WantedScope::Flow(slug) => {
            let flow = store::flows::flow_by_slug(db, account, slug)?;
            let flow = flow.ok_or_else(|| Error::field("flow", say("flow-not-found")))?;
            // It may be deleted at this moment, and its subscriptions with it.
            let locked = store::flows::lock_flow(db, flow.id)?;
            let is_there = locked.is_some_and(|flow| flow.deleted_at.is_none());
            let missing = || Error::field("flow", say("flow-not-found"));
            is_there.then_some(Scope::Flow(flow.id)).ok_or_else(missing)
        }
    }
}

fn found(db: &mut Db<'_>, account: AccountId, id: SubscriptionId) -> Result<Subscription, Error> {
    let found = notifications::subscription_of_account(db, account, id)?;
    found.ok_or_else(Error::no_subscription)
}
