//! Tasks with their runs: made, read, locked, saved. `pages.rs` lists them.
//!
//! A row of a unique key is asked for without a limit: SQLite prepares a statement anew whose limit is a parameter.

use diesel::prelude::*;
use diesel::sql_types::{Nullable, Text};

use super::connection::{Db, on};
use super::error::Error;
use super::events::octet_length;
use super::iaso;
use super::rows::{RunRow, TaskRow, task_of};
use super::schema::{run, task};
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::task::Task;

pub(super) type Rows = (i64, TaskRow, RunRow);
/// The same with the bytes of the result, which may not be among the columns.
pub(super) type PartRows = (i64, TaskRow, RunRow, Option<i32>);

/// Bytes of a result that a list or a stream shows.
pub(super) const SHOWN: i32 = 16_384;
/// Bytes of the results of one list together.
const LISTED: usize = 1_048_576;

/// The columns of [`PartRows`] with this one for the result, in the order of [`TaskRow`].
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
                task::said,
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
                task::revision,
            ),
            RunRow::as_select(),
            octet_length(task::data),
        )
    };
}

/// For what shows no result.
macro_rules! brief {
    () => {
        part_columns!(diesel::dsl::sql::<Nullable<Text>>("NULL"))
    };
}

/// For lists and streams, which show small results.
macro_rules! listed {
    () => {
        part_columns!(diesel::dsl::case_when(
            octet_length(task::data).le($crate::store::tasks::SHOWN),
            task::data
        ))
    };
}
pub(super) use {listed, part_columns};

/// Inserts a task without its run, and returns its id. In Iaso's database, Iaso's table assigns the id.
pub fn insert_task(db: &mut Db<'_>, new: &Task) -> Result<TaskId, Error> {
    let row = TaskRow::from(new);
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

/// A task without its result.
pub fn get_brief(db: &mut Db<'_>, account: AccountId, id: TaskId) -> Result<Option<Task>, Error> {
    let rows: Option<PartRows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq(id.0).and(task::account_id.eq(account.0)))
        .select(brief!())
        .get_result(conn)
        .optional())?;
    Ok(part_tasks_of(rows.into_iter().collect())?.pop())
}

/// A task as a list shows it.
pub fn get_listed(db: &mut Db<'_>, account: AccountId, id: TaskId) -> Result<Option<Task>, Error> {
    let rows: Option<PartRows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq(id.0).and(task::account_id.eq(account.0)))
        .select(listed!())
        .get_result(conn)
        .optional())?;
    Ok(part_tasks_of(rows.into_iter().collect())?.pop())
}

/// A task of whichever account without its result, for the bridge's own work.
pub fn any_brief(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    Ok(many_brief(db, &[id])?.pop())
}

/// Many tasks of whichever account without their results, for the bridge's own work.
pub fn many_brief(db: &mut Db<'_>, ids: &[TaskId]) -> Result<Vec<Task>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<PartRows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq_any(&ids))
        .select(brief!())
        .load(conn))?;
    part_tasks_of(rows)
}

/// Many tasks of whichever account, as a list shows them.
pub fn many_listed(db: &mut Db<'_>, ids: &[TaskId]) -> Result<Vec<Task>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<PartRows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq_any(&ids))
        .select(listed!())
        .load(conn))?;
    part_tasks_of(rows)
}

/// Tasks of which not every result was read. Those of a list have a budget together: what is beyond it is left out too.
pub(super) fn part_tasks_of(rows: Vec<PartRows>) -> Result<Vec<Task>, Error> {
    let mut budget = LISTED;
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

/// Many tasks of whichever account, for the bridge's own work.
pub fn many(db: &mut Db<'_>, ids: &[TaskId]) -> Result<Vec<Task>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Rows> = on!(db, |conn| task::table
        .inner_join(run::table)
        .filter(task::id.eq_any(&ids))
        .select((task::id, TaskRow::as_select(), RunRow::as_select()))
        .load(conn))?;
    tasks_of(rows)
}

pub(super) fn tasks_of(rows: Vec<Rows>) -> Result<Vec<Task>, Error> {
    let rows = rows.into_iter();
    rows.map(|(id, row, run)| task_of(id, row, run)).collect()
}

/// As [`lock`], without the result: for what saves nothing of the task itself.
pub fn lock_brief(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    lock_row(db, id)?;
    any_brief(db, id)
}

/// Reads a task that the transaction then owns: nobody else moves it before the transaction ends.
pub fn lock(db: &mut Db<'_>, id: TaskId) -> Result<Option<Task>, Error> {
    lock_row(db, id)?;
    any(db, id)
}

fn lock_row(db: &mut Db<'_>, id: TaskId) -> Result<(), Error> {
    if let Db::Pg(conn, _) = db {
        task::table
            .find(id.0)
            .select(task::id)
            .for_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    Ok(())
}

/// As [`lock`], of this account's alone: another one's is neither waited for nor read.
pub fn lock_own(db: &mut Db<'_>, account: AccountId, id: TaskId) -> Result<Option<Task>, Error> {
    if let Db::Pg(conn, _) = db {
        task::table
            .filter(task::id.eq(id.0).and(task::account_id.eq(account.0)))
            .select(task::id)
            .for_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    get(db, account, id)
}

/// Saves what changed of a task read with [`lock`] in the same transaction. A run id that another task owns is
/// [`Error::Duplicate`].
pub fn save(db: &mut Db<'_>, before: &Task, after: &Task) -> Result<(), Error> {
    // What others follow is the task: every change of it or of its run has a number of its own.
    save_task(db, after)?;
    if let Some((conn, _)) = db.attached() {
        iaso::mirror(conn, after)?;
    }
    if before.run != after.run {
        save_run(db, after)?;
    }
    Ok(())
}

/// Writes the copy of an unchanged task again, and the task with it, so that both were written by one transaction.
pub fn save_copy(db: &mut Db<'_>, task: &Task) -> Result<(), Error> {
    save(db, task, task)
}

/// The task without its run.
pub(super) fn save_task(db: &mut Db<'_>, changed: &Task) -> Result<(), Error> {
    whole(changed)?;
    let row = TaskRow::from(changed);
    on!(db, |conn| diesel::update(task::table.find(changed.id.0))
        .set(&row)
        .execute(conn))?;
    Ok(())
}

/// What was read without its result must not be saved: the result would be lost.
pub(super) fn whole(task: &Task) -> Result<(), Error> {
    match task.unread {
        None => Ok(()),
        Some(_) => Err(Error::Corrupt("task that was read without its result")),
    }
}

/// The task's run alone.
pub(super) fn save_run(db: &mut Db<'_>, changed: &Task) -> Result<(), Error> {
    let row = RunRow::from(&changed.run);
    on!(db, |conn| diesel::update(run::table.find(changed.id.0))
        .set(&row)
        .execute(conn))?;
    Ok(())
}
