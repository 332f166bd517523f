//! What changed since: each change of a task has a number that the database itself gives it (see the migration
//! `changes`), so that no writer can forget to.
//!
//! On SQLite, which has one writer, numbers become visible in their order. On PostgreSQL a number is that of its
//! transaction, and those commit in any order; but it tells the lowest number that is still open. Whoever has read
//! everything and goes on from that number reads some changes twice and misses none, whatever the clocks say.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::connection::{Db, Pg, on};
use super::error::Error;
use super::tasks::many_listed;
use crate::domain::ids::{AccountId, TaskId};
use crate::domain::task::Task;

// Apart from the columns that make a task: what it is does not depend on when it was written.
diesel::table! {
    #[sql_name = "task"]
    change (id) {
        id -> BigInt,
        account_id -> BigInt,
        changed -> BigInt,
    }
}

diesel::table! {
    change_counter (value) {
        value -> BigInt,
    }
}

/// A task and the number of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Queryable)]
pub struct Head {
    pub task: i64,
    pub changed: i64,
}

/// Which part of an account's changes.
#[derive(Clone, Copy, Debug)]
pub struct Since {
    pub account: AccountId,
    /// The first number that is wanted.
    pub from: i64,
    /// What was read before.
    pub after: Option<Head>,
    pub limit: i64,
}

/// Every change with a lower number is settled: what is read after this shows it. Never a number too high, and with
/// nothing under way the next one to be given.
pub fn horizon(db: &mut Db<'_>) -> Result<i64, Error> {
    match db {
        Db::Sqlite(conn) => Ok(change_counter::table
            .select(change_counter::value + 1)
            .first(*conn)?),
        Db::Pg(conn, _) => of_transactions(conn),
    }
}

#[derive(QueryableByName)]
struct Transactions {
    #[diesel(sql_type = BigInt)]
    settled: i64,
    /// No number from here on can be visible in this very look,
    #[diesel(sql_type = BigInt)]
    invisible: i64,
    /// unless it was given by another server.
    #[diesel(sql_type = Nullable<BigInt>)]
    newest: Option<i64>,
}

const LOOK: &str = "SELECT value + txid_snapshot_xmin(now) AS settled, value + txid_snapshot_xmax(now) AS invisible, \
    (SELECT max(changed) FROM task) AS newest FROM change_counter, txid_current_snapshot() now";
const COUNT_ON: &str = "UPDATE change_counter SET value = (SELECT max(changed) FROM task) \
    WHERE value + txid_snapshot_xmax(txid_current_snapshot()) <= (SELECT max(changed) FROM task)";

fn of_transactions(conn: &mut Pg) -> Result<i64, Error> {
    let look: Transactions = diesel::sql_query(LOOK).get_result(conn)?;
    if look.newest < Some(look.invisible) {
        return Ok(look.settled);
    }
    count_on(conn)?;
    let look: Transactions = diesel::sql_query(LOOK).get_result(conn)?;
    Ok(look.settled)
}

/// Goes on from the highest number there is, should this server's own transactions not have come so far.
pub(super) fn count_on(conn: &mut Pg) -> QueryResult<()> {
    diesel::sql_query(COUNT_ON).execute(conn).map(|_| ())
}

/// What changed with this number or a higher one, lowest first.
pub fn heads(db: &mut Db<'_>, from: i64) -> Result<Vec<Head>, Error> {
    Ok(on!(db, |conn| change::table
        .filter(change::changed.ge(from))
        .order((change::changed, change::id))
        .select((change::id, change::changed))
        .load(conn))?)
}

/// A part of what changed in an account, lowest number first.
pub fn changed_since(db: &mut Db<'_>, since: &Since) -> Result<Vec<(Head, Task)>, Error> {
    let heads: Vec<Head> = on!(db, |conn| {
        let mut query = change::table
            .filter(change::account_id.eq(since.account.0))
            .filter(change::changed.ge(since.from))
            .into_boxed();
        if let Some(after) = since.after {
            let later = change::changed.gt(after.changed);
            let beside = change::changed.eq(after.changed);
            query = query.filter(later.or(beside.and(change::id.gt(after.task))));
        }
        query
            .order((change::changed, change::id))
            .limit(since.limit)
            .select((change::id, change::changed))
            .load(conn)
    })?;
    with_tasks(db, &heads)
}

/// The tasks as they are now, which may be later than their heads say; in the same order.
pub fn with_tasks(db: &mut Db<'_>, heads: &[Head]) -> Result<Vec<(Head, Task)>, Error> {
    let ids: Vec<TaskId> = heads.iter().map(|head| TaskId(head.task)).collect();
    let tasks = many_listed(db, &ids)?.into_iter();
    let mut tasks: HashMap<i64, Task> = tasks.map(|task| (task.id.0, task)).collect();
    let with_task = |head: &Head| Some((*head, tasks.remove(&head.task)?));
    Ok(heads.iter().filter_map(with_task).collect())
}
