//! Copies that Iaso has written over: its kill button, its worker's sweep, a row that somebody had read before a move of
//! ours and saved whole after it.
//!
//! Our transactions write a task and its copy together, so PostgreSQL itself knows both rows to be written last by the
//! same one (`xmin`). Where it is another one, somebody else has written. Nothing is compared value by value, nothing is
//! remembered, and nothing is written where nothing strayed.
//!
//! A look costs what is live and what was begun lately (`iaso.watched_for`, by Iaso's own index of `created_at`), however
//! many tasks there are beyond it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::IS_OURS;
use super::prepared::{Prepared, Question, Value};
use crate::domain::event::EventKind;
use crate::domain::ids::TaskId;
use crate::store::connection::Db;
use crate::store::error::Error;
use crate::store::types::{At, Stamp};

/// Copies that one look mends at most; after a restored backup every one of them has strayed.
const MOST: usize = 500;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

const DIFFERS: &str = "copy.account_id = task.account_id AND (copy.xmin <> task.xmin \
    OR (copy.should_be_killed AND task.cancel_asked_at IS NULL))";

/// The tasks whose copies strayed; none, and without a query, where the bridge stands alone.
pub fn strayed(db: &mut Db<'_>, now: DateTime<Utc>) -> Result<Vec<TaskId>, Error> {
    let Some((conn, beside)) = db.attached() else {
        return Ok(Vec::new());
    };
    let since = now.checked_sub_signed(beside.watched_for).unwrap_or(now);
    let look = format!(
        "SELECT task.id AS id FROM public.iaso_task AS copy JOIN task ON task.id = copy.id \
         WHERE copy.created_at >= $1 AND {IS_OURS} AND {DIFFERS} \
         UNION SELECT task.id AS id FROM run JOIN task ON task.id = run.task_id JOIN public.iaso_task AS copy ON copy.id = task.id \
         WHERE run.next_poll_at IS NOT NULL AND {IS_OURS} AND {DIFFERS} ORDER BY id LIMIT {MOST}"
    );
    let strayed: Vec<Found> = diesel::sql_query(look)
        .bind::<Stamp, _>(At(since))
        .load(conn)?;
    Ok(strayed.into_iter().map(|one| TaskId(one.id)).collect())
}

/// The tasks whose copies were moved to another account, without those that have this event already. `event` is the event
/// that is written once when a copy was moved: nothing of a task is shown to another account.
pub fn moved(db: &mut Db<'_>, now: DateTime<Utc>, event: EventKind) -> Result<Vec<TaskId>, Error> {
    let Some((conn, beside)) = db.attached() else {
        return Ok(Vec::new());
    };
    let since = now.checked_sub_signed(beside.watched_for).unwrap_or(now);
    let elsewhere = format!(
        "{IS_OURS} AND copy.account_id <> task.account_id \
         AND NOT EXISTS (SELECT 1 FROM event WHERE event.task_id = task.id AND event.code = $2)"
    );
    let look = format!(
        "SELECT task.id AS id FROM public.iaso_task AS copy JOIN task ON task.id = copy.id \
         WHERE copy.created_at >= $1 AND {elsewhere} \
         UNION SELECT task.id AS id FROM run JOIN task ON task.id = run.task_id JOIN public.iaso_task AS copy ON copy.id = task.id \
         WHERE run.next_poll_at IS NOT NULL AND {elsewhere} ORDER BY id LIMIT {MOST}"
    );
    let moved: Vec<Found> = diesel::sql_query(look)
        .bind::<Stamp, _>(At(since))
        .bind::<Text, _>(event.code())
        .load(conn)?;
    Ok(moved.into_iter().map(|one| TaskId(one.id)).collect())
}

/// Ends a copy that was moved to another account, without anything of the task: otherwise it would never end. The copy's own
/// status decides: the task may have ended after the move, and then the copy was not updated.
pub fn disown(db: &mut Db<'_>, task: TaskId, now: DateTime<Utc>) -> Result<(), Error> {
    let Some((conn, _)) = db.attached() else {
        return Ok(());
    };
    let end = format!(
        "UPDATE public.iaso_task AS copy SET status = 'KILLED', ended_at = $2 FROM task \
         WHERE task.id = $1 AND copy.id = task.id AND copy.account_id <> task.account_id AND {IS_OURS} \
         AND copy.status IN ('QUEUED', 'RUNNING')"
    );
    diesel::sql_query(end)
        .bind::<BigInt, _>(task.0)
        .bind::<Stamp, _>(At(now))
        .execute(conn)?;
    Ok(())
}

/// Every report asks it.
struct Wishes;

impl Question for Wishes {
    const TEXT: &'static str = "SELECT task.id AS id FROM task JOIN public.iaso_task AS copy ON copy.id = task.id \
         WHERE task.id = ANY($1) AND copy.account_id = task.account_id AND copy.created_at = task.created_at \
         AND copy.should_be_killed AND task.cancel_asked_at IS NULL";
}

/// Which of these tasks somebody wants to stop, in Iaso, without our tasks knowing it yet. Asked by whoever is about to
/// move them: a kill counts from when it was made, and not from the next look through the copies.
pub fn killed(db: &mut Db<'_>, tasks: &[TaskId]) -> Result<Vec<TaskId>, Error> {
    let Some((conn, _)) = db.attached() else {
        return Ok(Vec::new());
    };
    let ids = tasks.iter().map(|task| task.0).collect();
    let question = Prepared::<Wishes>::with([Value::BigInts(ids)]);
    let wished: Vec<Found> = question.load(conn)?;
    Ok(wished.into_iter().map(|one| TaskId(one.id)).collect())
}

/// Whether the copy of one task strayed, which the transaction owns.
pub fn has_strayed(db: &mut Db<'_>, task: TaskId) -> Result<bool, Error> {
    let Some((conn, _)) = db.attached() else {
        return Ok(false);
    };
    let look = format!(
        "SELECT task.id AS id FROM task JOIN public.iaso_task AS copy ON copy.id = task.id \
         WHERE task.id = $1 AND {IS_OURS} AND {DIFFERS}"
    );
    let found: Option<Found> = diesel::sql_query(look)
        .bind::<BigInt, _>(task.0)
        .get_result(conn)
        .optional()?;
    Ok(found.is_some())
}
