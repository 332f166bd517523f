//! Launches by their idempotency key: at most one task per account and key, until the key is too old.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::idempotency;
use super::types::At;
use crate::domain::ids::{AccountId, TaskId};

/// Old keys that one launch takes away.
const SWEPT: i64 = 100;

/// A launch that may be asked for again.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub account: AccountId,
    pub key: String,
    /// A keyed hash of what was asked for.
    pub request: String,
    pub task: TaskId,
    pub at: DateTime<Utc>,
}

/// What a key, used after `since`, stands for: the request's hash, and its task.
pub fn remembered(
    db: &mut Db<'_>,
    account: AccountId,
    key: &str,
    since: DateTime<Utc>,
) -> Result<Option<(String, TaskId)>, Error> {
    let found: Option<(String, i64)> = on!(db, |conn| idempotency::table
        .filter(idempotency::account_id.eq(account.0))
        .filter(idempotency::key.eq(key))
        .filter(idempotency::created_at.gt(At(since)))
        .select((idempotency::request, idempotency::task_id))
        .first(conn)
        .optional())?;
    Ok(found.map(|(request, task)| (request, TaskId(task))))
}

/// Waits until no other transaction launches under this key. SQLite has one writer anyway.
pub fn take_turns(db: &mut Db<'_>, account: AccountId, key: &str) -> Result<(), Error> {
    if let Db::Pg(conn, _) = db {
        diesel::sql_query("SELECT pg_advisory_xact_lock(hashtextextended($1, $2))")
            .bind::<diesel::sql_types::Text, _>(key)
            .bind::<diesel::sql_types::BigInt, _>(account.0)
            .execute(&mut **conn)?;
    }
    Ok(())
}

/// Remembers a launch, and forgets some of those before `since`; the caller has made sure that its key is free.
pub fn remember(db: &mut Db<'_>, new: &Remembered, since: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::delete(idempotency::table)
        .filter(idempotency::account_id.eq(new.account.0))
        .filter(idempotency::key.eq(&new.key))
        .execute(conn))?;
    sweep(db, since)?;
    let row = (
        idempotency::account_id.eq(new.account.0),
        idempotency::key.eq(&new.key),
        idempotency::request.eq(&new.request),
        idempotency::task_id.eq(new.task.0),
        idempotency::created_at.eq(At(new.at)),
    );
    on!(db, |conn| diesel::insert_into(idempotency::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

/// A few at a time, and none that another transaction is taking away: a launch waits for nobody's sweeping.
fn sweep(db: &mut Db<'_>, since: DateTime<Utc>) -> Result<(), Error> {
    macro_rules! old {
        () => {
            idempotency::table
                .filter(idempotency::created_at.le(At(since)))
                .order(idempotency::created_at)
                .limit(SWEPT)
                .select(idempotency::id)
        };
    }
    let old: Vec<i64> = match db {
        Db::Sqlite(conn) => old!().load(&mut **conn)?,
        Db::Pg(conn, _) => old!().for_update().skip_locked().load(&mut **conn)?,
    };
    if !old.is_empty() {
        on!(db, |conn| diesel::delete(idempotency::table)
            .filter(idempotency::id.eq_any(&old))
            .execute(conn))?;
    }
    Ok(())
}
