//! Triggers of flows: the end of a run of another flow, or a new file.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::ids::{AccountId, FlowId, TriggerId};
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{flow, flow_trigger};
use crate::store::types::DbTime;
use crate::store::{Error, LeaseRequest};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerRow {
    pub id: TriggerId,
    pub account: AccountId,
    pub flow: FlowId,
    /// The id in the document.
    pub code: String,
    /// Whether the current version of the flow has it.
    pub active: bool,
    /// The slug of the other flow, if its end is the event.
    pub source: Option<String>,
    /// The pattern of the files, if a file is the event.
    pub pattern: Option<String>,
    /// The last successful listing.
    pub listed_at: Option<DateTime<Utc>>,
    /// The next listing.
    pub next_at: Option<DateTime<Utc>>,
}

impl TriggerRow {
    /// It starts nothing any more: the flow was deleted, or its current version does not have it.
    #[must_use]
    pub fn stopped(self) -> Self {
        Self {
            active: false,
            next_at: None,
            ..self
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = flow_trigger)]
struct TriggerColumns {
    id: i64,
    account_id: i64,
    flow_id: i64,
    code: String,
    active: bool,
    source: Option<String>,
    pattern: Option<String>,
    listed_at: Option<DbTime>,
    next_at: Option<DbTime>,
}

impl From<TriggerColumns> for TriggerRow {
    fn from(row: TriggerColumns) -> Self {
        Self {
            id: TriggerId(row.id),
            account: AccountId(row.account_id),
            flow: FlowId(row.flow_id),
            code: row.code,
            active: row.active,
            source: row.source,
            pattern: row.pattern,
            listed_at: row.listed_at.map(|at| at.0),
            next_at: row.next_at.map(|at| at.0),
        }
    }
}

pub fn insert_trigger(db: &mut Db<'_>, new: &TriggerRow) -> Result<TriggerId, Error> {
    let row = (
        flow_trigger::account_id.eq(new.account.0),
        flow_trigger::flow_id.eq(new.flow.0),
        flow_trigger::code.eq(&new.code),
        flow_trigger::active.eq(new.active),
        flow_trigger::source.eq(&new.source),
        flow_trigger::pattern.eq(&new.pattern),
        flow_trigger::next_at.eq(new.next_at.map(DbTime)),
    );
    Ok(TriggerId(on!(db, |conn| diesel::insert_into(
        flow_trigger::table
    )
    .values(row)
    .returning(flow_trigger::id)
    .get_result(conn))?))
}

pub fn save_trigger(db: &mut Db<'_>, row: &TriggerRow) -> Result<(), Error> {
    on!(db, |conn| diesel::update(
        flow_trigger::table.find(row.id.0)
    )
    .set((
        flow_trigger::active.eq(row.active),
        flow_trigger::source.eq(&row.source),
        flow_trigger::pattern.eq(&row.pattern),
        flow_trigger::listed_at.eq(row.listed_at.map(DbTime)),
        flow_trigger::next_at.eq(row.next_at.map(DbTime)),
    ))
    .execute(conn))?;
    Ok(())
}

/// All triggers that a version of the flow ever had.
pub fn triggers_of_flow(db: &mut Db<'_>, flow: FlowId) -> Result<Vec<TriggerRow>, Error> {
    let rows: Vec<TriggerColumns> = on!(db, |conn| flow_trigger::table
        .filter(flow_trigger::flow_id.eq(flow.0))
        .order(flow_trigger::id)
        .select(TriggerColumns::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(TriggerRow::from).collect())
}

/// The active triggers of an account that wait for the end of runs of this flow.
pub fn active_flow_triggers(
    db: &mut Db<'_>,
    account: AccountId,
    source: &str,
) -> Result<Vec<TriggerRow>, Error> {
    let rows: Vec<TriggerColumns> = on!(db, |conn| flow_trigger::table
        .filter(flow_trigger::account_id.eq(account.0))
        .filter(flow_trigger::source.eq(source))
        .filter(flow_trigger::active.eq(true))
        .order(flow_trigger::id)
        .select(TriggerColumns::as_select())
        .load(conn))?;
    Ok(rows.into_iter().map(TriggerRow::from).collect())
}

/// The account's flows that the end of another flow starts, each with that other flow: both slugs.
pub fn flows_started_by_flows(
    db: &mut Db<'_>,
    account: AccountId,
) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(db, |conn| flow_trigger::table
        .inner_join(flow::table)
        .filter(flow_trigger::account_id.eq(account.0))
        .filter(flow_trigger::active.eq(true))
        .filter(flow::deleted_at.is_null())
        .select((flow::slug, flow_trigger::source.assume_not_null()))
        .filter(flow_trigger::source.is_not_null())
        .load(conn))?)
}

macro_rules! due {
    ($now:expr) => {
        flow_trigger::table
            .filter(flow_trigger::next_at.le(DbTime($now)))
            .filter(
                flow_trigger::lease_until
                    .is_null()
                    .or(flow_trigger::lease_until.le(DbTime($now))),
            )
            .order((flow_trigger::next_at, flow_trigger::id))
    };
}

/// Whether a listing is due, without taking a lease.
pub fn has_due_trigger(db: &mut Db<'_>, now: DateTime<Utc>) -> Result<bool, Error> {
    let found: Option<i64> = on!(db, |conn| due!(now)
        .select(flow_trigger::id)
        .first(conn)
        .optional())?;
    Ok(found.is_some())
}

/// Takes the leases of triggers whose listing is due, the longest overdue first.
pub fn lease_due_triggers(db: &mut Db<'_>, lease: &LeaseRequest) -> Result<Vec<TriggerRow>, Error> {
    let limit = i64::try_from(lease.limit).unwrap_or(i64::MAX);
    macro_rules! query {
        () => {
            due!(lease.now)
                .limit(limit)
                .select(TriggerColumns::as_select())
        };
    }
    let rows: Vec<TriggerColumns> = match db {
        Db::Sqlite(conn, ..) => query!().load(&mut **conn)?,
        Db::Pg(conn, ..) => query!()
            .for_no_key_update()
            .skip_locked()
            .load(&mut **conn)?,
    };
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    on!(db, |conn| diesel::update(flow_trigger::table)
        .filter(flow_trigger::id.eq_any(&ids))
        .set((
            flow_trigger::lease_until.eq(DbTime(lease.until)),
            flow_trigger::lease_owner.eq(&lease.owner),
        ))
        .execute(conn))?;
    Ok(rows.into_iter().map(TriggerRow::from).collect())
}

/// The trigger, if the owner still has its lease. The caller has locked its flow.
pub fn leased_trigger(
    db: &mut Db<'_>,
    id: TriggerId,
    owner: &str,
) -> Result<Option<TriggerRow>, Error> {
    let row: Option<TriggerColumns> = on!(db, |conn| flow_trigger::table
        .find(id.0)
        .filter(flow_trigger::lease_owner.eq(owner))
        .select(TriggerColumns::as_select())
        .first(conn)
        .optional())?;
    Ok(row.map(TriggerRow::from))
}

/// Ends a lease, and plans the next listing of a trigger that still waits for files.
pub fn release_trigger(
    db: &mut Db<'_>,
    id: TriggerId,
    owner: &str,
    next: DateTime<Utc>,
) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow_trigger::table.find(id.0))
        .filter(flow_trigger::lease_owner.eq(owner))
        .filter(flow_trigger::next_at.is_not_null())
        .set(flow_trigger::next_at.eq(DbTime(next)))
        .execute(conn))?;
    end_trigger_lease(db, id, owner)
}

pub fn end_trigger_lease(db: &mut Db<'_>, id: TriggerId, owner: &str) -> Result<(), Error> {
    on!(db, |conn| diesel::update(flow_trigger::table.find(id.0))
        .filter(flow_trigger::lease_owner.eq(owner))
        .set((
            flow_trigger::lease_until.eq(None::<DbTime>),
            flow_trigger::lease_owner.eq(None::<String>),
        ))
        .execute(conn))?;
    Ok(())
}
