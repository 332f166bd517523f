//! API keys. Only their hashes are stored.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::api_key;
use super::types::DbTime;
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::principal::Role;

/// A stored key, without its hash.
#[derive(Clone, Debug)]
pub struct StoredKey {
    pub id: KeyId,
    pub account: AccountId,
    pub name: String,
    pub role: Role,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// None for keys that were created before this was stored.
    pub created_by: Option<String>,
}

impl StoredKey {
    pub fn is_active(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A key to add.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub account: AccountId,
    pub name: String,
    pub role: Role,
    pub hash: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub by: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = api_key)]
struct KeyRow {
    id: i64,
    account_id: i64,
    name: String,
    role: String,
    created_at: DbTime,
    expires_at: Option<DbTime>,
    last_used_at: Option<DbTime>,
    revoked_at: Option<DbTime>,
    created_by: Option<String>,
}

pub fn add_key(db: &mut Db<'_>, new: &NewKey, now: DateTime<Utc>) -> Result<KeyId, Error> {
    let row = (
        api_key::account_id.eq(new.account.0),
        api_key::name.eq(&new.name),
        api_key::role.eq(new.role.as_str()),
        api_key::hash.eq(&new.hash),
        api_key::created_at.eq(DbTime(now)),
        api_key::expires_at.eq(new.expires_at.map(DbTime)),
        api_key::created_by.eq(&new.by),
    );
    let id = on!(db, |conn| diesel::insert_into(api_key::table)
        .values(row)
        .returning(api_key::id)
        .get_result::<i64>(conn))?;
    Ok(KeyId(id))
}

pub fn key_by_hash(db: &mut Db<'_>, hash: &str) -> Result<Option<StoredKey>, Error> {
    let row: Option<KeyRow> = on!(db, |conn| api_key::table
        .filter(api_key::hash.eq(hash))
        .select(KeyRow::as_select())
        .get_result(conn)
        .optional())?;
    row.map(stored).transpose()
}

pub fn keys(db: &mut Db<'_>) -> Result<Vec<StoredKey>, Error> {
    let rows: Vec<KeyRow> = on!(db, |conn| api_key::table
        .order(api_key::id)
        .select(KeyRow::as_select())
        .load(conn))?;
    rows.into_iter().map(stored).collect()
}

/// A key, if it belongs to this account.
pub fn key_of_account(
    db: &mut Db<'_>,
    account: AccountId,
    id: KeyId,
) -> Result<Option<StoredKey>, Error> {
    let row: Option<KeyRow> = on!(db, |conn| api_key::table
        .find(id.0)
        .filter(api_key::account_id.eq(account.0))
        .select(KeyRow::as_select())
        .get_result(conn)
        .optional())?;
    row.map(stored).transpose()
}

/// The active keys of an account, newest first.
pub fn active_keys(
    db: &mut Db<'_>,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Vec<StoredKey>, Error> {
    let rows: Vec<KeyRow> = on!(db, |conn| api_key::table
        .filter(api_key::account_id.eq(account.0))
        .filter(api_key::revoked_at.is_null())
        .filter(
            api_key::expires_at
                .is_null()
                .or(api_key::expires_at.gt(DbTime(now)))
        )
        .order(api_key::id.desc())
        .select(KeyRow::as_select())
        .load(conn))?;
    rows.into_iter().map(stored).collect()
}

/// The newest revoked or expired keys of an account.
pub fn inactive_keys(
    db: &mut Db<'_>,
    account: AccountId,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<StoredKey>, Error> {
    let rows: Vec<KeyRow> = on!(db, |conn| api_key::table
        .filter(api_key::account_id.eq(account.0))
        .filter(
            api_key::revoked_at
                .is_not_null()
                .or(api_key::expires_at.le(DbTime(now)))
        )
        .order(api_key::id.desc())
        .limit(most)
        .select(KeyRow::as_select())
        .load(conn))?;
    rows.into_iter().map(stored).collect()
}

/// Locks the table against changes until the transaction ends, so that no two keys get the same name.
pub fn lock_keys(db: &mut Db<'_>) -> Result<(), Error> {
    if let Db::Pg(conn, ..) = db {
        diesel::sql_query("LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE").execute(&mut **conn)?;
    }
    Ok(())
}

/// False if there is no such key or it is already revoked.
pub fn revoke_key(db: &mut Db<'_>, id: KeyId, now: DateTime<Utc>) -> Result<bool, Error> {
    let revoked = on!(db, |conn| diesel::update(api_key::table.find(id.0))
        .filter(api_key::revoked_at.is_null())
        .set(api_key::revoked_at.eq(DbTime(now)))
        .execute(conn))?;
    Ok(revoked > 0)
}

pub fn set_key_last_used(db: &mut Db<'_>, id: KeyId, now: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::update(api_key::table.find(id.0))
        .set(api_key::last_used_at.eq(DbTime(now)))
        .execute(conn))?;
    Ok(())
}

fn stored(row: KeyRow) -> Result<StoredKey, Error> {
    Ok(StoredKey {
        id: KeyId(row.id),
        account: AccountId(row.account_id),
        role: Role::parse(&row.role).ok_or(Error::Corrupt("role"))?,
        name: row.name,
        created_at: row.created_at.0,
        expires_at: row.expires_at.map(|at| at.0),
        last_used_at: row.last_used_at.map(|at| at.0),
        revoked_at: row.revoked_at.map(|at| at.0),
        created_by: row.created_by,
    })
}
