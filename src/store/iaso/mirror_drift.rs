//! Mirror drift: finds mirror rows that Iaso has changed. Reasons are its kill button, its worker, and a user who saves a row
//! that was read before the bridge's last change.
//!
//! The bridge writes a task and its mirror row in the same transaction, so PostgreSQL stores the same transaction id (`xmin`)
//! in both rows. If the ids differ, Iaso has changed the mirror row. No values are compared or remembered, and nothing is
//! written if nothing has drifted.
//!
//! The check's cost depends on the active tasks and on those launched within `iaso.watched_for` (by Iaso's own index of
//! `created_at`), not on how many tasks there are.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::IS_MIRROR;
use super::prepared_statement::{Param, PreparedStatement, QueryText};
use crate::domain::event::EventKind;
use crate::domain::ids::TaskId;
use crate::store::connection::Db;
use crate::store::error::Error;
use crate::store::types::{DbTime, SqlTimestamp};

/// How many rows one check returns at most. After a restore of a backup, all rows have drifted.
const MAX_ROWS: usize = 500;

#[derive(QueryableByName)]
struct FoundTask {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

const HAS_DRIFTED: &str = "mirror.account_id = task.account_id AND (mirror.xmin <> task.xmin \
    OR (mirror.should_be_killed AND task.cancel_asked_at IS NULL))";

/// The tasks whose mirror rows have drifted. Empty for a standalone bridge, without a query.
pub fn drifted_mirrors(db: &mut Db<'_>, now: DateTime<Utc>) -> Result<Vec<TaskId>, Error> {
    let Some((conn, attachment)) = db.attached() else {
        return Ok(Vec::new());
    };
    let since = now
        .checked_sub_signed(attachment.watched_for)
        .unwrap_or(now);
    let query = format!(
        "SELECT task.id AS id FROM public.iaso_task AS mirror JOIN task ON task.id = mirror.id \
         WHERE mirror.created_at >= $1 AND {IS_MIRROR} AND {HAS_DRIFTED} \
         UNION SELECT task.id AS id FROM run JOIN task ON task.id = run.task_id JOIN public.iaso_task AS mirror ON mirror.id = task.id \
         WHERE run.next_poll_at IS NOT NULL AND {IS_MIRROR} AND {HAS_DRIFTED} ORDER BY id LIMIT {MAX_ROWS}"
    );
    let drifted: Vec<FoundTask> = diesel::sql_query(query)
        .bind::<SqlTimestamp, _>(DbTime(since))
        .load(conn)?;
    Ok(drifted.into_iter().map(|one| TaskId(one.id)).collect())
}

/// The tasks whose mirror rows were moved to another account, except those that already have the event `event`, which the
/// caller adds once. Such a mirror row is not updated any more, so that no other account sees the task.
pub fn mirrors_in_other_account(
    db: &mut Db<'_>,
    now: DateTime<Utc>,
    event: EventKind,
) -> Result<Vec<TaskId>, Error> {
    let Some((conn, attachment)) = db.attached() else {
        return Ok(Vec::new());
    };
    let since = now
        .checked_sub_signed(attachment.watched_for)
        .unwrap_or(now);
    let in_other_account = format!(
        "{IS_MIRROR} AND mirror.account_id <> task.account_id \
         AND NOT EXISTS (SELECT 1 FROM event WHERE event.task_id = task.id AND event.code = $2)"
    );
    let query = format!(
        "SELECT task.id AS id FROM public.iaso_task AS mirror JOIN task ON task.id = mirror.id \
         WHERE mirror.created_at >= $1 AND {in_other_account} \
         UNION SELECT task.id AS id FROM run JOIN task ON task.id = run.task_id JOIN public.iaso_task AS mirror ON mirror.id = task.id \
         WHERE run.next_poll_at IS NOT NULL AND {in_other_account} ORDER BY id LIMIT {MAX_ROWS}"
    );
    let moved: Vec<FoundTask> = diesel::sql_query(query)
        .bind::<SqlTimestamp, _>(DbTime(since))
        .bind::<Text, _>(event.code())
        .load(conn)?;
    Ok(moved.into_iter().map(|one| TaskId(one.id)).collect())
}

/// Sets an active mirror row that was moved to another account to KILLED, because it is not updated any more and would never
/// end. Nothing else of the task is written. The row's own status counts: if the task ended after the move, the row was not
/// updated.
pub fn end_mirror_in_other_account(
    db: &mut Db<'_>,
    task: TaskId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some((conn, _)) = db.attached() else {
        return Ok(());
    };
    let end = format!(
        "UPDATE public.iaso_task AS mirror SET status = 'KILLED', ended_at = $2 FROM task \
         WHERE task.id = $1 AND mirror.id = task.id AND mirror.account_id <> task.account_id AND {IS_MIRROR} \
         AND mirror.status IN ('QUEUED', 'RUNNING')"
    );
    diesel::sql_query(end)
        .bind::<BigInt, _>(task.0)
        .bind::<SqlTimestamp, _>(DbTime(now))
        .execute(conn)?;
    Ok(())
}

/// Prepared, because every report runs it.
struct KillRequests;

impl QueryText for KillRequests {
    const TEXT: &'static str = "SELECT task.id AS id FROM task JOIN public.iaso_task AS mirror ON mirror.id = task.id \
         WHERE task.id = ANY($1) AND mirror.account_id = task.account_id AND mirror.created_at = task.created_at \
         AND mirror.should_be_killed AND task.cancel_asked_at IS NULL";
}

/// Which of these tasks have a kill request in Iaso that is not yet a cancel of the task. Callers check this before they change
/// tasks, so that a kill takes effect at once and not only at the next mirror sync.
pub fn kill_requested(db: &mut Db<'_>, tasks: &[TaskId]) -> Result<Vec<TaskId>, Error> {
    let Some((conn, _)) = db.attached() else {
        return Ok(Vec::new());
    };
    let ids = tasks.iter().map(|task| task.0).collect();
    let query = PreparedStatement::<KillRequests>::with([Param::BigInts(ids)]);
    let killed: Vec<FoundTask> = query.load(conn)?;
    Ok(killed.into_iter().map(|one| TaskId(one.id)).collect())
}

/// Whether the mirror row of a task has drifted. The transaction has locked the task.
pub fn has_drifted_mirror(db: &mut Db<'_>, task: TaskId) -> Result<bool, Error> {
    let Some((conn, _)) = db.attached() else {
        return Ok(false);
    };
    let query = format!(
        "SELECT task.id AS id FROM task JOIN public.iaso_task AS mirror ON mirror.id = task.id \
         WHERE task.id = $1 AND {IS_MIRROR} AND {HAS_DRIFTED}"
    );
    let found: Option<FoundTask> = diesel::sql_query(query)
        .bind::<BigInt, _>(task.0)
        .get_result(conn)
        .optional()?;
    Ok(found.is_some())
}
