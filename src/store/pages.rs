//! Lists of tasks: by the number of the page, or from where the page before ended.
//!
//! A numbered page counts all there are and skips those before it. A page from a [`Mark`] does neither: each of its
//! queries walks one index from the mark on, so it costs the same at the millionth task as at the first.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::events::octet_length;
use super::rows::RunRow;
use super::schema::{run, task};
use super::tasks::{PartRows, listed, part_columns, part_tasks_of};
use super::types::{At, Id};
use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::task::{Status, Task};

/// A column to order by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    CreatedAt,
    UpdatedAt,
    StartedAt,
    EndedAt,
    Status,
    Name,
}

/// Which tasks, in which order, and how many of them.
#[derive(Clone, Debug)]
pub struct TaskFilter {
    pub account: AccountId,
    pub statuses: Vec<Status>,
    pub pipeline: Option<PipelineId>,
    pub launcher: Option<i64>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub search: Option<String>,
    pub order: Order,
    pub descending: bool,
    pub limit: i64,
}

pub struct Page {
    pub count: i64,
    pub tasks: Vec<Task>,
}

/// A task's place in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub key: Key,
    pub task: TaskId,
}

/// What a task is ordered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    At(DateTime<Utc>),
    Text(String),
    /// A time that is not set. It counts as later than all.
    Unset,
}

impl Mark {
    pub fn of(task: &Task, order: Order) -> Self {
        let time = |at: Option<DateTime<Utc>>| at.map_or(Key::Unset, Key::At);
        Self {
            key: match order {
                Order::CreatedAt => Key::At(task.created_at),
                Order::UpdatedAt => Key::At(task.updated_at),
                Order::StartedAt => time(task.started_at),
                Order::EndedAt => time(task.ended_at),
                Order::Status => Key::Text(task.status().word().to_owned()),
                Order::Name => Key::Text(task.name.clone()),
            },
            task: task.id,
        }
    }
}

macro_rules! filtered {
    ($tasks:expr, $filter:expr) => {{
        let filter: &TaskFilter = $filter;
        let mut query = $tasks
            .filter(task::account_id.eq(filter.account.0))
            .into_boxed();
        if let [status] = filter.statuses.as_slice() {
            query = query.filter(task::status.eq(status.word()));
        } else if !filter.statuses.is_empty() {
            let words: Vec<&str> = filter.statuses.iter().map(|status| status.word()).collect();
            query = query.filter(task::status.eq_any(words));
        }
        if let Some(pipeline) = filter.pipeline {
            query = query.filter(task::pipeline_id.eq(Id(pipeline.0)));
        }
        if let Some(launcher) = filter.launcher {
            query = query.filter(task::launcher_id.eq(launcher));
        }
        if let Some(from) = filter.from {
            query = query.filter(task::created_at.ge(At(from)));
        }
        if let Some(to) = filter.to {
            query = query.filter(task::created_at.le(At(to)));
        }
        if let Some(search) = &filter.search {
            query = query.filter(task::search.like(contains(search)).escape('\\'));
        }
        query
    }};
}

/// By a column that may be unset: the databases disagree where null stands, so that is said. Here it is the largest.
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
pub fn list(db: &mut Db<'_>, filter: &TaskFilter, page: i64) -> Result<Page, Error> {
    // Every task has its run: they need not be joined to be counted.
    let count = on!(db, |conn| filtered!(task::table, filter)
        .count()
        .get_result::<i64>(conn))?;
    let rows: Vec<PartRows> = on!(db, |conn| {
        let query = filtered!(task::table.inner_join(run::table), filter);
        let query = match filter.order {
            Order::CreatedAt => ordered!(query, filter, task::created_at),
            Order::UpdatedAt => ordered!(query, filter, task::updated_at),
            Order::StartedAt => ordered_with_nulls!(query, filter, task::started_at),
            Order::EndedAt => ordered_with_nulls!(query, filter, task::ended_at),
            Order::Status => ordered!(query, filter, task::status),
            Order::Name => ordered!(query, filter, task::name),
        };
        query
            .select(listed!())
            .limit(filter.limit)
            .offset((page - 1).saturating_mul(filter.limit))
            .load(conn)
    })?;
    let tasks = part_tasks_of(rows)?;
    Ok(Page { count, tasks })
}

/// The tasks that follow a mark; without one, the first.
pub fn after(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    mark: Option<&Mark>,
) -> Result<Vec<Task>, Error> {
    match filter.order {
        Order::CreatedAt if filter.statuses.len() > 1 => by_status(db, filter, mark),
        Order::CreatedAt | Order::UpdatedAt | Order::Status | Order::Name => {
            set(db, filter, mark, filter.limit)
        }
        Order::StartedAt | Order::EndedAt => set_and_unset(db, filter, mark),
    }
}

/// One walk for each status: SQLite would rather look at every task than for the few that have one of several.
fn by_status(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    mark: Option<&Mark>,
) -> Result<Vec<Task>, Error> {
    let mut found = Vec::new();
    for status in &filter.statuses {
        let one = TaskFilter {
            statuses: vec![*status],
            ..filter.clone()
        };
        found.extend(set(db, &one, mark, filter.limit)?);
    }
    found.sort_by_key(|task| (task.created_at, task.id));
    if filter.descending {
        found.reverse();
    }
    // The same status may have been asked for twice.
    found.dedup_by_key(|task| task.id);
    found.truncate(usize::try_from(filter.limit).unwrap_or(usize::MAX));
    Ok(found)
}

/// Those without a time stand together at one end: two walks, each along an index.
fn set_and_unset(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    mark: Option<&Mark>,
) -> Result<Vec<Task>, Error> {
    let among_unset = mark.is_some_and(|mark| mark.key == Key::Unset);
    let wanted = filter.limit;
    let left = |found: &[Task]| wanted - i64::try_from(found.len()).unwrap_or(wanted);
    if filter.descending {
        let mut found = match mark {
            Some(_) if !among_unset => return set(db, filter, mark, wanted),
            Some(_) | None => unset(db, filter, mark, wanted)?,
        };
        if left(&found) > 0 {
            found.extend(set(db, filter, None, left(&found))?);
        }
        return Ok(found);
    }
    if among_unset {
        return unset(db, filter, mark, wanted);
    }
    let mut found = set(db, filter, mark, wanted)?;
    if left(&found) > 0 {
        found.extend(unset(db, filter, None, left(&found))?);
    }
    Ok(found)
}

/// Tasks whose column is set: first those that share the mark's value, then those beyond it. A comparison of both
/// columns at once would be one walk, but SQLite finds only the first of them in an index.
fn set(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    mark: Option<&Mark>,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    let Some(mark) = mark else {
        return walk(db, filter, Part::All, limit);
    };
    let mut found = walk(db, filter, Part::Beside(mark), limit)?;
    let left = limit - i64::try_from(found.len()).unwrap_or(limit);
    if left > 0 {
        found.extend(walk(db, filter, Part::Beyond(mark), left)?);
    }
    Ok(found)
}

/// Which part of an order.
#[derive(Clone, Copy)]
enum Part<'a> {
    All,
    /// With the mark's value, behind its task.
    Beside(&'a Mark),
    /// Beyond the mark's value.
    Beyond(&'a Mark),
}

fn walk(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    part: Part<'_>,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    macro_rules! walk {
        ($conn:expr, $column:expr, $value:expr) => {{
            let query = filtered!(task::table.inner_join(run::table), filter);
            let query = match part {
                Part::All => query.filter($column.is_not_null()),
                // Said of the run too: PostgreSQL may walk both tables along, the run's from its first row.
                Part::Beside(mark) if filter.descending => query
                    .filter($column.eq($value(mark)))
                    .filter(task::id.lt(mark.task.0))
                    .filter(run::task_id.lt(mark.task.0)),
                Part::Beside(mark) => query
                    .filter($column.eq($value(mark)))
                    .filter(task::id.gt(mark.task.0))
                    .filter(run::task_id.gt(mark.task.0)),
                Part::Beyond(mark) if filter.descending => query.filter($column.lt($value(mark))),
                Part::Beyond(mark) => query.filter($column.gt($value(mark))),
            };
            ordered!(query, filter, $column)
                .select(listed!())
                .limit(limit)
                .load($conn)
        }};
    }
    let rows: Vec<PartRows> = on!(db, |conn| match filter.order {
        Order::CreatedAt => walk!(conn, task::created_at, time_of),
        Order::UpdatedAt => walk!(conn, task::updated_at, time_of),
        Order::StartedAt => walk!(conn, task::started_at, time_of),
        Order::EndedAt => walk!(conn, task::ended_at, time_of),
        Order::Status => walk!(conn, task::status, text_of),
        Order::Name => walk!(conn, task::name, text_of),
    })?;
    part_tasks_of(rows)
}

/// Tasks whose time is not set.
fn unset(
    db: &mut Db<'_>,
    filter: &TaskFilter,
    mark: Option<&Mark>,
    limit: i64,
) -> Result<Vec<Task>, Error> {
    macro_rules! walk {
        ($conn:expr, $column:expr) => {{
            let query = filtered!(task::table.inner_join(run::table), filter);
            let mut query = query.filter($column.is_null());
            if let Some(mark) = mark {
                query = if filter.descending {
                    query.filter(task::id.lt(mark.task.0))
                } else {
                    query.filter(task::id.gt(mark.task.0))
                };
            }
            // The column is null in all of them, but named it leads PostgreSQL to its index.
            ordered!(query, filter, $column)
                .select(listed!())
                .limit(limit)
                .load($conn)
        }};
    }
    let rows: Vec<PartRows> = match filter.order {
        Order::StartedAt => on!(db, |conn| walk!(conn, task::started_at))?,
        Order::EndedAt => on!(db, |conn| walk!(conn, task::ended_at))?,
        // Always set.
        Order::CreatedAt | Order::UpdatedAt | Order::Status | Order::Name => Vec::new(),
    };
    part_tasks_of(rows)
}

/// A mark is of its order: a time among times, a text among texts.
fn time_of(mark: &Mark) -> At {
    match mark.key {
        Key::At(at) => At(at),
        Key::Text(_) | Key::Unset => At(DateTime::UNIX_EPOCH),
    }
}

fn text_of(mark: &Mark) -> &str {
    match &mark.key {
        Key::Text(text) => text,
        Key::At(_) | Key::Unset => "",
    }
}

fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for letter in text.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
