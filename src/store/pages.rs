//! Pages of the task list, by page number or after a position (cursor).
//!
//! A numbered page counts all tasks and skips those before it. A page after a [`PagePosition`] does neither: each of its queries
//! reads one index from the position on, so it costs the same at the millionth task as at the first.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::events::octet_length;
use super::rows::RunColumns;
use super::schema::{run, task};
use super::task_filter::{SortColumn, TaskFilter, filtered};
use super::tasks::{PartRows, for_list, part_columns, part_tasks_of};
use super::types::DbTime;
use crate::domain::ids::TaskId;
use crate::domain::task::Task;

/// A numbered page, and the number of all tasks.
pub struct TaskPage {
    pub count: i64,
    pub tasks: Vec<Task>,
}

/// The position of a task in a sorted list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagePosition {
    pub key: SortKey,
    pub task: TaskId,
}

/// The value of the sort column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    Time(DateTime<Utc>),
    Text(String),
    /// A time that is not set. It sorts after all others.
    Unset,
}

impl PagePosition {
    pub fn of(task: &Task, order: SortColumn) -> Self {
        let time = |at: Option<DateTime<Utc>>| at.map_or(SortKey::Unset, SortKey::Time);
        Self {
            key: match order {
                SortColumn::CreatedAt => SortKey::Time(task.created_at),
                SortColumn::UpdatedAt => SortKey::Time(task.updated_at),
                SortColumn::StartedAt => time(task.started_at),
                SortColumn::EndedAt => time(task.ended_at),
                SortColumn::Status => SortKey::Text(task.status().as_str().to_owned()),
                SortColumn::Name => SortKey::Text(task.name.clone()),
            },
            task: task.id,
        }
    }
}

/// Sorts by a column that can be null. Null is the largest value: the databases have different defaults, so the query says it.
macro_rules! ordered_with_nulls {
    ($query:expr, $filter:expr, $column:expr) => {
        if $filter.descending {
            $query.order(($column.is_null().desc(), $column.desc(), task::id.desc()))
        } else {
            $query.order(($column.is_null().asc(), $column.asc(), task::id.asc()))
        }
    };
}

macro_rules! ordered {
    ($query:expr, $filter:expr, $column:expr) => {
        if $filter.descending {
            $query.order(($column.desc(), task::id.desc()))
        } else {
            $query.order(($column.asc(), task::id.asc()))
        }
    };
}

/// One page, from 1, of an account's tasks.
pub fn task_page(db: &mut Db<'_>, filter: &TaskFilter, page: i64) -> Result<TaskPage, Error> {
    // Without the join, because every task has exactly one run.
    let count = on!(db, |conn| filtered!(task::table, filter)
        .count()
        .get_result::<i64>(conn))?;
    let rows: Vec<PartRows> = on!(db, |conn| {
        let query = filtered!(task::table.inner_join(run::table), filter);
        let query = match filter.order {
            SortColumn::CreatedAt => ordered!(query, filter, task::created_at),
            SortColumn::UpdatedAt => ordered!(query, filter, task::updated_at),
            SortColumn::StartedAt => ordered_with_nulls!(query, filter, task::started_at),
            SortColumn::EndedAt => ordered_with_nulls!(query, filter, task::ended_at),
            SortColumn::Status => ordered!(query, filter, task::status),
            SortColumn::Name => ordered!(query, filter, task::name),
        };
        query
            .select(for_list!())
            .limit(filter.limit)
            .offset((page - 1).saturating_mul(filter.limit))
            .load(conn)
    })?;
    let tasks = part_tasks_of(rows)?;
    Ok(TaskPage { count, tasks })
}

/// The tasks after a position, or the first ones.
pub fn tasks_after(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    position: Option<&PagePosition>,
) -> Result<Vec<Task>, Error> {
    match filter.order {
        SortColumn::CreatedAt if filter.statuses.len() > 1 => by_status(db, filter, position),
        SortColumn::CreatedAt | SortColumn::UpdatedAt | SortColumn::Status | SortColumn::Name => {
            with_value(db, filter, position, filter.limit)
        }
        SortColumn::StartedAt | SortColumn::EndedAt => by_optional_time(db, filter, position),
    }
}

/// One query for each status, because with several statuses SQLite would read all tasks instead of the index by status.
fn by_status(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    position: Option<&PagePosition>,
) -> Result<Vec<Task>, Error> {
    let mut found = Vec::new();
    for status in &filter.statuses {
        let one = TaskFilter {
            statuses: vec![*status],
            ..filter.clone()
        };
        found.extend(with_value(db, &one, position, filter.limit)?);
    }
    found.sort_by_key(|task| (task.created_at, task.id));
    if filter.descending {
        found.reverse();
    }
    // The filter can contain a status twice.
    found.dedup_by_key(|task| task.id);
    found.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// Tasks without a time are at one end of the list: one query for them and one for the others, each with an index.
fn by_optional_time(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    position: Option<&PagePosition>,
) -> Result<Vec<Task>, Error> {
    let is_at_unset = position.is_some_and(|position| position.key == SortKey::Unset);
    let wanted = filter.limit;
    let left = |found: &[Task]| wanted - i64::try_from(found.len()).unwrap_or(wanted);
    if filter.descending {
        let mut found = match position {
            Some(_) if !is_at_unset => return with_value(db, filter, position, wanted),
            Some(_) | None => without_value(db, filter, position, wanted)?,
        };
        if left(&found) > 0 {
            found.extend(with_value(db, filter, None, left(&found))?);
        }
        return Ok(found);
    }
    if is_at_unset {
        return without_value(db, filter, position, wanted);
    }
    let mut found = with_value(db, filter, position, wanted)?;
    if left(&found) > 0 {
        found.extend(without_value(db, filter, None, left(&found))?);
    }
    Ok(found)
}

/// Tasks whose column is set: first those with the position's value, then those after it. One comparison of both columns would
/// be a single query, but SQLite would use an index for the first column only.
fn with_value(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    position: Option<&PagePosition>,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    let Some(position) = position else {
        return read_part(db, filter, PagePart::All, limit);
    };
    let mut found = read_part(db, filter, PagePart::SameValue(position), limit)?;
    let left = limit - i64::try_from(found.len()).unwrap_or(limit);
    if left > 0 {
        found.extend(read_part(db, filter, PagePart::AfterValue(position), left)?);
    }
    Ok(found)
}

/// A part of a sorted list.
#[derive(Clone, Copy)]
enum PagePart<'a> {
    All,
    /// The tasks with the position's value, after its task.
    SameValue(&'a PagePosition),
    /// The tasks after the position's value.
    AfterValue(&'a PagePosition),
}

fn read_part(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    part: PagePart<'_>,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    macro_rules! query {
        ($conn:expr, $column:expr, $value:expr) => {{
            let query = filtered!(task::table.inner_join(run::table), filter);
            let query = match part {
                PagePart::All => query.filter($column.is_not_null()),
                // Also for the run: PostgreSQL can merge both tables, and would read the runs from the first one.
                PagePart::SameValue(position) if filter.descending => query
                    .filter($column.eq($value(position)))
                    .filter(task::id.lt(position.task.0))
                    .filter(run::task_id.lt(position.task.0)),
                PagePart::SameValue(position) => query
                    .filter($column.eq($value(position)))
                    .filter(task::id.gt(position.task.0))
                    .filter(run::task_id.gt(position.task.0)),
                PagePart::AfterValue(position) if filter.descending => query.filter($column.lt($value(position))),
                PagePart::AfterValue(position) => query.filter($column.gt($value(position))),
            };
            ordered!(query, filter, $column)
                .select(for_list!())
                .limit(limit)
                .load($conn)
        }};
    }
    let rows: Vec<PartRows> = on!(db, |conn| match filter.order {
        SortColumn::CreatedAt => query!(conn, task::created_at, time_of),
        SortColumn::UpdatedAt => query!(conn, task::updated_at, time_of),
        SortColumn::StartedAt => query!(conn, task::started_at, time_of),
        SortColumn::EndedAt => query!(conn, task::ended_at, time_of),
        SortColumn::Status => query!(conn, task::status, text_of),
        SortColumn::Name => query!(conn, task::name, text_of),
    })?;
    part_tasks_of(rows)
}

/// Tasks whose time is not set.
fn without_value(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    position: Option<&PagePosition>,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    macro_rules! query {
        ($conn:expr, $column:expr) => {{
            let query = filtered!(task::table.inner_join(run::table), filter);
            let mut query = query.filter($column.is_null());
            if let Some(position) = position {
                query = if filter.descending {
                    query.filter(task::id.lt(position.task.0))
                } else {
                    query.filter(task::id.gt(position.task.0))
                };
            }
            // The column is null in all rows, but sorting by it makes PostgreSQL use its index.
            ordered!(query, filter, $column)
                .select(for_list!())
                .limit(limit)
                .load($conn)
        }};
    }
    let rows: Vec<PartRows> = match filter.order {
        SortColumn::StartedAt => on!(db, |conn| query!(conn, task::started_at))?,
        SortColumn::EndedAt => on!(db, |conn| query!(conn, task::ended_at))?,
        // These are never null.
        SortColumn::CreatedAt | SortColumn::UpdatedAt | SortColumn::Status | SortColumn::Name => {
            Vec::new()
        }
    };
    part_tasks_of(rows)
}

/// A position's value has the type of the sort column, so the other variants do not occur.
fn time_of(position: &PagePosition) -> DbTime {
    match position.key {
        SortKey::Time(at) => DbTime(at),
        SortKey::Text(_) | SortKey::Unset => DbTime(DateTime::UNIX_EPOCH),
    }
}

fn text_of(position: &PagePosition) -> &str {
    match &position.key {
        SortKey::Text(text) => text,
        SortKey::Time(_) | SortKey::Unset => "",
    }
}
