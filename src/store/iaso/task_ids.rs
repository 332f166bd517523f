//! Ids of tasks are assigned by Iaso's own sequence, which the bridge has no right to set. A row that is inserted and
//! rolled back uses up an id all the same, so that is how ids are left out after a restore.
//!
//! Where only Iaso's tables were restored, the sequence is behind the ids that the bridge already has: each launch would
//! fail until it has caught up. The sequence is brought beyond them, or the start says how the database's owner does it.

use diesel::prelude::*;
use diesel::result::Error as Diesel;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::NAME;
use crate::store::connection::Pg;
use crate::store::error::OpenError;

/// Ids left out at each start. The rows leave space in Iaso's table to be cleaned up, and its ids have 32 bits: fewer
/// than in a database of our own.
const LEFT_OUT: i64 = 100;
/// Ids that one start uses up to catch up with those that the bridge has.
const MOST: i64 = 20_000;

/// As `mirror.rs` inserts a copy, for an account that is there. Without any account there are no tasks either.
const INSERT: &str = "WITH used AS (INSERT INTO public.iaso_task (created_at, started_at, ended_at, progress_value, \
    end_value, result, status, name, params, queue_answer, progress_message, should_be_killed, external, account_id, \
    created_by_id, launcher_id) SELECT now(), NULL, NULL, 0, 0, NULL, 'RUNNING', $1, '{}'::jsonb, NULL, NULL, FALSE, \
    TRUE, account.id, NULL, NULL FROM (SELECT id FROM public.iaso_account ORDER BY id LIMIT 1) AS account, \
    generate_series(1, $2) RETURNING id) SELECT max(id)::bigint AS id FROM used";

#[derive(QueryableByName)]
struct Used {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
}

/// `highest` is the highest id of the bridge's own tasks.
pub fn leave_out(conn: &mut Pg, highest: i64) -> Result<(), OpenError> {
    let Some(reached) = use_up(conn, LEFT_OUT)? else {
        return Ok(());
    };
    if reached >= highest {
        return Ok(());
    }
    let behind = highest - reached;
    let reached = use_up(conn, behind.min(MOST))?.unwrap_or(reached);
    if reached >= highest {
        return Ok(());
    }
    Err(OpenError::Iaso(format!(
        "iaso_task assigns ids that the bridge already has: it is at {reached}, the bridge at {highest}. Run as the \
         owner of the table: SELECT setval(pg_get_serial_sequence('public.iaso_task', 'id'), {highest})"
    )))
}

/// The last id used up.
fn use_up(conn: &mut Pg, number: i64) -> QueryResult<Option<i64>> {
    let mut used = None;
    let done = conn.transaction(|conn| {
        let found: Used = diesel::sql_query(INSERT)
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
