//! Browser sessions that were opened with an API key. A row is deleted at the sign-out, or some time after the session has
//! expired.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::session;
use super::types::{DbTime, DbUuid};
use crate::domain::ids::SessionId;

/// A session to add.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub key_hash: String,
    pub ends_at: DateTime<Utc>,
}

/// Adds a session and deletes the expired ones. If the key then has more than `most` sessions, the oldest are deleted too, so
/// that the number of keys limits the size of the table.
pub fn add_session(
    db: &mut Db<'_>,
    new: &NewSession,
    most: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // One at a time: two transactions that delete the same rows could deadlock.
    if let Db::Pg(conn, ..) = db {
        let lock = "LOCK TABLE openhexa_bridge.session IN SHARE ROW EXCLUSIVE MODE";
        diesel::sql_query(lock).execute(&mut **conn)?;
    }
    on!(db, |conn| {
        diesel::delete(session::table.filter(session::ends_at.le(DbTime(now)))).execute(conn)?;
        let newest: Vec<DbUuid> = session::table
            .filter(session::key_hash.eq(&new.key_hash))
            .order((session::ends_at.desc(), session::id))
            .limit(most - 1)
            .select(session::id)
            .load(conn)?;
        diesel::delete(
            session::table
                .filter(session::key_hash.eq(&new.key_hash))
                .filter(session::id.ne_all(newest)),
        )
        .execute(conn)?;
        diesel::insert_into(session::table)
            .values((
                session::id.eq(DbUuid(new.id.0)),
                session::key_hash.eq(&new.key_hash),
                session::ends_at.eq(DbTime(new.ends_at)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

pub fn is_session_active(
    db: &mut Db<'_>,
    id: SessionId,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let ends: Option<DbTime> = on!(db, |conn| session::table
        .find(DbUuid(id.0))
        .select(session::ends_at)
        .get_result(conn)
        .optional())?;
    Ok(ends.is_some_and(|ends| now < ends.0))
}

pub fn delete_session(db: &mut Db<'_>, id: SessionId) -> Result<(), Error> {
    on!(db, |conn| diesel::delete(session::table.find(DbUuid(id.0)))
        .execute(conn))?;
    Ok(())
}
