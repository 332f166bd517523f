//! Skipping task ids after a restore, in Iaso's database. Iaso's sequence assigns the ids, and the bridge may not set it. An
//! insert that is rolled back also uses up an id, so ids are skipped that way.
//!
//! If only Iaso's tables were restored, the sequence is behind the ids that the bridge already has, and each launch would fail
//! until it has caught up. The sequence is then advanced past them; if that takes too many ids, the start fails with the
//! statement that the owner of the database has to run.

use diesel::prelude::*;
use diesel::result::Error as Diesel;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::NAME;
use crate::store::connection::Pg;
use crate::store::error::OpenError;

/// Ids that are skipped at each start. Fewer than in the bridge's own database, because the rolled-back rows occupy space in
/// Iaso's table until it is vacuumed, and its ids have 32 bits.
const SKIPPED: i64 = 100;
/// Ids that one start uses up at most to catch up with the bridge's ids.
const MAX_CATCH_UP: i64 = 20_000;

/// Inserts rows like those of `mirror.rs`, for any existing account. Without accounts there are no tasks.
const INSERT: &str = "WITH used AS (INSERT INTO public.iaso_task (created_at, started_at, ended_at, progress_value, \
    end_value, result, status, name, params, queue_answer, progress_message, should_be_killed, external, account_id, \
    created_by_id, launcher_id) SELECT now(), NULL, NULL, 0, 0, NULL, 'RUNNING', $1, '{}'::jsonb, NULL, NULL, FALSE, \
    TRUE, account.id, NULL, NULL FROM (SELECT id FROM public.iaso_account ORDER BY id LIMIT 1) AS account, \
    generate_series(1, $2) RETURNING id) SELECT max(id)::bigint AS id FROM used";

#[derive(QueryableByName)]
struct LastUsedId {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
}

/// `highest` is the highest id of the bridge's own tasks.
pub fn skip_task_ids(conn: &mut Pg, highest: i64) -> Result<(), OpenError> {
    let Some(reached) = use_up(conn, SKIPPED)? else {
        return Ok(());
    };
    if reached >= highest {
        return Ok(());
    }
    let behind = highest - reached;
    let reached = use_up(conn, behind.min(MAX_CATCH_UP))?.unwrap_or(reached);
    if reached >= highest {
        return Ok(());
    }
    Err(OpenError::Iaso(format!(
        "iaso_task assigns ids that the bridge already has: it is at {reached}, the bridge at {highest}. Run as the \
         owner of the table: SELECT setval(pg_get_serial_sequence('public.iaso_task', 'id'), {highest})"
    )))
}

/// Uses up this number of ids and returns the last one. None without accounts.
fn use_up(conn: &mut Pg, number: i64) -> QueryResult<Option<i64>> {
    let mut used = None;
    let done = conn.transaction(|conn| {
        let found: LastUsedId = diesel::sql_query(INSERT)
            .bind::<Text, _>(NAME)
            .bind::<BigInt, _>(number)
            .get_result(conn)?;
        used = found.id;
        Err::<(), _>(Diesel::RollbackTransaction)
    });
    match done {
        Ok(()) | Err(Diesel::RollbackTransaction) => Ok(used),
        Err(error) => Err(error),
    }
}
