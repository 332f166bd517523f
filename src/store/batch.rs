//! Batch writes: locks, reads and saves many tasks and adds their events in one transaction, with as few statements as
//! possible.
//!
//! On PostgreSQL each operation is one statement that takes the rows as arrays, so that one prepared statement serves any
//! number of rows. SQLite has no network round trips, so the rows are written one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Bool, Integer, Nullable, Text};

use super::connection::{Db, on};
use super::error::Error;
use super::iaso;
use super::rows::TaskColumns;
use super::schema::{event, task};
use super::tasks::{get_task, refuse_partial, unscoped_tasks, update_run_row, update_task_row};
use super::types::{DbTime, SqlTimestamp, push_arrays};
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::task::Task;

/// A task before and after a change.
pub struct TaskChange {
    pub before: Task,
    pub after: Task,
}

/// An event to add to a task's history.
pub struct TaskEvent {
    pub account: AccountId,
    pub task: TaskId,
    pub event: Event,
}

/// Locks and reads tasks, each only if it belongs to the given account. Other ids are left out: tasks of other accounts are
/// neither locked nor read.
///
/// Tasks are locked in the order of accounts and ids, so that two transactions that lock several tasks cannot deadlock. They
/// are read by a second statement: a statement that waited for a lock could return the new task with the old run.
pub fn lock_tasks(
    db: &mut Db<'_>,
    wanted: &BTreeSet<(AccountId, TaskId)>,
) -> Result<HashMap<TaskId, Task>, Error> {
    let conn = match db {
        Db::Sqlite(..) => return lock_one_by_one(db, wanted),
        Db::Pg(conn, ..) => &mut **conn,
    };
    let mut by_account: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (account, id) in wanted {
        by_account.entry(account.0).or_default().push(id.0);
    }
    let mut locked = Vec::new();
    for (account, ids) in by_account {
        let own = task::account_id.eq(account).and(task::id.eq_any(ids));
        let query = task::table.filter(own).order(task::id).select(task::id);
        locked.extend(query.for_update().load::<i64>(conn)?);
    }
    let locked: Vec<TaskId> = locked.into_iter().map(TaskId).collect();
    let tasks = unscoped_tasks(db, &locked)?.into_iter();
    Ok(tasks.map(|task| (task.id, task)).collect())
}

fn lock_one_by_one(
    db: &mut Db<'_>,
    wanted: &BTreeSet<(AccountId, TaskId)>,
) -> Result<HashMap<TaskId, Task>, Error> {
    let mut known = HashMap::new();
    for (account, id) in wanted {
        if let Some(task) = get_task(db, *account, *id)? {
            known.insert(*id, task);
        }
    }
    Ok(known)
}

/// Saves the changes of tasks that were read with [`lock_tasks`] in the same transaction.
pub fn save_tasks(db: &mut Db<'_>, changes: &[TaskChange]) -> Result<(), Error> {
    for change in changes {
        refuse_partial(&change.after)?;
    }
    match db {
        Db::Sqlite(..) => {
            for change in changes {
                update_task_row(db, &change.after)?;
            }
        }
        Db::Pg(..) if changes.is_empty() => {}
        Db::Pg(conn, attachment, ..) => {
            SaveTasks::from(changes).execute(&mut **conn)?;
            if attachment.is_some() {
                iaso::update_mirrors(conn, changes)?;
            }
        }
    }
    for change in changes {
        if change.before.run != change.after.run {
            update_run_row(db, &change.after)?;
        }
    }
    Ok(())
}

/// Adds events in the given order.
pub fn add_events(db: &mut Db<'_>, events: &[TaskEvent]) -> Result<(), Error> {
    match db {
        Db::Sqlite(..) => {
            for one in events {
                add_event(db, one.account, one.task, &one.event)?;
            }
        }
        Db::Pg(..) if events.is_empty() => {}
        Db::Pg(conn, None, ..) => {
            AddEvents::from(events).execute(&mut **conn)?;
        }
        Db::Pg(conn, Some(_), ..) => {
            iaso::AddEventsAndLogLines(AddEvents::from(events)).execute(&mut **conn)?;
        }
    }
    Ok(())
}

/// The columns of tasks that can change after the launch, as arrays.
#[derive(Default)]
struct SaveTasks<'a> {
    id: Vec<i64>,
    search: Vec<String>,
    state: Vec<String>,
    status: Vec<String>,
    reported: Vec<Option<String>>,
    run_end: Vec<Option<String>>,
    message: Vec<Option<&'a str>>,
    progress_value: Vec<i32>,
    end_value: Vec<i32>,
    data: Vec<Option<String>>,
    data_late: Vec<bool>,
    note: Vec<Option<&'a str>>,
    note_code: Vec<Option<&'a str>>,
    called_back: Vec<bool>,
    started_at: Vec<Option<DbTime>>,
    ended_at: Vec<Option<DbTime>>,
    updated_at: Vec<DbTime>,
    cancel_asked_at: Vec<Option<DbTime>>,
    revision: Vec<i64>,
}

impl<'a> From<&'a [TaskChange]> for SaveTasks<'a> {
    fn from(changes: &'a [TaskChange]) -> Self {
        let mut all = Self::default();
        for TaskChange { after, .. } in changes {
            let row = TaskColumns::from(after);
            all.id.push(after.id.0);
            all.search.push(row.search);
            all.state.push(row.state);
            all.status.push(row.status);
            all.reported.push(row.reported);
            all.run_end.push(row.run_end);
            all.message.push(after.message.as_deref());
            all.progress_value.push(row.progress_value);
            all.end_value.push(row.end_value);
            all.data.push(row.data);
            all.data_late.push(row.data_late);
            let note = after.note.as_ref();
            all.note.push(note.and_then(|note| note.value.as_deref()));
            all.note_code.push(note.map(|note| note.code.code()));
            all.called_back.push(row.called_back);
            all.started_at.push(row.started_at);
            all.ended_at.push(row.ended_at);
            all.updated_at.push(row.updated_at);
            all.cancel_asked_at.push(row.cancel_asked_at);
            all.revision.push(row.revision);
        }
        all
    }
}

impl QueryId for SaveTasks<'_> {
    type QueryId = SaveTasks<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn> RunQueryDsl<Conn> for SaveTasks<'_> {}

impl QueryFragment<Pg> for SaveTasks<'_> {
    #[rustfmt::skip]
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE task SET search = new.search, state = new.state, status = new.status, reported = new.reported, run_end = new.run_end, \
             message = new.message, progress_value = new.progress_value, end_value = new.end_value, data = new.data, \
             data_late = new.data_late, note = new.note, note_code = new.note_code, called_back = new.called_back, started_at = new.started_at, \
             ended_at = new.ended_at, updated_at = new.updated_at, cancel_asked_at = new.cancel_asked_at, \
             revision = new.revision FROM unnest(",
        );
        push_arrays!(
            out,
            BigInt => &self.id,
            Text => &self.search,
            Text => &self.state,
            Text => &self.status,
            Nullable<Text> => &self.reported,
            Nullable<Text> => &self.run_end,
            Nullable<Text> => &self.message,
            Integer => &self.progress_value,
            Integer => &self.end_value,
            Nullable<Text> => &self.data,
            Bool => &self.data_late,
            Nullable<Text> => &self.note,
            Nullable<Text> => &self.note_code,
            Bool => &self.called_back,
            Nullable<SqlTimestamp> => &self.started_at,
            Nullable<SqlTimestamp> => &self.ended_at,
            SqlTimestamp => &self.updated_at,
            Nullable<SqlTimestamp> => &self.cancel_asked_at,
            BigInt => &self.revision,
        );
        out.push_sql(
            ") AS new (id, search, state, status, reported, run_end, message, progress_value, end_value, data, data_late, note, \
             note_code, called_back, started_at, ended_at, updated_at, cancel_asked_at, revision) WHERE task.id = new.id",
        );
        Ok(())
    }
}

pub fn add_event(
    db: &mut Db<'_>,
    account: AccountId,
    task: TaskId,
    new: &Event,
) -> Result<(), Error> {
    if db.attached().is_some() {
        let event = new.clone();
        return add_events(
            db,
            &[TaskEvent {
                account,
                task,
                event,
            }],
        );
    }
    let row = (
        event::task_id.eq(task.0),
        event::account_id.eq(account.0),
        event::at.eq(DbTime(new.at)),
        event::source.eq(new.source.as_str()),
        event::code.eq(new.kind.code()),
        event::data.eq(new.data.stored()),
        event::message.eq(&new.message),
    );
    on!(db, |conn| diesel::insert_into(event::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

#[derive(Default)]
pub(super) struct AddEvents<'a> {
    task: Vec<i64>,
    account: Vec<i64>,
    at: Vec<DbTime>,
    source: Vec<&'a str>,
    code: Vec<&'a str>,
    data: Vec<Option<String>>,
    message: Vec<Option<&'a str>>,
}

impl<'a> From<&'a [TaskEvent]> for AddEvents<'a> {
    fn from(events: &'a [TaskEvent]) -> Self {
        let mut all = Self::default();
        for TaskEvent {
            account,
            task,
            event,
        } in events
        {
            all.task.push(task.0);
            all.account.push(account.0);
            all.at.push(DbTime(event.at));
            all.source.push(event.source.as_str());
            all.code.push(event.kind.code());
            all.data.push(event.data.stored());
            all.message.push(event.message.as_deref());
        }
        all
    }
}

impl QueryId for AddEvents<'_> {
    type QueryId = AddEvents<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn> RunQueryDsl<Conn> for AddEvents<'_> {}

impl QueryFragment<Pg> for AddEvents<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO event (task_id, account_id, at, source, code, data, message) \
             SELECT task_id, account_id, at, source, code, data, message FROM unnest(",
        );
        push_arrays!(
            out,
            BigInt => &self.task,
            BigInt => &self.account,
            SqlTimestamp => &self.at,
            Text => &self.source,
            Text => &self.code,
            Nullable<Text> => &self.data,
            Nullable<Text> => &self.message,
        );
        out.push_sql(
            ") WITH ORDINALITY AS new (task_id, account_id, at, source, code, data, message, place) ORDER BY place",
        );
        Ok(())
    }
}
