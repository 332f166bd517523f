//! Flows: one row each, whose document is in `versions.rs`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::ids::{AccountId, FlowId};
use crate::domain::principal::Actor;
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::flow;
use crate::store::task_filter::contains;
use crate::store::types::DbTime;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    pub id: FlowId,
    pub account: AccountId,
    pub slug: String,
    /// The number of the current version.
    pub version: i64,
    pub paused: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub updated_by: Actor,
    pub deleted_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = flow)]
struct FlowColumns {
    id: i64,
    account_id: i64,
    slug: String,
    version: i64,
    paused: bool,
    created_at: DbTime,
    updated_at: DbTime,
    updated_by: String,
    deleted_at: Option<DbTime>,
}

impl From<FlowColumns> for Flow {
    fn from(row: FlowColumns) -> Self {
        Self {
            id: FlowId(row.id),
            account: AccountId(row.account_id),
            slug: row.slug,
            version: row.version,
            paused: row.paused,
            created_at: row.created_at.0,
            updated_at: row.updated_at.0,
            updated_by: Actor::read(&row.updated_by),
            deleted_at: row.deleted_at.map(|at| at.0),
        }
    }
}

/// A flow with its first version.
#[derive(Clone, Debug)]
pub struct NewFlow {
    pub account: AccountId,
    pub slug: String,
    /// The text that a search reads, in lower case.
    pub search: String,
    pub at: DateTime<Utc>,
    pub by: Actor,
}

/// Fails with [`Error::Duplicate`] if the account has a flow with this slug.
pub fn insert_flow(db: &mut Db<'_>, new: &NewFlow) -> Result<FlowId, Error> {
    let row = (
        flow::account_id.eq(new.account.0),
        flow::slug.eq(&new.slug),
        flow::version.eq(1),
        flow::search.eq(&new.search),
        flow::paused.eq(false),
        flow::created_at.eq(DbTime(new.at)),
        flow::updated_at.eq(DbTime(new.at)),
        flow::updated_by.eq(new.by.stored()),
    );
    Ok(FlowId(on!(db, |conn| diesel::insert_into(flow::table)
        .values(row)
        .returning(flow::id)
        .get_result(conn))?))
}

pub fn flow_by_slug(
    db: &mut Db<'_>,
    account: AccountId,
    slug: &str,
) -> Result<Option<Flow>, Error> {
    let row: Option<FlowColumns> = on!(db, |conn| flow::table
        .filter(flow::account_id.eq(account.0))
        .filter(flow::slug.eq(slug))
        .filter(flow::deleted_at.is_null())
        .select(FlowColumns::as_select())
        .first(conn)
        .optional())?;
    Ok(row.map(Flow::from))
}

/// Also a deleted one.
pub fn flow_by_id(db: &mut Db<'_>, id: FlowId) -> Result<Option<Flow>, Error> {
    let row: Option<FlowColumns> = on!(db, |conn| flow::table
        .find(id.0)
        .select(FlowColumns::as_select())
        .first(conn)
        .optional())?;
    Ok(row.map(Flow::from))
}

/// Locks and reads a flow: no other transaction changes it, fires its schedules or starts its waiting runs until this one ends.
pub fn lock_flow(db: &mut Db<'_>, id: FlowId) -> Result<Option<Flow>, Error> {
    if let Db::Pg(conn, ..) = db {
        flow::table
            .find(id.0)
            .select(flow::id)
            .for_no_key_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    flow_by_id(db, id)
}

/// The slugs of an account's flows.
pub fn flow_slugs(db: &mut Db<'_>, account: AccountId) -> Result<Vec<String>, Error> {
    Ok(on!(db, |conn| flow::table
        .filter(flow::account_id.eq(account.0))
        .filter(flow::deleted_at.is_null())
        .select(flow::slug)
        .load(conn))?)
}

/// One page of an account's flows, by slug.
#[derive(Clone, Debug)]
pub struct FlowListQuery {
    pub account: AccountId,
    /// In lower case.
    pub search: Option<String>,
    /// The slug after which the page begins.
    pub after: Option<String>,
    pub limit: i64,
}

pub fn flows(db: &mut Db<'_>, query: &FlowListQuery) -> Result<Vec<Flow>, Error> {
    let pattern = query.search.as_deref().map(contains);
    let after = query.after.clone().unwrap_or_default();
    macro_rules! page {
        ($filter:expr) => {
            on!(db, |conn| flow::table
                .filter(flow::account_id.eq(query.account.0))
                .filter(flow::deleted_at.is_null())
                .filter(flow::slug.gt(&after))
                .filter($filter)
                .order(flow::slug)
                .limit(query.limit)
                .select(FlowColumns::as_select())
                .load(conn))
        };
    }
    let rows: Vec<FlowColumns> = match &pattern {
        Some(pattern) => page!(flow::search.like(pattern).escape('\\'))?,
        None => page!(flow::slug.ne(""))?,
    };
    Ok(rows.into_iter().map(Flow::from).collect())
}

/// Makes a later version the current one.
pub fn set_flow_version(
    db: &mut Db<'_>,
    id: FlowId,
    version: i64,
    new: &NewFlow,
) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow::table.find(id.0))
        .set((
            flow::version.eq(version),
            flow::search.eq(&new.search),
            flow::updated_at.eq(DbTime(new.at)),
            flow::updated_by.eq(new.by.stored()),
        ))
        .execute(conn))?;
    Ok(())
}

pub fn set_flow_paused(db: &mut Db<'_>, id: FlowId, paused: bool) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow::table.find(id.0))
        .set(flow::paused.eq(paused))
        .execute(conn))?;
    Ok(())
}

/// Its history stays, and its slug can be used again.
pub fn delete_flow(
    db: &mut Db<'_>,
    id: FlowId,
    at: DateTime<Utc>,
    by: &Actor,
) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow::table.find(id.0))
        .set((
            flow::deleted_at.eq(DbTime(at)),
            flow::updated_at.eq(DbTime(at)),
            flow::updated_by.eq(by.stored()),
        ))
        .execute(conn))?;
    Ok(())
}
