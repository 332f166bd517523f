//! Tasks with their runs: made, read, locked, saved, listed.
//!
//! A row of a unique key is asked for without a limit: SQLite prepares a statement anew whose limit is a parameter.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::rows::{RunRow, TaskRow, task_of};
use super::runs::{NewRun, insert_run};
use super::schema::{run, task};
use super::types::{At, Id};
use crate::domain::ids::{AccountId, PipelineId, TaskId};
use crate::domain::task::{Status, Task};

/// A task to be; the id in it is not looked at.
pub struct NewTask {
    pub task: Task,
    pub instance: String,
}

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

/// Which tasks, in which order, and which part of them.
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
    /// From 1.
    pub page: i64,
}

pub struct Page {
    pub count: i64,
    pub tasks: Vec<Task>,
}

type Rows = (i64, TaskRow, RunRow);

/// Stores a new task and its run, and gives it its id.
pub fn insert(db: &mut Db<'_>, new: &NewTask) -> Result<Task, Error> {
    let row = TaskRow::from(&new.task);
    let id = on!(db, |conn| diesel::insert_into(task::table)
        .values(&row)
        .returning(task::id)
        .get_result::<i64>(conn))?;
    let mut task = new.task.clone();
    task.id = TaskId(id);
    insert_run(
        db,
        &NewRun {
            task: &task,
            instance: &new.instance,
        },
    )?;
    Ok(task)
}

pub fn get(db: &mut Db<'_>, account: AccountId, id: TaskId) -> Result<Option<Task>, Error> {
    let rows: Option<Rows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq(id.0).and(task::account_id.eq(account.0)))
        .select((task::id, TaskRow::as_select(), RunRow::as_select()))
        .get_result(conn)
        .optional())?;
    rows.map(|(id, row, run)| task_of(id, row, run)).transpose()
}

/// A task of whichever account, for the bridge's own work.
pub fn any(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    let rows: Option<Rows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq(id.0))
        .select((task::id, TaskRow::as_select(), RunRow::as_select()))
        .get_result(conn)
        .optional())?;
    rows.map(|(id, row, run)| task_of(id, row, run)).transpose()
}

/// Many tasks of whichever account, for the bridge's own work.
pub fn many(db: &mut Db<'_>, ids: &[TaskId]) -> Result<Vec<Task>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Rows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq_any(&ids))
        .select((task::id, TaskRow::as_select(), RunRow::as_select()))
        .load(conn))?;
    rows.into_iter()
        .map(|(id, row, run)| task_of(id, row, run))
        .collect()
}

/// Reads a task that the transaction then owns: nobody else moves it before the transaction ends.
pub fn lock(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    if let Db::Pg(conn) = db {
        task::table
            .find(id.0)
            .select(task::id)
            .for_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    any(db, id)
}

/// Saves a task read with [`lock`] in the same transaction. A run id that another task owns is [`Error::Duplicate`].
pub fn save(db: &mut Db<'_>, changed: &Task) -> Result<(), Error> {
    save_task(db, changed)?;
    save_run(db, changed)
}

/// The task without its run.
pub(super) fn save_task(db: &mut Db<'_>, changed: &Task) -> Result<(), Error> {
    let row = TaskRow::from(changed);
    on!(db, |conn| diesel::update(task::table.find(changed.id.0))
        .set(&row)
        .execute(conn))?;
    Ok(())
}

/// The task's run alone.
pub(super) fn save_run(db: &mut Db<'_>, changed: &Task) -> Result<(), Error> {
    let row = RunRow::from(&changed.run);
    on!(db, |conn| diesel::update(run::table.find(changed.id.0))
        .set(&row)
        .execute(conn))?;
    Ok(())
}

macro_rules! filtered {
    ($filter:expr) => {{
        let filter: &TaskFilter = $filter;
        let mut query = task::table
            .inner_join(run::table)
            .filter(task::account_id.eq(filter.account.0))
            .into_boxed();
        if !filter.statuses.is_empty() {
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

/// One page of an account's tasks.
pub fn list(db: &mut Db<'_>, filter: &TaskFilter) -> Result<Page, Error> {
    let count = on!(db, |conn| filtered!(filter).count().get_result::<i64>(conn))?;
    let rows: Vec<Rows> = on!(db, |conn| {
        let query = filtered!(filter);
        let query = match filter.order {
            Order::CreatedAt => ordered!(query, filter, task::created_at),
            Order::UpdatedAt => ordered!(query, filter, task::updated_at),
            Order::StartedAt => ordered_with_nulls!(query, filter, task::started_at),
            Order::EndedAt => ordered_with_nulls!(query, filter, task::ended_at),
            Order::Status => ordered!(query, filter, task::status),
            Order::Name => ordered!(query, filter, task::name),
        };
        query
            .select((task::id, TaskRow::as_select(), RunRow::as_select()))
            .limit(filter.limit)
            .offset((filter.page - 1).saturating_mul(filter.limit))
            .load(conn)
    })?;
    let tasks = rows
        .into_iter()
        .map(|(id, row, run)| task_of(id, row, run))
        .collect::<Result<_, _>>()?;
    Ok(Page { count, tasks })
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
