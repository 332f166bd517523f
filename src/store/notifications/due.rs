//! Channels with messages that are due, and their leases: while a replica has the lease of a channel, no other one sends its
//! messages, so they are sent one after the other.
//!
//! A lease that expires leads to a second try of a message; its id is the same, so the receiver recognises it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::channels::{ChannelRow, from_row as channel_from_row};
use super::deliveries::{DeliveryRow, from_row};
use crate::domain::ids::ChannelId;
use crate::domain::notification::{Channel, Delivery};
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{channel, delivery};
use crate::store::types::DbTime;
use crate::store::{Cipher, Error, LeaseRequest};

macro_rules! is_free {
    ($now:expr) => {
        channel::lease_until
            .is_null()
            .or(channel::lease_until.le(DbTime($now)))
    };
}

/// The channel with the message that is due for the longest time, of those without a lease.
fn due_channel(db: &mut Db<'_>, now: DateTime<Utc>) -> Result<Option<ChannelId>, Error> {
    let id: Option<i64> = on!(db, |conn| delivery::table
        .inner_join(channel::table)
        .filter(delivery::next_at.le(DbTime(now)))
        .filter(channel::disabled_at.is_null())
        .filter(is_free!(now))
        .order((delivery::next_at, delivery::id))
        .select(channel::id)
        .first(conn)
        .optional())?;
    Ok(id.map(ChannelId))
}

/// Whether a message is due, without taking a lease.
pub fn has_due_channel(db: &mut Db<'_>, now: DateTime<Utc>) -> Result<bool, Error> {
    Ok(due_channel(db, now)?.is_some())
}

/// Takes the lease of a channel with a due message. The limit of the request is the number of attempts, because other replicas
/// can be faster.
pub fn lease_due_channel(
    db: &mut Db<'_>,
    lease: &LeaseRequest,
) -> Result<Option<ChannelId>, Error> {
    for _ in 0..lease.limit {
        let Some(id) = due_channel(db, lease.now)? else {
            return Ok(None);
        };
        let taken = on!(db, |conn| diesel::update(channel::table.find(id.0))
            .filter(is_free!(lease.now))
            .set((
                channel::lease_until.eq(DbTime(lease.until)),
                channel::lease_owner.eq(&lease.owner),
            ))
            .execute(conn))?;
        if taken > 0 {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// The next due message of a channel, whose lease is extended. None: nothing is due, the channel is disabled, or the owner has
/// lost the lease.
pub fn next_due(
    db: &mut Db<'_>,
    cipher: &Cipher,
    id: ChannelId,
    lease: &LeaseRequest,
) -> Result<Option<(Channel, Delivery)>, Error> {
    let row: Option<ChannelRow> = on!(db, |conn| diesel::update(channel::table.find(id.0))
        .filter(channel::lease_owner.eq(&lease.owner))
        .filter(channel::disabled_at.is_null())
        .set(channel::lease_until.eq(DbTime(lease.until)))
        .returning(ChannelRow::as_returning())
        .get_result(conn)
        .optional())?;
    let Some(row) = row else {
        return Ok(None);
    };
    let due: Option<DeliveryRow> = on!(db, |conn| delivery::table
        .filter(delivery::channel_id.eq(id.0))
        .filter(delivery::next_at.le(DbTime(lease.now)))
        .order((delivery::next_at, delivery::id))
        .select(DeliveryRow::as_select())
        .first(conn)
        .optional())?;
    let Some(due) = due else {
        return Ok(None);
    };
    let channel = channel_from_row(cipher, row)?;
    let delivery = from_row(due, channel.name.clone())?;
    Ok(Some((channel, delivery)))
}

pub fn release_channel(db: &mut Db<'_>, id: ChannelId, owner: &str) -> Result<(), Error> {
    on!(db, |conn| diesel::update(channel::table.find(id.0))
        .filter(channel::lease_owner.eq(owner))
        .set((
            channel::lease_until.eq(None::<DbTime>),
            channel::lease_owner.eq(None::<String>),
        ))
        .execute(conn))?;
    Ok(())
}
