//! How many tasks match a filter, and how far back a search goes. Both have a limit, so they cost the same in a long list.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::task;
use super::task_filter::{TaskFilter, filtered};
use super::types::DbTime;
use crate::domain::task::Status;

/// A number of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskCount {
    Exactly(i64),
    MoreThan(i64),
}

/// How many tasks match; counts at most `most`.
pub fn count_up_to(db: &mut Db<'_>, filter: &TaskFilter, most: i64) -> Result<TaskCount, Error> {
    // One count for each status, because with several statuses SQLite would read all tasks instead of the index by status.
    let mut parts: Vec<Vec<Status>> = filter.statuses.iter().map(|one| vec![*one]).collect();
    if parts.is_empty() {
        parts.push(Vec::new());
    }
    let mut sum = 0;
    for statuses in parts {
        let part = TaskFilter {
            statuses,
            ..filter.clone()
        };
        match count_part(db, &part, most - sum)? {
            Some(count) => sum += count,
            None => return Ok(TaskCount::MoreThan(most)),
        }
    }
    Ok(TaskCount::Exactly(sum))
}

/// None if there are more than `most`.
fn count_part(db: &mut Db<'_>, filter: &TaskFilter, most: i64) -> Result<Option<i64>, Error> {
    let beyond: Option<i64> = on!(db, |conn| filtered!(task::table, filter)
        .order((task::created_at.desc(), task::id.desc()))
        .select(task::id)
        .offset(most)
        .first(conn)
        .optional())?;
    if beyond.is_some() {
        return Ok(None);
    }
    let count = on!(db, |conn| filtered!(task::table, filter)
        .count()
        .get_result(conn))?;
    Ok(Some(count))
}

/// The launch time of the oldest task that a search may read, if the filter's dates contain more than `most` tasks.
pub fn examined_since(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    most: i64,
) -> Result<Option<DateTime<Utc>>, Error> {
    let dates = TaskFilter {
        statuses: Vec::new(),
        pipeline: None,
        launcher: None,
        search: None,
        ..filter.clone()
    };
    let beyond: Option<DbTime> = on!(db, |conn| filtered!(task::table, &dates)
        .order((task::created_at.desc(), task::id.desc()))
        .select(task::created_at)
        .offset(most)
        .first(conn)
        .optional())?;
    Ok(beyond.map(|at| at.0 + TimeDelta::milliseconds(1)))
}
