//! Successful runs of the past, which a new one is compared with. At most the newest hundred are read.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::domain::flow::run::Cause;
use crate::domain::ids::{AccountId, FlowId, FlowRunId, PipelineId};
use crate::domain::statistics::run_duration;
use crate::domain::status::Status;
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::{flow_run, step_run};
use crate::store::rows::json_of;
use crate::store::schema::task;
use crate::store::types::{DbTime, DbUuid};

/// How many runs are compared with.
const COMPARED: i64 = 100;

type Times = (DbTime, Option<DbTime>, Option<DbTime>);

fn durations(rows: Vec<Times>) -> Vec<TimeDelta> {
    let all = rows.into_iter();
    all.filter_map(|(created, started, ended)| {
        run_duration(created.0, started.map(|at| at.0), ended?.0)
    })
    .collect()
}

/// How long the successful runs of a flow took since a time. Backfills and replays are left out: they run other work.
pub fn flow_durations(
    db: &mut Db<'_>,
    flow: FlowId,
    since: DateTime<Utc>,
) -> Result<Vec<TimeDelta>, Error> {
    let other = [Cause::Backfill.as_str(), Cause::Replay.as_str()];
    let rows: Vec<Times> = on!(db, |conn| flow_run::table
        .filter(flow_run::flow_id.eq(flow.0))
        .filter(flow_run::created_at.ge(DbTime(since)))
        .filter(flow_run::status.eq(Status::Success.as_str()))
        .filter(flow_run::cause.ne_all(other))
        .order((flow_run::created_at.desc(), flow_run::id.desc()))
        .limit(COMPARED)
        .select((
            flow_run::created_at,
            flow_run::started_at,
            flow_run::ended_at
        ))
        .load(conn))?;
    Ok(durations(rows))
}

/// How long the successful tasks of a pipeline took since a time.
pub fn task_durations(
    db: &mut Db<'_>,
    account: AccountId,
    pipeline: PipelineId,
    since: DateTime<Utc>,
) -> Result<Vec<TimeDelta>, Error> {
    let rows: Vec<Times> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::pipeline_id.eq(DbUuid(pipeline.0)))
        .filter(task::created_at.ge(DbTime(since)))
        .filter(task::status.eq(Status::Success.as_str()))
        .order((task::created_at.desc(), task::id.desc()))
        .limit(COMPARED)
        .select((task::created_at, task::started_at, task::ended_at))
        .load(conn))?;
    Ok(durations(rows))
}

/// The results of a step in the newest successful runs of its flow before one of them, newest first.
pub fn newest_task_results(
    db: &mut Db<'_>,
    flow: FlowId,
    step: &str,
    before: FlowRunId,
    limit: i64,
) -> Result<Vec<serde_json::Value>, Error> {
    let rows: Vec<Option<String>> = on!(db, |conn| flow_run::table
        .inner_join(step_run::table.on(step_run::flow_run_id.eq(flow_run::id)))
        .inner_join(task::table.on(task::id.nullable().eq(step_run::task_id)))
        .filter(flow_run::flow_id.eq(flow.0))
        .filter(flow_run::id.ne(before.0))
        .filter(flow_run::cause.ne(Cause::Backfill.as_str()))
        .filter(step_run::code.eq(step))
        .filter(step_run::state.eq("SUCCESS"))
        .filter(step_run::reused_from.is_null())
        .order((flow_run::created_at.desc(), flow_run::id.desc()))
        .limit(limit)
        .select(task::data)
        .load(conn))?;
    let rows = rows.into_iter().flatten();
    rows.map(|text| json_of(&text)).collect()
}
