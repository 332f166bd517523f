//! Versions of flows. A version is never changed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::domain::ids::{AccountId, FlowId, PipelineId};
use crate::domain::principal::Principal;
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::flow_version;
use crate::store::rows::object_of;
use crate::store::types::DbTime;

#[derive(Clone, Debug)]
pub struct FlowVersion {
    pub flow: FlowId,
    pub number: i64,
    /// As it was written.
    pub document: String,
    /// The ids of its pipelines by their codes.
    pub pipelines: BTreeMap<String, PipelineId>,
    pub saved_at: DateTime<Utc>,
    /// Its runs launch pipelines as this caller, if no user starts them.
    pub saved_by: Principal,
}

/// A version to insert.
pub struct NewVersion<'a> {
    pub flow: FlowId,
    pub number: i64,
    pub document: &'a str,
    pub pipelines: &'a BTreeMap<String, PipelineId>,
    pub at: DateTime<Utc>,
    pub by: &'a Principal,
}

type Row = (i64, String, String, DbTime, String);

pub fn insert_version(db: &mut Db<'_>, new: &NewVersion<'_>) -> Result<(), Error> {
    let pipelines = new.pipelines.iter();
    let pipelines: Map<String, Value> = pipelines
        .map(|(code, id)| (code.clone(), id.to_string().into()))
        .collect();
    let row = (
        flow_version::flow_id.eq(new.flow.0),
        flow_version::number.eq(new.number),
        flow_version::document.eq(new.document),
        flow_version::pipelines.eq(Value::Object(pipelines).to_string()),
        flow_version::saved_at.eq(DbTime(new.at)),
        flow_version::saved_by.eq(new.by.stored()),
    );
    on!(db, |conn| diesel::insert_into(flow_version::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

const COLUMNS: (
    flow_version::number,
    flow_version::document,
    flow_version::pipelines,
    flow_version::saved_at,
    flow_version::saved_by,
) = (
    flow_version::number,
    flow_version::document,
    flow_version::pipelines,
    flow_version::saved_at,
    flow_version::saved_by,
);

pub fn flow_version(
    db: &mut Db<'_>,
    account: AccountId,
    flow: FlowId,
    number: i64,
) -> Result<Option<FlowVersion>, Error> {
    let row: Option<Row> = on!(db, |conn| flow_version::table
        .find((flow.0, number))
        .select(COLUMNS)
        .first(conn)
        .optional())?;
    row.map(|row| version_of(account, flow, row)).transpose()
}

/// A version in a list, without its document.
#[derive(Clone, Debug)]
pub struct FlowVersionRow {
    pub number: i64,
    pub saved_at: DateTime<Utc>,
    pub saved_by: Principal,
}

/// The newest versions first; with `before`, only earlier ones.
pub fn flow_versions(
    db: &mut Db<'_>,
    account: AccountId,
    flow: FlowId,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<FlowVersionRow>, Error> {
    type Row = (i64, DbTime, String);
    let before = before.unwrap_or(i64::MAX);
    let rows: Vec<Row> = on!(db, |conn| flow_version::table
        .filter(flow_version::flow_id.eq(flow.0))
        .filter(flow_version::number.lt(before))
        .order(flow_version::number.desc())
        .limit(limit)
        .select((
            flow_version::number,
            flow_version::saved_at,
            flow_version::saved_by,
        ))
        .load(conn))?;
    let one = |(number, saved_at, saved_by): Row| {
        Ok(FlowVersionRow {
            number,
            saved_at: saved_at.0,
            saved_by: author(account, &saved_by)?,
        })
    };
    rows.into_iter().map(one).collect()
}

fn author(account: AccountId, text: &str) -> Result<Principal, Error> {
    Principal::read(account, text).ok_or(Error::Corrupt("author of a flow"))
}

fn version_of(account: AccountId, flow: FlowId, row: Row) -> Result<FlowVersion, Error> {
    let (number, document, pipelines, saved_at, saved_by) = row;
    Ok(FlowVersion {
        flow,
        number,
        document,
        pipelines: pipelines_of(&pipelines)?,
        saved_at: saved_at.0,
        saved_by: author(account, &saved_by)?,
    })
}

pub(super) fn pipelines_of(text: &str) -> Result<BTreeMap<String, PipelineId>, Error> {
    let one = |(code, id): (String, Value)| {
        let id = id.as_str().and_then(|id| id.parse().ok());
        Ok((code, id.ok_or(Error::Corrupt("pipeline of a flow"))?))
    };
    object_of(text)?.into_iter().map(one).collect()
}
