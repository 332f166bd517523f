//! The pipelines and launchers of an account's tasks, for the filters of the list.
//!
//! There is no table of them. Each step of [`newest_of_each`] jumps to the next pipeline or user in an index, so the number of
//! tasks does not matter. API keys have no index: those of the newest tasks are read.

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::task;
use super::types::DbUuid;
use crate::domain::ids::{AccountId, PipelineId};
use crate::domain::principal::{Actor, Person};

/// How many pipelines and how many users are listed at most.
const MOST: usize = 200;
/// How many tasks that no user launched are read.
const MOST_READ: i64 = 1000;

/// The pipelines that have tasks, with their name at the last launch.
pub fn pipelines_of_tasks(
    db: &mut Db<'_>,
    account: AccountId,
) -> Result<Vec<(PipelineId, String)>, Error> {
    let newest = newest_of_each(db, account, "pipeline_id")?;
    if newest.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(DbUuid, String)> = on!(db, |conn| task::table
        .filter(task::id.eq_any(&newest))
        .select((task::pipeline_id, task::pipeline_name))
        .load(conn))?;
    let rows = rows.into_iter();
    Ok(rows.map(|(id, name)| (PipelineId(id.0), name)).collect())
}

/// The users of Iaso who launched tasks, with their name at the last launch.
pub fn launchers_of_tasks(db: &mut Db<'_>, account: AccountId) -> Result<Vec<Person>, Error> {
    type Row = (Option<i64>, Option<String>, Option<String>);
    let newest = newest_of_each(db, account, "launcher_id")?;
    if newest.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = on!(db, |conn| task::table
        .filter(task::id.eq_any(&newest))
        .select((
            task::launcher_id,
            task::launcher_username,
            task::launcher_name,
        ))
        .load(conn))?;
    let person = |(id, username, full_name): Row| {
        Some(Person {
            id: id?,
            username: username?,
            full_name: full_name?,
        })
    };
    Ok(rows.into_iter().filter_map(person).collect())
}

/// The keys that launched the newest tasks, each once, the most recent first.
pub fn actors_of_tasks(db: &mut Db<'_>, account: AccountId) -> Result<Vec<Actor>, Error> {
    let rows: Vec<Option<String>> = on!(db, |conn| task::table
        .filter(task::account_id.eq(account.0))
        .filter(task::launcher_id.is_null())
        .order((task::created_at.desc(), task::id.desc()))
        .limit(MOST_READ)
        .select(task::launcher_name)
        .load(conn))?;
    let mut actors: Vec<Actor> = Vec::new();
    for stored in rows.into_iter().flatten() {
        let actor = Actor::read(&stored);
        if !actors.contains(&actor) {
            actors.push(actor);
        }
    }
    Ok(actors)
}

#[derive(QueryableByName)]
struct TaskIdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// The newest task of each value of this column. There is an index of account, column, creation and id.
fn newest_of_each(
    db: &mut Db<'_>,
    AccountId(account): AccountId,
    column: &'static str,
) -> Result<Vec<i64>, Error> {
    let order = format!("ORDER BY next.{column} DESC, next.created_at DESC, next.id DESC LIMIT 1");
    let own = format!("FROM task AS next WHERE next.account_id = {account} AND next.{column}");
    let query = format!(
        "WITH RECURSIVE newest (id, place) AS (\
           SELECT (SELECT next.id {own} IS NOT NULL {order}), 1 \
           UNION ALL \
           SELECT (SELECT next.id {own} < (SELECT last.{column} FROM task AS last WHERE last.id = newest.id) {order}), \
             newest.place + 1 FROM newest WHERE newest.id IS NOT NULL AND newest.place < {MOST}\
         ) SELECT id FROM newest WHERE id IS NOT NULL"
    );
    let rows: Vec<TaskIdRow> = on!(db, |conn| diesel::sql_query(query).load(conn))?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
