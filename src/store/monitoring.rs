//! What became of an account's launches of late. Each query walks an index of the account's tasks: counting reads
//! nothing else, and of tasks themselves no more are read than is said.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text};

use super::connection::{Db, on};
use super::error::Error;
use super::rows::{end_of, note_of, word_at_head};
use super::schema::{run, task};
use super::types::{At, Id};
use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::note::{Note, NoteCode};
use crate::domain::task::{RunEnd, Status, Word};

diesel::define_sql_function! {
    /// A part of a text, from 1; as both databases have it.
    fn substr(text: Nullable<Text>, from: Integer, length: Integer) -> Nullable<Text>;
}

/// As much of a note or a message as is shown.
const HEAD: i32 = 250;
/// As much of what was said as holds its word.
const SAID: i32 = 30;

/// A task with what is needed to tell how long it took.
#[derive(Clone, Debug)]
pub struct Timed {
    pub id: TaskId,
    pub pipeline: PipelineId,
    /// As the pipeline was named at the launch.
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// A task that ended with an error.
#[derive(Clone, Debug)]
pub struct Failed {
    pub task: Timed,
    pub run_end: Option<RunEnd>,
    pub word: Option<Word>,
    pub note: Option<NoteCode>,
}

/// What of an account's tasks is still to be looked after.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// State → how many live tasks are in it.
    pub states: Vec<(String, i64)>,
    /// When the oldest task was accepted of which OpenHEXA has not made a run that we know.
    pub oldest_unsent: Option<DateTime<Utc>>,
    /// The look that is due the soonest, or overdue the longest.
    pub next_poll: Option<DateTime<Utc>>,
    /// Launches that may have made a run without our hearing of it.
    pub unsure: i64,
}

/// Note and message, by task.
pub type Beginnings = HashMap<TaskId, (Option<Note>, Option<String>)>;

/// A task, its note's code and value, and its message.
type Beginning = (i64, Option<String>, Option<String>, Option<String>);

type TimedRow = (i64, Id, String, At, Option<At>, Option<At>);

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

/// How many were launched in each part between two edges, by status as in [`Status::ALL`]. One count for each: an
/// index has all that it takes, which no grouping by parts of a day would do on both databases.
pub fn counts(
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
        .filter(task::status.eq(status.word()))
        .filter(task::created_at.ge(At(from)))
        .filter(task::created_at.lt(At(to)))
        .count()
        .get_result(conn))?)
}

/// How many have this status, whenever they were launched.
pub fn count_of(db: &mut Db<'_>, account: AccountId, status: Status) -> Result<i64, Error> {
    Ok(on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(status.word()))
        .count()
        .get_result(conn))?)
}

/// Whether the account ever launched anything.
pub fn is_anything(db: &mut Db<'_>, account: AccountId) -> Result<bool, Error> {
    let any: Option<i64> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .select(task::id)
        .first(conn)
        .optional())?;
    Ok(any.is_some())
}

/// The newest that ended well, launched since then.
pub fn succeeded(
    db: &mut Db<'_>,
    account: AccountId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Timed>, Error> {
    let rows: Vec<TimedRow> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(Status::Success.word()))
        .filter(task::created_at.ge(At(since)))
        .order((task::created_at.desc(), task::id.desc()))
        .limit(limit)
        .select(timed!())
        .load(conn))?;
    Ok(rows.into_iter().map(timed).collect())
}

/// Those that run, the oldest first.
pub fn running(db: &mut Db<'_>, account: AccountId, limit: i64) -> Result<Vec<Timed>, Error> {
    let rows: Vec<TimedRow> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(Status::Running.word()))
        .order((task::created_at, task::id))
        .limit(limit)
        .select(timed!())
        .load(conn))?;
    Ok(rows.into_iter().map(timed).collect())
}

/// The newest that ended with an error, launched since then.
pub fn failed(
    db: &mut Db<'_>,
    account: AccountId,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Failed>, Error> {
    type Row = (TimedRow, Option<String>, Option<String>, Option<String>);
    let rows: Vec<Row> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::status.eq(Status::Error.word()))
        .filter(task::created_at.ge(At(since)))
        .order((task::created_at.desc(), task::id.desc()))
        .limit(limit)
        .select((
            timed!(),
            task::run_end,
            substr(task::said, 1, SAID),
            task::note_code,
        ))
        .load(conn))?;
    let failed = |(row, end, said, note): Row| {
        Ok(Failed {
            task: timed(row),
            run_end: end.as_deref().map(end_of).transpose()?,
            word: said.as_deref().map(word_at_head).transpose()?,
            note: note.as_deref().and_then(NoteCode::parse),
        })
    };
    rows.into_iter().map(failed).collect()
}

/// The beginnings of these tasks' notes and messages.
pub fn beginnings(
    db: &mut Db<'_>,
    account: AccountId,
    ids: &[TaskId],
) -> Result<Beginnings, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Beginning> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::id.eq_any(&ids))
        .select((
            task::id,
            task::note_code,
            substr(task::note, 1, HEAD),
            substr(task::message, 1, HEAD),
        ))
        .load(conn))?;
    let beginning = |(id, code, note, message): Beginning| {
        (TaskId(id), (note_of(code.as_deref(), note), message))
    };
    Ok(rows.into_iter().map(beginning).collect())
}

pub fn live(db: &mut Db<'_>, account: AccountId) -> Result<Live, Error> {
    macro_rules! live {
        () => {
            run::table
                .inner_join(task::table)
                .filter(run::next_poll_at.is_not_null())
                .filter(run::account_id.eq(account.0))
        };
    }
    let states = on!(db, |conn| live!()
        .group_by(task::state)
        .order(task::state)
        .select((task::state, diesel::dsl::count_star()))
        .load(conn))?;
    let next: Option<Option<At>> = on!(db, |conn| live!()
        .order(run::next_poll_at)
        .select(run::next_poll_at)
        .first(conn)
        .optional())?;
    let oldest: Option<At> = on!(db, |conn| live!()
        .filter(run::run_id.is_null())
        .order(task::created_at)
        .select(task::created_at)
        .first(conn)
        .optional())?;
    let unsure = on!(db, |conn| live!()
        .filter(run::run_id.is_null())
        .filter(run::unsure.eq(true))
        .count()
        .get_result(conn))?;
    Ok(Live {
        states,
        oldest_unsent: oldest.map(|at| at.0),
        next_poll: next.flatten().map(|at| at.0),
        unsure,
    })
}

fn timed((id, pipeline, name, created, started, ended): TimedRow) -> Timed {
    Timed {
        id: TaskId(id),
        pipeline: PipelineId(pipeline.0),
        name,
        created_at: created.0,
        started_at: started.map(|at| at.0),
        ended_at: ended.map(|at| at.0),
    }
}
