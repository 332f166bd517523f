//! Changes of tasks, for streams. A database trigger gives each change of a task a number, so no code can forget it.
//!
//! On SQLite, which has one writer, the numbers become visible in order. On PostgreSQL the number is the id of the transaction,
//! and transactions commit in any order. But PostgreSQL reports the lowest id that is still open: all changes below it, the
//! settled position, are visible. A reader that continues from that position reads some changes twice and misses none. No clock
//! is involved.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::connection::{Db, Pg, on};
use super::error::Error;
use super::tasks::unscoped_tasks_for_list;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::task::Task;

// Not in `schema.rs`, because the change number is not part of a task.
diesel::table! {
    #[sql_name = "task"]
    change (id) {
        id -> BigInt,
        account_id -> BigInt,
        change_number -> BigInt,
    }
}

diesel::table! {
    change_counter (value) {
        value -> BigInt,
    }
}

/// A task with the number of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Queryable)]
pub struct ChangedTask {
    pub task: i64,
    pub number: i64,
}

/// Selects a part of an account's changes.
#[derive(Clone, Copy, Debug)]
pub struct ChangesQuery {
    pub account: AccountId,
    /// The lowest number to read.
    pub from: i64,
    /// The last change that was already read.
    pub after: Option<ChangedTask>,
    pub limit: i64,
}

/// The settled position.
#[derive(Clone, Copy, Debug)]
pub struct SettledPosition {
    /// All changes with a lower number are visible to the queries that follow. Without open transactions this is the number of
    /// the next change.
    pub number: i64,
    /// The database was moved here from a server with higher transaction ids, so that new changes would get numbers that are
    /// already used. The caller calls [`advance_change_counter`] and reads the position again.
    pub is_behind: bool,
}

pub fn settled_position(db: &mut Db<'_>) -> Result<SettledPosition, Error> {
    match db {
        Db::Sqlite(conn, ..) => Ok(SettledPosition {
            number: change_counter::table
                .select(change_counter::value + 1)
                .first(*conn)?,
            is_behind: false,
        }),
        Db::Pg(conn, ..) => settled_transactions(conn),
    }
}

#[derive(QueryableByName)]
struct Transactions {
    #[diesel(sql_type = BigInt)]
    settled: i64,
    /// The lowest number that this query cannot see.
    #[diesel(sql_type = BigInt)]
    invisible: i64,
    /// The highest stored number. It is below `invisible`, unless another server assigned it.
    #[diesel(sql_type = Nullable<BigInt>)]
    newest: Option<i64>,
}

const POSITION: &str = "SELECT value + txid_snapshot_xmin(now) AS settled, value + txid_snapshot_xmax(now) AS invisible, \
    (SELECT max(change_number) FROM task) AS newest FROM change_counter, txid_current_snapshot() now";
const ADVANCE: &str = "UPDATE change_counter SET value = (SELECT max(change_number) FROM task) \
    WHERE value + txid_snapshot_xmax(txid_current_snapshot()) <= (SELECT max(change_number) FROM task)";

fn settled_transactions(conn: &mut Pg) -> Result<SettledPosition, Error> {
    let found: Transactions = diesel::sql_query(POSITION).get_result(conn)?;
    Ok(SettledPosition {
        number: found.settled,
        is_behind: found.newest >= Some(found.invisible),
    })
}

/// Makes new changes continue after the highest stored number, if the server's transaction ids are not that high yet.
pub fn advance_change_counter(db: &mut Db<'_>) -> Result<(), Error> {
    match db {
        Db::Sqlite(..) => Ok(()),
        Db::Pg(conn, ..) => Ok(advance_counter(conn)?),
    }
}

pub(super) fn advance_counter(conn: &mut Pg) -> QueryResult<()> {
    diesel::sql_query(ADVANCE).execute(conn).map(|_| ())
}

/// The changes with this number or a higher one, lowest first.
pub fn changed_tasks(db: &mut Db<'_>, from: i64) -> Result<Vec<ChangedTask>, Error> {
    Ok(on!(db, |conn| change::table
        .filter(change::change_number.ge(from))
        .order((change::change_number, change::id))
        .select((change::id, change::change_number))
        .load(conn))?)
}

/// Some changes of an account with their tasks, lowest number first.
pub fn changed_since(
    db: &mut Db<'_>,
    since: &ChangesQuery,
) -> Result<Vec<(ChangedTask, Task)>, Error> {
    let changed: Vec<ChangedTask> = on!(db, |conn| {
        let mut query = change::table
            .filter(change::account_id.eq(since.account.0))
            .filter(change::change_number.ge(since.from))
            .into_boxed();
        if let Some(after) = since.after {
            let later = change::change_number.gt(after.number);
            let same = change::change_number.eq(after.number);
            query = query.filter(later.or(same.and(change::id.gt(after.task))));
        }
        query
            .order((change::change_number, change::id))
            .limit(since.limit)
            .select((change::id, change::change_number))
            .load(conn)
    })?;
    with_tasks(db, &changed)
}

/// The changes with their tasks, in the same order. A task can have changed again since.
pub fn with_tasks(
    db: &mut Db<'_>,
    changed: &[ChangedTask],
) -> Result<Vec<(ChangedTask, Task)>, Error> {
    let ids: Vec<TaskId> = changed.iter().map(|one| TaskId(one.task)).collect();
    let tasks = unscoped_tasks_for_list(db, &ids)?.into_iter();
    let mut tasks: HashMap<i64, Task> = tasks.map(|task| (task.id.0, task)).collect();
    let with_task = |one: &ChangedTask| Some((*one, tasks.remove(&one.task)?));
    Ok(changed.iter().filter_map(with_task).collect())
}
