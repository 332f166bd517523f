//! Deliveries: messages to channels, with their tries.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::ids::{AccountId, ChannelId, DeliveryId, MessageId};
use crate::domain::notification::{
    Answer, AnswerCode, Delivery, DeliveryState, Notice, NoticeKind, Recipients, StateWord,
};
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{channel, delivery};
use crate::store::types::{DbTime, DbUuid};

/// How many old deliveries are deleted at a time.
const DELETED_AT_A_TIME: i64 = 500;

/// A delivery that has no id yet.
#[derive(Clone, Debug)]
pub struct NewDelivery<'a> {
    pub message: MessageId,
    pub channel: ChannelId,
    pub notice: &'a Notice,
    pub at: DateTime<Utc>,
}

/// Which deliveries of an account to list, newest first.
#[derive(Clone, Debug)]
pub struct DeliveryQuery {
    pub account: AccountId,
    /// The name of the channel.
    pub channel: Option<String>,
    pub state: Option<StateWord>,
    pub after: Option<DeliveryId>,
    pub limit: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = delivery)]
pub(super) struct DeliveryRow {
    id: i64,
    account_id: i64,
    channel_id: i64,
    message_id: DbUuid,
    kind: String,
    notice: String,
    state: String,
    tries: i32,
    recipients: String,
    last_answer: Option<String>,
    created_at: DbTime,
    next_at: Option<DbTime>,
    ended_at: Option<DbTime>,
}

/// A delivery to be sent at once.
pub fn add_delivery(db: &mut Db<'_>, new: &NewDelivery<'_>) -> Result<DeliveryId, Error> {
    let row = (
        delivery::account_id.eq(new.notice.account.0),
        delivery::channel_id.eq(new.channel.0),
        delivery::message_id.eq(DbUuid(new.message.0)),
        delivery::kind.eq(new.notice.kind.as_str()),
        delivery::notice.eq(new.notice.stored()),
        delivery::state.eq(StateWord::Waiting.as_str()),
        delivery::tries.eq(0),
        delivery::recipients.eq(Recipients::default().stored()),
        delivery::created_at.eq(DbTime(new.at)),
        delivery::next_at.eq(DbTime(new.at)),
    );
    let id: i64 = on!(db, |conn| diesel::insert_into(delivery::table)
        .values(row)
        .returning(delivery::id)
        .get_result(conn))?;
    Ok(DeliveryId(id))
}

/// Writes the result of a try, if the delivery still waits and has as many tries as before. Returns whether it did.
pub fn save_delivery(db: &mut Db<'_>, before: &Delivery, after: &Delivery) -> Result<bool, Error> {
    let answer = after.last_answer.as_ref().map(Answer::stored);
    let rows = on!(db, |conn| diesel::update(delivery::table.find(before.id.0))
        .filter(delivery::state.eq(before.state.word().as_str()))
        .filter(delivery::tries.eq(number(before.tries)))
        .set((
            delivery::state.eq(after.state.word().as_str()),
            delivery::tries.eq(number(after.tries)),
            delivery::recipients.eq(after.recipients.stored()),
            delivery::last_answer.eq(answer),
            delivery::next_at.eq(after.state.next_at().map(DbTime)),
            delivery::ended_at.eq(after.state.ended_at().map(DbTime)),
        ))
        .execute(conn))?;
    Ok(rows > 0)
}

/// The waiting deliveries of a channel that is disabled fail.
pub fn fail_waiting(db: &mut Db<'_>, id: ChannelId, now: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::update(delivery::table)
        .filter(delivery::channel_id.eq(id.0))
        .filter(delivery::next_at.is_not_null())
        .set((
            delivery::state.eq(StateWord::Failed.as_str()),
            delivery::last_answer.eq(Answer::from(AnswerCode::Disabled).stored()),
            delivery::next_at.eq(None::<DbTime>),
            delivery::ended_at.eq(DbTime(now)),
        ))
        .execute(conn))?;
    Ok(())
}

pub fn deliveries(db: &mut Db<'_>, wanted: &DeliveryQuery) -> Result<Vec<Delivery>, Error> {
    let rows: Vec<(DeliveryRow, String)> = on!(db, |conn| {
        let mut query = delivery::table
            .inner_join(channel::table)
            .filter(delivery::account_id.eq(wanted.account.0))
            .into_boxed();
        if let Some(name) = &wanted.channel {
            query = query.filter(channel::name.eq(name));
        }
        if let Some(state) = wanted.state {
            query = query.filter(delivery::state.eq(state.as_str()));
        }
        if let Some(after) = wanted.after {
            query = query.filter(delivery::id.lt(after.0));
        }
        query
            .order(delivery::id.desc())
            .limit(wanted.limit)
            .select((DeliveryRow::as_select(), channel::name))
            .load(conn)
    })?;
    let all = rows.into_iter();
    all.map(|(row, name)| from_row(row, name)).collect()
}

pub fn delivery_of_account(
    db: &mut Db<'_>,
    account: AccountId,
    message: MessageId,
) -> Result<Option<Delivery>, Error> {
    let row: Option<(DeliveryRow, String)> = on!(db, |conn| delivery::table
        .inner_join(channel::table)
        .filter(delivery::message_id.eq(DbUuid(message.0)))
        .filter(delivery::account_id.eq(account.0))
        .select((DeliveryRow::as_select(), channel::name))
        .first(conn)
        .optional())?;
    row.map(|(row, name)| from_row(row, name)).transpose()
}

/// The waiting deliveries of all accounts.
pub fn count_waiting(db: &mut Db<'_>) -> Result<i64, Error> {
    Ok(on!(db, |conn| delivery::table
        .filter(delivery::next_at.is_not_null())
        .count()
        .get_result(conn))?)
}

/// Deletes some of the deliveries that ended before `since`. Skips rows that another transaction is deleting. Returns how many.
pub fn delete_old_deliveries(db: &mut Db<'_>, since: DateTime<Utc>) -> Result<usize, Error> {
    macro_rules! old {
        () => {
            delivery::table
                .filter(delivery::ended_at.le(DbTime(since)))
                .order(delivery::ended_at)
                .limit(DELETED_AT_A_TIME)
                .select(delivery::id)
        };
    }
    let old: Vec<i64> = match db {
        Db::Sqlite(conn, ..) => old!().load(&mut **conn)?,
        Db::Pg(conn, ..) => old!().for_update().skip_locked().load(&mut **conn)?,
    };
    if old.is_empty() {
        return Ok(0);
    }
    Ok(on!(db, |conn| diesel::delete(
        delivery::table.filter(delivery::id.eq_any(&old))
    )
    .execute(conn))?)
}

fn number(tries: usize) -> i32 {
    i32::try_from(tries).unwrap_or(i32::MAX)
}

pub(super) fn from_row(row: DeliveryRow, channel_name: String) -> Result<Delivery, Error> {
    let kind = NoticeKind::parse(&row.kind).ok_or(Error::Corrupt("notice kind"))?;
    let notice = Notice::read(AccountId(row.account_id), kind, &row.notice);
    let state = match (StateWord::parse(&row.state), row.next_at, row.ended_at) {
        (Some(StateWord::Waiting), Some(at), _) => DeliveryState::Waiting { next_at: at.0 },
        (Some(StateWord::Delivered), _, Some(at)) => DeliveryState::Delivered { at: at.0 },
        (Some(StateWord::Failed), _, Some(at)) => DeliveryState::Failed { at: at.0 },
        (Some(_) | None, _, _) => return Err(Error::Corrupt("delivery state")),
    };
    let recipients = Recipients::read(&row.recipients);
    Ok(Delivery {
        id: DeliveryId(row.id),
        message: MessageId(row.message_id.0),
        channel: ChannelId(row.channel_id),
        channel_name,
        notice: notice.ok_or(Error::Corrupt("notice"))?,
        state,
        tries: usize::try_from(row.tries).unwrap_or_default(),
        created_at: row.created_at.0,
        last_answer: row.last_answer.as_deref().and_then(Answer::read),
        recipients: recipients.ok_or(Error::Corrupt("delivery recipients"))?,
    })
}
