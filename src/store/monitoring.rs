//! Figures of an account's tasks for the monitoring page. Each query uses an index of the account's tasks. Counts read only the
//! index, and the other queries have a limit.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};

use super::connection::{Db, on};
use super::error::Error;
use super::rows::{note_of, run_end_of, status_at_start};
use super::schema::{run, task};
use super::types::{DbTime, DbUuid};
use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::note::{Note, NoteCode};
use crate::domain::task::{FinalStatus, RunEnd, Status};

diesel::define_sql_function! {
    /// A part of a text, counted from 1.
    fn substr(text: Nullable<Text>, from: Integer, length: Integer) -> Nullable<Text>;
}

/// Characters of a note or message that are read, which is all of most: the line that says what went wrong can be at the
/// end.
const EXCERPT: i32 = 10_000;
/// Characters of the column `reported` that contain its status.
const REPORTED_STATUS: i32 = 30;

/// A task with its times.
#[derive(Clone, Debug)]
pub struct TaskTiming {
    pub id: TaskId,
    pub pipeline: PipelineId,
    /// The pipeline's name at the launch.
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// A task that ended with an error.
#[derive(Clone, Debug)]
pub struct FailedTask {
    pub task: TaskTiming,
    pub run_end: Option<RunEnd>,
    pub word: Option<FinalStatus>,
    pub note: Option<NoteCode>,
}

/// The state of polling for an account's active tasks.
#[derive(Clone, Debug, Default)]
pub struct AccountPolling {
    /// Active tasks by state.
    pub states: Vec<(String, i64)>,
    /// When the oldest task without a known run was launched.
    pub oldest_unsent: Option<DateTime<Utc>>,
    /// The earliest poll that is due; in the past if polling is late.
    pub next_poll: Option<DateTime<Utc>>,
    /// Launches with an unknown outcome: there may be a run.
    pub unknown_outcomes: i64,
}

/// The start of each task's note and message.
pub type MessageExcerpts = HashMap<TaskId, (Option<Note>, Option<String>)>;

/// Task, code and value of its note, message.
type ExcerptRow = (i64, Option<String>, Option<String>, Option<String>);

type TimedRow = (i64, DbUuid, String, DbTime, Option<DbTime>, Option<DbTime>);

macro_rules! timed {
    () => {
        (
            task::id,
            task::pipeline_id,
            task::pipeline_name,
            task::created_at,
            task::started_at,
            task::ended_at,
        )
    };
}

/// How many tasks were launched between each two `edges`, by status in the order of [`Status::ALL`]. One count per interval and
/// status, which needs only an index; grouping by a part of a day could not do that on both databases.
pub fn count_by_status(
    db: &mut Db<'_>,
    account: AccountId,
    edges: &[DateTime<Utc>],
) -> Result<Vec<[i64; 5]>, Error> {
    let parts = edges.len().saturating_sub(1);
    let mut counts = vec![[0; 5]; parts];
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
        return Ok(counts);
    };
    for (place, status) in Status::ALL.into_iter().enumerate() {
        let mut left = count(db, account, status, (*first, *last))?;
        for (part, ends) in edges.windows(2).enumerate().rev() {
            if left == 0 {
                break;
            }
            counts[part][place] = count(db, account, status, (ends[0], ends[1]))?;
            left -= counts[part][place].min(left);
        }
    }
    Ok(counts)
}

fn count(
    db: &mut Db<'_>,
    account: AccountId,
    status: Status,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<i64, Error> {
    Ok(on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(status.as_str()))
        .filter(task::created_at.ge(DbTime(from)))
        .filter(task::created_at.lt(DbTime(to)))
        .count()
        .get_result(conn))?)
}

/// How many tasks have this status, regardless of when they were launched.
pub fn count_with_status(
    db: &mut Db<'_>,
    account: AccountId,
    status: Status,
) -> Result<i64, Error> {
    Ok(on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(status.as_str()))
        .count()
        .get_result(conn))?)
}

/// Whether the account has any task.
pub fn has_tasks(db: &mut Db<'_>, account: AccountId) -> Result<bool, Error> {
    let any: Option<i64> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .select(task::id)
        .first(conn)
        .optional())?;
    Ok(any.is_some())
}

/// The newest successful tasks that were launched since then.
pub fn succeeded_tasks(
    db: &mut Db<'_>,
    account: AccountId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<TaskTiming>, Error> {
    let rows: Vec<TimedRow> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(Status::Success.as_str()))
        .filter(task::created_at.ge(DbTime(since)))
        .order((task::created_at.desc(), task::id.desc()))
        .limit(limit)
        .select(timed!())
        .load(conn))?;
    Ok(rows.into_iter().map(timed).collect())
}

/// The running tasks, oldest first.
pub fn running_tasks(
    db: &mut Db<'_>,
    account: AccountId,
    limit: i64,
) -> Result<Vec<TaskTiming>, Error> {
    let rows: Vec<TimedRow> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(Status::Running.as_str()))
        .order((task::created_at, task::id))
        .limit(limit)
        .select(timed!())
        .load(conn))?;
    Ok(rows.into_iter().map(timed).collect())
}

/// The newest failed tasks that were launched since then.
pub fn failed_tasks(
    db: &mut Db<'_>,
    account: AccountId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<FailedTask>, Error> {
    type FailedRow = (TimedRow, Option<String>, Option<String>, Option<String>);
    let rows: Vec<FailedRow> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(Status::Error.as_str()))
        .filter(task::created_at.ge(DbTime(since)))
        .order((task::created_at.desc(), task::id.desc()))
        .limit(limit)
        .select((
            timed!(),
            task::run_end,
            substr(task::reported, 1, REPORTED_STATUS),
            task::note_code,
        ))
        .load(conn))?;
    let failed = |(row, end, said, note): FailedRow| {
        Ok(FailedTask {
            task: timed(row),
            run_end: end.as_deref().map(run_end_of).transpose()?,
            word: said.as_deref().map(status_at_start).transpose()?,
            note: note.as_deref().and_then(NoteCode::parse),
        })
    };
    rows.into_iter().map(failed).collect()
}

/// The start of these tasks' notes and messages.
pub fn message_excerpts(
    db: &mut Db<'_>,
    account: AccountId,
    ids: &[TaskId],
) -> Result<MessageExcerpts, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<ExcerptRow> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::id.eq_any(&ids))
        .select((
            task::id,
            task::note_code,
            substr(task::note, 1, EXCERPT),
            substr(task::message, 1, EXCERPT),
        ))
        .load(conn))?;
    let beginning = |(id, code, note, message): ExcerptRow| {
        (TaskId(id), (note_of(code.as_deref(), note), message))
    };
    Ok(rows.into_iter().map(beginning).collect())
}

/// The state of polling for an account's active tasks.
pub fn account_polling(db: &mut Db<'_>, account: AccountId) -> Result<AccountPolling, Error> {
    macro_rules! active {
        () => {
            run::table
                .inner_join(task::table)
                .filter(run::next_poll_at.is_not_null())
                .filter(run::account_id.eq(account.0))
        };
    }
    let states = on!(db, |conn| active!()
        .group_by(task::state)
        .order(task::state)
        .select((task::state, diesel::dsl::count_star()))
        .load(conn))?;
    let next: Option<Option<DbTime>> = on!(db, |conn| active!()
        .order(run::next_poll_at)
        .select(run::next_poll_at)
        .first(conn)
        .optional())?;
    let oldest: Option<DbTime> = on!(db, |conn| active!()
        .filter(run::run_id.is_null())
        .order(task::created_at)
        .select(task::created_at)
        .first(conn)
        .optional())?;
    let unknown_outcomes = on!(db, |conn| active!()
        .filter(run::run_id.is_null())
        .filter(run::outcome_unknown.eq(true))
        .count()
        .get_result(conn))?;
    Ok(AccountPolling {
        states,
        oldest_unsent: oldest.map(|at| at.0),
        next_poll: next.flatten().map(|at| at.0),
        unknown_outcomes,
    })
}

fn timed((id, pipeline, name, created, started, ended): TimedRow) -> TaskTiming {
    TaskTiming {
        id: TaskId(id),
        pipeline: PipelineId(pipeline.0),
        name,
        created_at: created.0,
        started_at: started.map(|at| at.0),
        ended_at: ended.map(|at| at.0),
    }
}
