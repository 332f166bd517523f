//! Many tasks in one transaction: read and locked, saved, and their events told, in as few statements as there can be.
//!
//! PostgreSQL takes each as one statement, its rows as arrays, so that its text is prepared once whatever the number;
//! SQLite has no way to travel, and takes them one by one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text};

use super::connection::{Db, on};
use super::error::Error;
use super::iaso;
use super::rows::TaskRow;
use super::schema::{event, task};
use super::tasks::{get, many, save_run, save_task, whole};
use super::types::{At, Stamp};
use crate::domain::event::Event;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::task::Task;

/// A task as it was read and as it is to be.
pub struct Change {
    pub before: Task,
    pub after: Task,
}

/// An event to be told of a task.
pub struct Told {
    pub account: AccountId,
    pub task: TaskId,
    pub event: Event,
}

/// Reads tasks that the transaction then owns, each of its account; those that it does not have are left out, and of
/// another account's nothing is waited for or read.
///
/// Locked in the order of accounts and ids, so that two who lock several cannot wait for each other. Read by a statement
/// of its own: one that waited for a lock would show the task as it is and its run as it was.
pub fn lock_many(
    db: &mut Db<'_>,
    wanted: &BTreeSet<(AccountId, TaskId)>,
) -> Result<HashMap<TaskId, Task>, Error> {
    let conn = match db {
        Db::Sqlite(_) => return one_by_one(db, wanted),
        Db::Pg(conn, _) => &mut **conn,
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
    let known = many(db, &locked)?.into_iter();
    Ok(known.map(|task| (task.id, task)).collect())
}

fn one_by_one(
    db: &mut Db<'_>,
    wanted: &BTreeSet<(AccountId, TaskId)>,
) -> Result<HashMap<TaskId, Task>, Error> {
    let mut known = HashMap::new();
    for (account, id) in wanted {
        if let Some(task) = get(db, *account, *id)? {
            known.insert(*id, task);
        }
    }
    Ok(known)
}

/// Saves what changed of tasks read with [`lock_many`] in the same transaction.
pub fn save_many(db: &mut Db<'_>, changes: &[Change]) -> Result<(), Error> {
    for change in changes {
        whole(&change.after)?;
    }
    match db {
        Db::Sqlite(_) => {
            for change in changes {
                save_task(db, &change.after)?;
            }
        }
        Db::Pg(..) if changes.is_empty() => {}
        Db::Pg(conn, beside) => {
            SaveTasks::from(changes).execute(&mut **conn)?;
            if beside.is_some() {
                iaso::mirror_moved(conn, changes)?;
            }
        }
    }
    for change in changes {
        if change.before.run != change.after.run {
            save_run(db, &change.after)?;
        }
    }
    Ok(())
}

/// Tells events, in their order.
pub fn add_events(db: &mut Db<'_>, told: &[Told]) -> Result<(), Error> {
    match db {
        Db::Sqlite(_) => {
            for one in told {
                add_event(db, one.account, one.task, &one.event)?;
            }
        }
        Db::Pg(..) if told.is_empty() => {}
        Db::Pg(conn, None) => {
            AddEvents::from(told).execute(&mut **conn)?;
        }
        Db::Pg(conn, Some(_)) => {
            iaso::LogsToo(AddEvents::from(told)).execute(&mut **conn)?;
        }
    }
    Ok(())
}

/// Everything of a task that may change after its launch.
#[derive(Default)]
struct SaveTasks<'a> {
    id: Vec<i64>,
    state: Vec<String>,
    status: Vec<String>,
    said: Vec<Option<String>>,
    run_end: Vec<Option<String>>,
    message: Vec<Option<&'a str>>,
    progress_value: Vec<i32>,
    end_value: Vec<i32>,
    data: Vec<Option<String>>,
    data_late: Vec<bool>,
    note: Vec<Option<&'a str>>,
    note_code: Vec<Option<&'a str>>,
    called_back: Vec<bool>,
    started_at: Vec<Option<At>>,
    ended_at: Vec<Option<At>>,
    updated_at: Vec<At>,
    cancel_asked_at: Vec<Option<At>>,
    revision: Vec<i64>,
}

impl<'a> From<&'a [Change]> for SaveTasks<'a> {
    fn from(changes: &'a [Change]) -> Self {
        let mut all = Self::default();
        for Change { after, .. } in changes {
            let row = TaskRow::from(after);
            all.id.push(after.id.0);
            all.state.push(row.state);
            all.status.push(row.status);
            all.said.push(row.said);
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

impl SaveTasks<'_> {
    /// The columns from `id` to `end_value`.
    fn push_progress<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<BigInt>, _>(&self.id)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.state)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.status)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.said)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.run_end)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.message)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.progress_value)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Integer>, _>(&self.end_value)?;
        Ok(())
    }

    /// The columns from `data` to `revision`.
    fn push_outcome<'b>(&'b self, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.data)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bool>, _>(&self.data_late)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.note)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.note_code)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bool>, _>(&self.called_back)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Stamp>>, _>(&self.started_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Stamp>>, _>(&self.ended_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Stamp>, _>(&self.updated_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Stamp>>, _>(&self.cancel_asked_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.revision)?;
        Ok(())
    }
}

impl QueryFragment<Pg> for SaveTasks<'_> {
    #[rustfmt::skip]
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "UPDATE task SET state = new.state, status = new.status, said = new.said, run_end = new.run_end, \
             message = new.message, progress_value = new.progress_value, end_value = new.end_value, data = new.data, \
             data_late = new.data_late, note = new.note, note_code = new.note_code, called_back = new.called_back, started_at = new.started_at, \
             ended_at = new.ended_at, updated_at = new.updated_at, cancel_asked_at = new.cancel_asked_at, \
             revision = new.revision FROM unnest(",
        );
        self.push_progress(&mut out)?;
        self.push_outcome(&mut out)?;
        out.push_sql(
            ") AS new (id, state, status, said, run_end, message, progress_value, end_value, data, data_late, note, \
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
            &[Told {
                account,
                task,
                event,
            }],
        );
    }
    let row = (
        event::task_id.eq(task.0),
        event::account_id.eq(account.0),
        event::at.eq(At(new.at)),
        event::source.eq(new.source.word()),
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
    at: Vec<At>,
    source: Vec<&'a str>,
    code: Vec<&'a str>,
    data: Vec<Option<String>>,
    message: Vec<Option<&'a str>>,
}

impl<'a> From<&'a [Told]> for AddEvents<'a> {
    fn from(told: &'a [Told]) -> Self {
        let mut all = Self::default();
        for Told {
            account,
            task,
            event,
        } in told
        {
            all.task.push(task.0);
            all.account.push(account.0);
            all.at.push(At(event.at));
            all.source.push(event.source.word());
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
        out.push_bind_param::<Array<BigInt>, _>(&self.task)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.account)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Stamp>, _>(&self.at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.source)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.code)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.data)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.message)?;
        out.push_sql(
            ") WITH ORDINALITY AS new (task_id, account_id, at, source, code, data, message, place) ORDER BY place",
        );
        Ok(())
    }
}
