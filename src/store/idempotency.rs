//! Idempotency keys: at most one launch per account and key, until the key expires.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::idempotency;
use super::types::DbTime;
use crate::domain::ids::{AccountId, TaskId};

/// How many expired keys one launch deletes.
const DELETED_PER_LAUNCH: i64 = 100;

/// A launch with an idempotency key.
#[derive(Clone, Debug)]
pub struct IdempotentLaunch {
    pub account: AccountId,
    pub key: String,
    /// A keyed hash of the request.
    pub request: String,
    pub task: TaskId,
    pub at: DateTime<Utc>,
}

/// The request's hash and the task of the launch that used this key after `since`.
pub fn find_idempotent_launch(
    db: &mut Db<'_>,
    account: AccountId,
    key: &str,
    since: DateTime<Utc>,
) -> Result<Option<(String, TaskId)>, Error> {
    let found: Option<(String, i64)> = on!(db, |conn| idempotency::table
        .filter(idempotency::account_id.eq(account.0))
        .filter(idempotency::key.eq(key))
        .filter(idempotency::created_at.gt(DbTime(since)))
        .select((idempotency::request, idempotency::task_id))
        .first(conn)
        .optional())?;
    Ok(found.map(|(request, task)| (request, TaskId(task))))
}

/// Waits until no other transaction launches with this key. Not needed on SQLite, which has one writer.
pub fn lock_idempotency_key(db: &mut Db<'_>, account: AccountId, key: &str) -> Result<(), Error> {
    if let Db::Pg(conn, ..) = db {
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, $2))")
            .bind::<diesel::sql_types::Text, _>(key)
            .bind::<diesel::sql_types::BigInt, _>(account.0)
            .execute(&mut **conn)?;
    }
    Ok(())
}

/// Stores a launch, and deletes some of those before `since`. The caller has checked that the key is not in use; an expired
/// launch with the same key is replaced.
pub fn add_idempotent_launch(
    db: &mut Db<'_>,
    new: &IdempotentLaunch,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    on!(db, |conn| diesel::delete(idempotency::table)
        .filter(idempotency::account_id.eq(new.account.0))
        .filter(idempotency::key.eq(&new.key))
        .execute(conn))?;
    delete_expired(db, since)?;
    let row = (
        idempotency::account_id.eq(new.account.0),
        idempotency::key.eq(&new.key),
        idempotency::request.eq(&new.request),
        idempotency::task_id.eq(new.task.0),
        idempotency::created_at.eq(DbTime(new.at)),
    );
    on!(db, |conn| diesel::insert_into(idempotency::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

/// Deletes a few at a time and skips rows that another transaction is deleting, so that a launch never waits for this.
fn delete_expired(db: &mut Db<'_>, since: DateTime<Utc>) -> Result<(), Error> {
    macro_rules! old {
        () => {
            idempotency::table
                .filter(idempotency::created_at.le(DbTime(since)))
                .order(idempotency::created_at)
                .limit(DELETED_PER_LAUNCH)
                .select(idempotency::id)
        };
    }
    let old: Vec<i64> = match db {
        Db::Sqlite(conn, ..) => old!().load(&mut **conn)?,
        Db::Pg(conn, ..) => old!().for_update().skip_locked().load(&mut **conn)?,
    };
    if !old.is_empty() {
        on!(db, |conn| diesel::delete(idempotency::table)
            .filter(idempotency::id.eq_any(&old))
            .execute(conn))?;
    }
    Ok(())
}
