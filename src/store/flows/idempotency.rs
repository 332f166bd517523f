//! Idempotency keys of runs: at most one run for each account and key.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::ids::{AccountId, FlowRunId};
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::flow_idempotency;
use crate::store::types::DbTime;

#[derive(Clone, Debug)]
pub struct IdempotentFlowRun {
    pub account: AccountId,
    pub key: String,
    /// A keyed hash of the request.
    pub request: String,
    pub run: FlowRunId,
    pub at: DateTime<Utc>,
}

/// The request's hash and the run that used this key after `since`.
pub fn find_idempotent_flow_run(
    db: &mut Db<'_>,
    account: AccountId,
    key: &str,
    since: DateTime<Utc>,
) -> Result<Option<(String, FlowRunId)>, Error> {
    let found: Option<(String, i64)> = on!(db, |conn| flow_idempotency::table
        .find((account.0, key))
        .filter(flow_idempotency::created_at.gt(DbTime(since)))
        .select((flow_idempotency::request, flow_idempotency::flow_run_id))
        .first(conn)
        .optional())?;
    Ok(found.map(|(request, run)| (request, FlowRunId(run))))
}

/// Fails with [`Error::Duplicate`] if another transaction has used the key meanwhile. Keys that were used before `since` are
/// deleted.
pub fn add_idempotent_flow_run(
    db: &mut Db<'_>,
    new: &IdempotentFlowRun,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    on!(db, |conn| diesel::delete(flow_idempotency::table)
        .filter(flow_idempotency::account_id.eq(new.account.0))
        .filter(flow_idempotency::created_at.le(DbTime(since)))
        .execute(conn))?;
    let row = (
        flow_idempotency::account_id.eq(new.account.0),
        flow_idempotency::key.eq(&new.key),
        flow_idempotency::request.eq(&new.request),
        flow_idempotency::flow_run_id.eq(new.run.0),
        flow_idempotency::created_at.eq(DbTime(new.at)),
    );
    on!(db, |conn| diesel::insert_into(flow_idempotency::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}
