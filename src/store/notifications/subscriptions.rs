//! Subscriptions, and which channels get a notice.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::ids::{AccountId, ChannelId, FlowId, PipelineId, SubscriptionId};
use crate::domain::notification::{Level, Scope, Subscription};
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{channel, flow, subscription};
use crate::store::types::{DbTime, DbUuid};

/// A subscription that has no id yet.
#[derive(Clone, Debug)]
pub struct NewSubscription {
    pub account: AccountId,
    pub channel: ChannelId,
    pub scope: Scope,
    pub level: Level,
    pub at: DateTime<Utc>,
}

/// Id, channel, name of the channel, scope, slug of the flow, level, time.
type Row = (
    i64,
    i64,
    String,
    (Option<i64>, Option<DbUuid>),
    Option<String>,
    String,
    DbTime,
);

macro_rules! with_names {
    ($account:expr) => {
        subscription::table
            .inner_join(channel::table)
            .left_join(flow::table)
            .filter(subscription::account_id.eq($account.0))
            .select((
                subscription::id,
                subscription::channel_id,
                channel::name,
                (subscription::flow_id, subscription::pipeline_id),
                flow::slug.nullable(),
                subscription::level,
                subscription::created_at,
            ))
    };
}

/// The subscriptions of an account, by channel.
pub fn subscriptions_of_account(
    db: &mut Db<'_>,
    account: AccountId,
) -> Result<Vec<Subscription>, Error> {
    let rows: Vec<Row> = on!(db, |conn| with_names!(account)
        .order((channel::name, subscription::id))
        .load(conn))?;
    rows.into_iter().map(|row| from_row(account, row)).collect()
}

pub fn subscription_of_account(
    db: &mut Db<'_>,
    account: AccountId,
    id: SubscriptionId,
) -> Result<Option<Subscription>, Error> {
    let row: Option<Row> = on!(db, |conn| with_names!(account)
        .filter(subscription::id.eq(id.0))
        .first(conn)
        .optional())?;
    row.map(|row| from_row(account, row)).transpose()
}

pub fn count_subscriptions(db: &mut Db<'_>, account: AccountId) -> Result<i64, Error> {
    Ok(on!(db, |conn| subscription::table
        .filter(subscription::account_id.eq(account.0))
        .count()
        .get_result(conn))?)
}

/// Fails with [`Error::Duplicate`] if the channel has a subscription of this scope.
pub fn add_subscription(db: &mut Db<'_>, new: &NewSubscription) -> Result<SubscriptionId, Error> {
    let (flow, pipeline) = match &new.scope {
        Scope::Everything => (None, None),
        Scope::Flow(id) => (Some(id.0), None),
        Scope::Pipeline(id) => (None, Some(DbUuid(id.0))),
    };
    let row = (
        subscription::account_id.eq(new.account.0),
        subscription::channel_id.eq(new.channel.0),
        subscription::scope.eq(new.scope.key()),
        subscription::flow_id.eq(flow),
        subscription::pipeline_id.eq(pipeline),
        subscription::level.eq(new.level.as_str()),
        subscription::created_at.eq(DbTime(new.at)),
    );
    let id: i64 = on!(db, |conn| diesel::insert_into(subscription::table)
        .values(row)
        .returning(subscription::id)
        .get_result(conn))?;
    Ok(SubscriptionId(id))
}

/// Returns whether the account has this subscription.
pub fn put_level(
    db: &mut Db<'_>,
    account: AccountId,
    id: SubscriptionId,
    level: Level,
) -> Result<bool, Error> {
    let rows = on!(db, |conn| diesel::update(subscription::table.find(id.0))
        .filter(subscription::account_id.eq(account.0))
        .set(subscription::level.eq(level.as_str()))
        .execute(conn))?;
    Ok(rows > 0)
}

/// Returns whether the account had this subscription.
pub fn delete_subscription(
    db: &mut Db<'_>,
    account: AccountId,
    id: SubscriptionId,
) -> Result<bool, Error> {
    let rows = on!(db, |conn| diesel::delete(subscription::table.find(id.0))
        .filter(subscription::account_id.eq(account.0))
        .execute(conn))?;
    Ok(rows > 0)
}

/// Deletes the subscriptions of a flow that is deleted.
pub fn delete_subscriptions_of_flow(db: &mut Db<'_>, flow: FlowId) -> Result<(), Error> {
    on!(db, |conn| diesel::delete(subscription::table)
        .filter(subscription::flow_id.eq(flow.0))
        .execute(conn))?;
    Ok(())
}

/// The channels that are subscribed to one of the scopes, and those that are named, each with its level.
pub fn subscribed(
    db: &mut Db<'_>,
    account: AccountId,
    scopes: &[Scope],
    declared: &[(String, Level)],
) -> Result<Vec<(ChannelId, Level)>, Error> {
    let scopes: Vec<String> = scopes.iter().map(Scope::key).collect();
    let rows: Vec<(i64, String)> = on!(db, |conn| subscription::table
        .filter(subscription::account_id.eq(account.0))
        .filter(subscription::scope.eq_any(&scopes))
        .select((subscription::channel_id, subscription::level))
        .load(conn))?;
    let level = |word: &str| Level::parse(word).ok_or(Error::Corrupt("subscription level"));
    let mut found = Vec::new();
    for (channel, word) in rows {
        found.push((ChannelId(channel), level(&word)?));
    }
    if declared.is_empty() {
        return Ok(found);
    }
    let names: Vec<&str> = declared.iter().map(|(name, _)| name.as_str()).collect();
    let named: Vec<(i64, String)> = on!(db, |conn| channel::table
        .filter(channel::account_id.eq(account.0))
        .filter(channel::name.eq_any(&names))
        .select((channel::id, channel::name))
        .load(conn))?;
    for (id, name) in named {
        let own = declared.iter().filter(|(one, _)| *one == name);
        found.extend(own.map(|(_, level)| (ChannelId(id), *level)));
    }
    Ok(found)
}

/// Those of the channels that exist and are not disabled. They are not deleted until the transaction ends.
pub fn keep_receivers(db: &mut Db<'_>, ids: &[ChannelId]) -> Result<Vec<ChannelId>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    macro_rules! enabled {
        () => {
            channel::table
                .filter(channel::id.eq_any(&ids))
                .filter(channel::disabled_at.is_null())
                // Always in this order, so that two transactions cannot wait for each other.
                .order(channel::id)
                .select(channel::id)
        };
    }
    let kept: Vec<i64> = match db {
        Db::Sqlite(conn, ..) => enabled!().load(&mut **conn)?,
        Db::Pg(conn, ..) => enabled!().for_key_share().load(&mut **conn)?,
    };
    Ok(kept.into_iter().map(ChannelId).collect())
}

fn from_row(account: AccountId, row: Row) -> Result<Subscription, Error> {
    let (id, channel, channel_name, (flow_id, pipeline), flow, level, created_at) = row;
    let scope = match (flow_id, pipeline) {
        (Some(id), _) => Scope::Flow(FlowId(id)),
        (None, Some(id)) => Scope::Pipeline(PipelineId(id.0)),
        (None, None) => Scope::Everything,
    };
    Ok(Subscription {
        id: SubscriptionId(id),
        account,
        channel: ChannelId(channel),
        channel_name,
        scope,
        flow,
        level: Level::parse(&level).ok_or(Error::Corrupt("subscription level"))?,
        created_at: created_at.0,
    })
}
