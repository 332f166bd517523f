//! Browsers that are signed in with a key: one row for each, gone when it is signed out of or over.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::session;
use super::types::{At, Id};
use crate::domain::ids::SessionId;

/// A session to be.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub key_hash: String,
    pub ends_at: DateTime<Utc>,
}

/// Keeps a session. Those that are over are deleted, and of the others of the same key the oldest, should there be
/// `most` of them: the table is bounded by the number of keys.
pub fn add_session(
    db: &mut Db<'_>,
    new: &NewSession,
    most: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // One after the other: two that delete the same rows could wait for each other.
    if let Db::Pg(conn, _) = db {
        let lock = "LOCK TABLE openhexa_bridge.session IN SHARE ROW EXCLUSIVE MODE";
        diesel::sql_query(lock).execute(&mut **conn)?;
    }
    on!(db, |conn| {
        diesel::delete(session::table.filter(session::ends_at.le(At(now)))).execute(conn)?;
        let newest: Vec<Id> = session::table
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
                session::id.eq(Id(new.id.0)),
                session::key_hash.eq(&new.key_hash),
                session::ends_at.eq(At(new.ends_at)),
            ))
            .execute(conn)
    })?;
    Ok(())
}

pub fn is_session(db: &mut Db<'_>, id: SessionId, now: DateTime<Utc>) -> Result<bool, Error> {
    let ends: Option<At> = on!(db, |conn| session::table
        .find(Id(id.0))
        .select(session::ends_at)
        .get_result(conn)
        .optional())?;
    Ok(ends.is_some_and(|ends| now < ends.0))
}

pub fn end_session(db: &mut Db<'_>, id: SessionId) -> Result<(), Error> {
    on!(db, |conn| diesel::delete(session::table.find(Id(id.0)))
        .execute(conn))?;
    Ok(())
}
