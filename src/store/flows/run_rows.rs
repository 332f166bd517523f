//! Rows of `flow_run`, and their conversion from and to the domain's type.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};

use crate::domain::flow::Problem;
use crate::domain::flow::reference::FileFound;
use crate::domain::flow::run::{Cause, FlowRun, ScheduleRef, Start};
use crate::domain::flow::schedule::Interval;
use crate::domain::ids::{AccountId, BackfillId, FlowId, FlowRunId, ScheduleId};
use crate::domain::principal::{Actor, Principal};
use crate::domain::status::Status;
use crate::store::Error;
use crate::store::flow_schema::flow_run;
use crate::store::rows::{json_of, object_of};
use crate::store::types::DbTime;

/// What a run was started with. It is never changed.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = flow_run)]
pub struct StartColumns {
    account_id: i64,
    flow_id: i64,
    version: i64,
    cause: String,
    launcher: String,
    schedule_id: Option<i64>,
    scheduled_for: Option<DbTime>,
    interval_start: Option<DbTime>,
    interval_end: Option<DbTime>,
    inputs: String,
    file: Option<String>,
    ignored: Option<String>,
    replay_of: Option<i64>,
    backfill_id: Option<i64>,
    created_at: DbTime,
}

/// What changes in the course of a run. Its lease and `next_at` are only in the store.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = flow_run, treat_none_as_null = true)]
pub struct StateColumns {
    waiting: bool,
    prepared: bool,
    trouble: Option<String>,
    failing_since: Option<DbTime>,
    status: String,
    warnings: bool,
    started_at: Option<DbTime>,
    ended_at: Option<DbTime>,
    cancel_asked_at: Option<DbTime>,
    cancelled_by: Option<String>,
    revision: i64,
}

/// The id, the flow's slug, the id of the schedule in the document, and the columns of a run.
pub type RunRow = (i64, String, Option<String>, StartColumns, StateColumns);

impl From<&FlowRun> for StartColumns {
    fn from(run: &FlowRun) -> Self {
        let start = &run.start;
        Self {
            account_id: start.account.0,
            flow_id: start.flow.0,
            version: start.version,
            cause: start.cause.as_str().to_owned(),
            launcher: start.launcher.stored(),
            schedule_id: start.schedule.as_ref().map(|schedule| schedule.id.0),
            scheduled_for: start.scheduled_for.map(DbTime),
            interval_start: start.interval.map(|interval| DbTime(interval.start)),
            interval_end: start.interval.map(|interval| DbTime(interval.end)),
            inputs: Value::Object(start.inputs.clone()).to_string(),
            file: start.file.as_ref().map(file_text),
            ignored: (!start.ignored.is_empty()).then(|| json!(start.ignored).to_string()),
            replay_of: start.replay_of.map(|id| id.0),
            backfill_id: start.backfill.map(|id| id.0),
            created_at: DbTime(run.created_at),
        }
    }
}

impl From<&FlowRun> for StateColumns {
    fn from(run: &FlowRun) -> Self {
        Self {
            waiting: run.waiting,
            prepared: run.prepared,
            trouble: problems_text(&run.trouble),
            failing_since: run.failing_since.map(DbTime),
            status: run.status.as_str().to_owned(),
            warnings: run.warnings,
            started_at: run.started_at.map(DbTime),
            ended_at: run.ended_at.map(DbTime),
            cancel_asked_at: run.cancel_asked_at.map(DbTime),
            cancelled_by: run.cancelled_by.as_ref().map(Actor::stored),
            revision: run.revision,
        }
    }
}

pub fn run_of((id, slug, code, start, state): RunRow) -> Result<FlowRun, Error> {
    Ok(FlowRun {
        id: FlowRunId(id),
        slug,
        waiting: state.waiting,
        prepared: state.prepared,
        trouble: problems_of(state.trouble.as_deref())?,
        failing_since: state.failing_since.map(|at| at.0),
        status: Status::parse(&state.status).ok_or(Error::Corrupt("status of a flow run"))?,
        warnings: state.warnings,
        created_at: start.created_at.0,
        started_at: state.started_at.map(|at| at.0),
        ended_at: state.ended_at.map(|at| at.0),
        cancel_asked_at: state.cancel_asked_at.map(|at| at.0),
        cancelled_by: state.cancelled_by.as_deref().map(Actor::read),
        revision: state.revision,
        start: start_of(start, code)?,
    })
}

fn start_of(row: StartColumns, code: Option<String>) -> Result<Start, Error> {
    let account = AccountId(row.account_id);
    let launcher = Principal::read(account, &row.launcher);
    let interval = row.interval_start.zip(row.interval_end);
    Ok(Start {
        account,
        flow: FlowId(row.flow_id),
        version: row.version,
        cause: Cause::parse(&row.cause).ok_or(Error::Corrupt("cause of a flow run"))?,
        launcher: launcher.ok_or(Error::Corrupt("launcher of a flow run"))?,
        schedule: row
            .schedule_id
            .map(ScheduleId)
            .zip(code)
            .map(|(id, code)| ScheduleRef { id, code }),
        scheduled_for: row.scheduled_for.map(|at| at.0),
        interval: interval.map(|(start, end)| Interval {
            start: start.0,
            end: end.0,
        }),
        inputs: object_of(&row.inputs)?,
        file: row.file.as_deref().map(file_of).transpose()?,
        ignored: ignored_of(row.ignored.as_deref())?,
        replay_of: row.replay_of.map(FlowRunId),
        backfill: row.backfill_id.map(BackfillId),
    })
}

fn file_text(file: &FileFound) -> String {
    let modified = file.modified.timestamp_millis();
    json!({"path": file.path, "size": file.size, "modified": modified}).to_string()
}

fn file_of(text: &str) -> Result<FileFound, Error> {
    let value = json_of(text)?;
    let found = || -> Option<FileFound> {
        let modified: DateTime<Utc> = DateTime::from_timestamp_millis(value["modified"].as_i64()?)?;
        Some(FileFound {
            path: value["path"].as_str()?.to_owned(),
            size: value["size"].as_u64()?,
            modified,
        })
    };
    found().ok_or(Error::Corrupt("file of a flow run"))
}

fn ignored_of(text: Option<&str>) -> Result<Vec<String>, Error> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let all = json_of(text)?;
    let all = all.as_array().into_iter().flatten();
    Ok(all
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect())
}

pub fn problems_text(problems: &[Problem]) -> Option<String> {
    let all: Vec<Value> = problems.iter().map(Problem::json).collect();
    (!all.is_empty()).then(|| Value::Array(all).to_string())
}

pub fn problems_of(text: Option<&str>) -> Result<Vec<Problem>, Error> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    let corrupt = || Error::Corrupt("problem of a flow run");
    let all = json_of(text)?;
    let all = all.as_array().ok_or_else(corrupt)?;
    all.iter()
        .map(|one| Problem::of(one).ok_or_else(corrupt))
        .collect()
}
