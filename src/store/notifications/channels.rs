//! Channels.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use crate::domain::ids::{AccountId, ChannelId};
use crate::domain::notification::{Channel, ChannelLanguage, ChannelTarget, Disabled, DisabledWhy};
use crate::domain::principal::Actor;
use crate::domain::webhook::RotatingSecret;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{channel, delivery, subscription};
use crate::store::hooks::old_secret;
use crate::store::types::DbTime;
use crate::store::{Cipher, Error};

#[derive(Queryable, Selectable)]
#[diesel(table_name = channel)]
pub(super) struct ChannelRow {
    id: i64,
    account_id: i64,
    name: String,
    kind: String,
    target: String,
    secret: Option<String>,
    old_secret: Option<String>,
    old_secret_until: Option<DbTime>,
    language: String,
    disabled_at: Option<DbTime>,
    disabled_why: Option<String>,
    created_by: String,
    created_at: DbTime,
    updated_at: DbTime,
}

/// A channel that has no id yet.
#[derive(Clone, Debug)]
pub struct NewChannel {
    pub account: AccountId,
    pub name: String,
    pub target: ChannelTarget,
    pub language: ChannelLanguage,
    pub by: Actor,
    pub at: DateTime<Utc>,
}

/// Locks all channels against changes until the transaction ends, so that an account cannot exceed its number of channels. Not
/// needed on SQLite, which has one writer.
pub fn lock_channels(db: &mut Db<'_>) -> Result<(), Error> {
    if let Db::Pg(conn, ..) = db {
        let lock = "LOCK TABLE openhexa_bridge.channel IN SHARE ROW EXCLUSIVE MODE";
        diesel::sql_query(lock).execute(&mut **conn)?;
    }
    Ok(())
}

pub fn count_channels(db: &mut Db<'_>, account: AccountId) -> Result<i64, Error> {
    Ok(on!(db, |conn| channel::table
        .filter(channel::account_id.eq(account.0))
        .count()
        .get_result(conn))?)
}

/// The channels of an account, by name.
pub fn channels_of_account(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
) -> Result<Vec<Channel>, Error> {
    let rows: Vec<ChannelRow> = on!(db, |conn| channel::table
        .filter(channel::account_id.eq(account.0))
        .order((channel::name, channel::id))
        .select(ChannelRow::as_select())
        .load(conn))?;
    rows.into_iter().map(|row| from_row(cipher, row)).collect()
}

pub fn channel_of_account(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
    id: ChannelId,
) -> Result<Option<Channel>, Error> {
    let row: Option<ChannelRow> = on!(db, |conn| channel::table
        .find(id.0)
        .filter(channel::account_id.eq(account.0))
        .select(ChannelRow::as_select())
        .get_result(conn)
        .optional())?;
    row.map(|row| from_row(cipher, row)).transpose()
}

/// The channel with this name, which is not deleted until the transaction ends.
pub fn channel_by_name(
    db: &mut Db<'_>,
    account: AccountId,
    name: &str,
) -> Result<Option<ChannelId>, Error> {
    macro_rules! own {
        () => {
            channel::table
                .filter(channel::account_id.eq(account.0))
                .filter(channel::name.eq(name))
                .select(channel::id)
        };
    }
    let id: Option<i64> = match db {
        Db::Sqlite(conn, ..) => own!().first(&mut **conn).optional()?,
        Db::Pg(conn, ..) => own!().for_key_share().first(&mut **conn).optional()?,
    };
    Ok(id.map(ChannelId))
}

/// Whether the channel exists; until the transaction ends, it is not deleted.
pub fn keep_channel(db: &mut Db<'_>, id: ChannelId) -> Result<bool, Error> {
    let own = channel::table.find(id.0).select(channel::id);
    let found: Option<i64> = match db {
        Db::Sqlite(conn, ..) => own.get_result(&mut **conn).optional()?,
        Db::Pg(conn, ..) => own.for_key_share().get_result(&mut **conn).optional()?,
    };
    Ok(found.is_some())
}

/// A channel of this account, locked against changes until the transaction ends.
pub fn lock_channel(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
    id: ChannelId,
) -> Result<Option<Channel>, Error> {
    macro_rules! own {
        () => {
            channel::table
                .find(id.0)
                .filter(channel::account_id.eq(account.0))
                .select(ChannelRow::as_select())
        };
    }
    let row = match db {
        Db::Sqlite(conn, ..) => own!().get_result(&mut **conn).optional()?,
        Db::Pg(conn, ..) => own!().for_update().get_result(&mut **conn).optional()?,
    };
    row.map(|row| from_row(cipher, row)).transpose()
}

/// Fails with [`Error::Duplicate`] if the account has a channel with this name.
pub fn add_channel(db: &mut Db<'_>, cipher: &Cipher, new: &NewChannel) -> Result<Channel, Error> {
    let (target, secret) = encrypted(cipher, &new.target);
    let row = (
        channel::account_id.eq(new.account.0),
        channel::name.eq(&new.name),
        channel::kind.eq(new.target.kind()),
        channel::target.eq(target),
        channel::secret.eq(secret),
        channel::language.eq(new.language.as_str()),
        channel::created_by.eq(new.by.stored()),
        channel::created_at.eq(DbTime(new.at)),
        channel::updated_at.eq(DbTime(new.at)),
    );
    let row: ChannelRow = on!(db, |conn| diesel::insert_into(channel::table)
        .values(row)
        .returning(ChannelRow::as_returning())
        .get_result(conn))?;
    from_row(cipher, row)
}

/// Writes everything that can change. Fails with [`Error::Duplicate`] if another channel has its name.
pub fn put_channel(db: &mut Db<'_>, cipher: &Cipher, changed: &Channel) -> Result<(), Error> {
    let (target, secret) = encrypted(cipher, &changed.target);
    let old = match &changed.target {
        ChannelTarget::Webhook { secret, .. } => secret.old.as_ref(),
        ChannelTarget::Email { .. } => None,
    };
    let disabled = changed.disabled;
    on!(db, |conn| diesel::update(channel::table.find(changed.id.0))
        .set((
            channel::name.eq(&changed.name),
            channel::target.eq(target),
            channel::secret.eq(secret),
            channel::old_secret.eq(old.map(|old| cipher.encrypt(old.secret.expose_secret()))),
            channel::old_secret_until.eq(old.map(|old| DbTime(old.until))),
            channel::language.eq(changed.language.as_str()),
            channel::disabled_at.eq(disabled.map(|disabled| DbTime(disabled.at))),
            channel::disabled_why.eq(disabled.map(|disabled| disabled.why.as_str())),
            channel::updated_at.eq(DbTime(changed.updated_at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Disables a channel that is not disabled yet.
pub fn disable_channel(db: &mut Db<'_>, id: ChannelId, disabled: Disabled) -> Result<(), Error> {
    on!(db, |conn| diesel::update(channel::table.find(id.0))
        .filter(channel::disabled_at.is_null())
        .set((
            channel::disabled_at.eq(DbTime(disabled.at)),
            channel::disabled_why.eq(disabled.why.as_str()),
            channel::updated_at.eq(DbTime(disabled.at)),
        ))
        .execute(conn))?;
    Ok(())
}

/// Deletes a channel with its subscriptions and deliveries. The caller has locked it.
pub fn delete_channel(db: &mut Db<'_>, id: ChannelId) -> Result<(), Error> {
    on!(db, |conn| {
        diesel::delete(delivery::table.filter(delivery::channel_id.eq(id.0))).execute(conn)?;
        diesel::delete(subscription::table.filter(subscription::channel_id.eq(id.0)))
            .execute(conn)?;
        diesel::delete(channel::table.find(id.0)).execute(conn)
    })?;
    Ok(())
}

/// The target and the secret, as they are stored.
fn encrypted(cipher: &Cipher, target: &ChannelTarget) -> (String, Option<String>) {
    match target {
        ChannelTarget::Webhook { url, secret } => {
            let secret = cipher.encrypt(secret.current.expose_secret());
            (cipher.encrypt(url), Some(secret))
        }
        ChannelTarget::Email { recipients } => {
            (cipher.encrypt(&json!(recipients).to_string()), None)
        }
    }
}

pub(super) fn from_row(cipher: &Cipher, row: ChannelRow) -> Result<Channel, Error> {
    let target = target_of(cipher, &row)?;
    let why = row.disabled_why.as_deref().and_then(DisabledWhy::parse);
    let disabled = row.disabled_at.map(|at| Disabled {
        at: at.0,
        why: why.unwrap_or(DisabledWhy::Manual),
    });
    let language = ChannelLanguage::parse(&row.language);
    Ok(Channel {
        id: ChannelId(row.id),
        account: AccountId(row.account_id),
        name: row.name,
        target,
        language: language.ok_or(Error::Corrupt("channel language"))?,
        disabled,
        created_by: Actor::read(&row.created_by),
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
    })
}

/// An address that was lost with its encryption key is empty.
fn target_of(cipher: &Cipher, row: &ChannelRow) -> Result<ChannelTarget, Error> {
    let target = cipher.decrypt(&row.target)?;
    match (row.kind.as_str(), &row.secret) {
        ("webhook", Some(secret)) => {
            let current: SecretString = cipher.decrypt(secret)?.into();
            let old = old_secret(cipher, row.old_secret.clone(), row.old_secret_until)?;
            Ok(ChannelTarget::Webhook {
                url: target,
                secret: RotatingSecret { current, old },
            })
        }
        ("email", _) => Ok(ChannelTarget::Email {
            recipients: serde_json::from_str(&target).unwrap_or_default(),
        }),
        _ => Err(Error::Corrupt("channel kind")),
    }
}
