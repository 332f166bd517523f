//! Inserts, reads, locks and saves tasks with their runs. `pages.rs` lists them, `batch.rs` saves many at once.
//!
//! Functions named `unscoped_` read tasks of any account, for the bridge's own work. Queries for a unique key have no `LIMIT`,
//! because SQLite prepares a statement again if its limit is a parameter.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::connection::{Db, on};
use super::error::Error;
use super::events::octet_length;
use super::iaso;
use super::rows::{RunColumns, TaskColumns, task_of};
use super::schema::{run, task};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::task::Task;

pub(super) type Rows = (i64, TaskColumns, RunColumns);
/// The same with the size of the result in bytes, because the result itself can be left out.
pub(super) type PartRows = (i64, TaskColumns, RunColumns, Option<i32>);

/// Lists and streams show results of up to this many bytes.
pub(super) const MAX_SHOWN_RESULT: i32 = 16_384;
/// Bytes of all results in one list.
const MAX_RESULTS_OF_LIST: usize = 1_048_576;

/// The columns of [`PartRows`], with this expression for the result, in the order of [`TaskColumns`].
macro_rules! part_columns {
    ($data:expr) => {
        (
            task::id,
            (
                task::account_id,
                task::connection_id,
                task::name,
                task::pipeline_id,
                task::pipeline_code,
                task::pipeline_name,
                task::version,
                task::launcher_id,
                task::launcher_username,
                task::launcher_name,
                task::search,
                task::state,
                task::status,
                task::reported,
                task::run_end,
                task::message,
                task::progress_value,
                task::end_value,
                $data,
                task::data_late,
                task::note,
                task::note_code,
                task::called_back,
                task::created_at,
                task::started_at,
                task::ended_at,
                task::updated_at,
                task::cancel_asked_at,
                task::relaunch_of,
                task::flow_step,
                task::revision,
            ),
            RunColumns::as_select(),
            octet_length(task::data),
        )
    };
}

/// The columns without the result.
macro_rules! without_result {
    () => {
        part_columns!(diesel::dsl::sql::<Nullable<Text>>("NULL"))
    };
}

/// The columns for lists and streams, with small results only.
macro_rules! for_list {
    () => {
        part_columns!(diesel::dsl::case_when(
            octet_length(task::data).le($crate::store::tasks::MAX_SHOWN_RESULT),
            task::data
        ))
    };
}
pub(super) use {for_list, part_columns};

/// Inserts a task without its run, and returns its id. In Iaso's database, Iaso's table assigns the id.
pub fn insert_task(db: &mut Db<'_>, new: &Task) -> Result<TaskId, Error> {
    let row = TaskColumns::from(new);
    if let Some((conn, _)) = db.attached() {
        let id = iaso::insert(conn, new)?;
        diesel::insert_into(task::table)
            .values((task::id.eq(id.0), &row))
            .execute(conn)?;
        return Ok(id);
    }
    Ok(TaskId(on!(db, |conn| diesel::insert_into(task::table)
        .values(&row)
        .returning(task::id)
        .get_result(conn))?))
}

pub fn get_task(db: &mut Db<'_>, account: AccountId, id: TaskId) -> Result<Option<Task>, Error> {
    let rows: Option<Rows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq(id.0).and(task::account_id.eq(account.0)))
        .select((task::id, TaskColumns::as_select(), RunColumns::as_select()))
        .get_result(conn)
        .optional())?;
    rows.map(|(id, row, run)| task_of(id, row, run)).transpose()
}

pub fn unscoped_task(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    let rows: Option<Rows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq(id.0))
        .select((task::id, TaskColumns::as_select(), RunColumns::as_select()))
        .get_result(conn)
        .optional())?;
    rows.map(|(id, row, run)| task_of(id, row, run)).transpose()
}

pub fn get_task_without_result(
    db: &mut Db<'_>,
    account: AccountId,
    id: TaskId,
) -> Result<Option<Task>, Error> {
    let rows: Option<PartRows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq(id.0).and(task::account_id.eq(account.0)))
        .select(without_result!())
        .get_result(conn)
        .optional())?;
    Ok(part_tasks_of(rows.into_iter().collect())?.pop())
}

/// A task with a small result only, for lists and streams.
pub fn get_task_for_list(
    db: &mut Db<'_>,
    account: AccountId,
    id: TaskId,
) -> Result<Option<Task>, Error> {
    let rows: Option<PartRows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq(id.0).and(task::account_id.eq(account.0)))
        .select(for_list!())
        .get_result(conn)
        .optional())?;
    Ok(part_tasks_of(rows.into_iter().collect())?.pop())
}

pub fn unscoped_task_without_result(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    Ok(unscoped_tasks_without_result(db, &[id])?.pop())
}

pub fn unscoped_tasks_without_result(db: &mut Db<'_>, ids: &[TaskId]) -> Result<Vec<Task>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<PartRows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq_any(&ids))
        .select(without_result!())
        .load(conn))?;
    part_tasks_of(rows)
}

/// Tasks with small results only, for lists and streams.
pub fn unscoped_tasks_for_list(db: &mut Db<'_>, ids: &[TaskId]) -> Result<Vec<Task>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<PartRows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq_any(&ids))
        .select(for_list!())
        .load(conn))?;
    part_tasks_of(rows)
}

/// Converts rows that can lack their results. Results that exceed the limit of the whole list are left out too.
pub(super) fn part_tasks_of(rows: Vec<PartRows>) -> Result<Vec<Task>, Error> {
    let mut budget = MAX_RESULTS_OF_LIST;
    let one = |(id, mut row, run, size): PartRows| {
        let length = row.data.as_ref().map_or(0, String::len);
        if length > budget {
            row.data = None;
        }
        budget -= row.data.as_ref().map_or(0, String::len);
        let unread = size.filter(|_| row.data.is_none()).map(i64::from);
        Ok(Task {
            unread,
            ..task_of(id, row, run)?
        })
    };
    rows.into_iter().map(one).collect()
}

pub fn unscoped_tasks(db: &mut Db<'_>, ids: &[TaskId]) -> Result<Vec<Task>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Rows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq_any(&ids))
        .select((task::id, TaskColumns::as_select(), RunColumns::as_select()))
        .load(conn))?;
    tasks_of(rows)
}

pub(super) fn tasks_of(rows: Vec<Rows>) -> Result<Vec<Task>, Error> {
    let rows = rows.into_iter();
    rows.map(|(id, row, run)| task_of(id, row, run)).collect()
}

/// Like [`lock_task`], but without the result, so the task cannot be saved.
pub fn lock_task_without_result(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    lock_row(db, id)?;
    unscoped_task_without_result(db, id)
}

/// Locks and reads a task: no other transaction can change it until this one ends.
pub fn lock_task(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    lock_row(db, id)?;
    unscoped_task(db, id)
}

fn lock_row(db: &mut Db<'_>, id: TaskId) -> Result<(), Error> {
    if let Db::Pg(conn, ..) = db {
        task::table
            .find(id.0)
            .select(task::id)
            .for_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    Ok(())
}

/// Like [`lock_task`], but only if the task belongs to this account; otherwise it is neither locked nor read.
pub fn lock_task_of_account(
    db: &mut Db<'_>,
    account: AccountId,
    id: TaskId,
) -> Result<Option<Task>, Error> {
    if let Db::Pg(conn, ..) = db {
        task::table
            .filter(task::id.eq(id.0).and(task::account_id.eq(account.0)))
            .select(task::id)
            .for_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    get_task(db, account, id)
}

/// Saves a task that was read with [`lock_task`] in the same transaction. Fails with [`Error::Duplicate`] if another task has
/// its run id.
pub fn save_task(db: &mut Db<'_>, before: &Task, after: &Task) -> Result<(), Error> {
    // Also if only the run has changed, because the change number for streams is in the task's row.
    update_task_row(db, after)?;
    if let Some((conn, _)) = db.attached() {
        iaso::mirror(conn, after)?;
    }
    if before.run != after.run {
        update_run_row(db, after)?;
    }
    Ok(())
}

/// Writes an unchanged task and its mirror row again, so that the same transaction has written both.
pub fn rewrite_mirror(db: &mut Db<'_>, task: &Task) -> Result<(), Error> {
    save_task(db, task, task)
}

pub(super) fn update_task_row(db: &mut Db<'_>, changed: &Task) -> Result<(), Error> {
    refuse_partial(changed)?;
    let row = TaskColumns::from(changed);
    on!(db, |conn| diesel::update(task::table.find(changed.id.0))
        .set(&row)
        .execute(conn))?;
    Ok(())
}

/// Fails for a task that was read without its result: saving it would delete the result.
pub(super) fn refuse_partial(task: &Task) -> Result<(), Error> {
    match task.unread {
        None => Ok(()),
        Some(_) => Err(Error::Corrupt("task that was read without its result")),
    }
}

pub(super) fn update_run_row(db: &mut Db<'_>, changed: &Task) -> Result<(), Error> {
    let row = RunColumns::from(&changed.run);
    on!(db, |conn| diesel::update(run::table.find(changed.id.0))
        .set(&row)
        .execute(conn))?;
    Ok(())
}
