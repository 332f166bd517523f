//! Task ids after a restore. A restored database would assign the ids of tasks that were launched after the backup a second
//! time. Runs of those tasks may still be running, and users may have links to them.
//!
//! A database does not know that it was restored, so some ids are skipped at every start of `serve`. The callback tokens of
//! such runs are refused in any case, because a token contains the launch id, not only the task id.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::connection::{Conn, Pg};
use super::error::OpenError;
use super::iaso;

/// Ids that are skipped at each start: more than the tasks that are usually launched between a backup and its restore.
const SKIPPED: i64 = 1_000;

/// In a database without tasks no ids are skipped, so the first task is number 1.
const ON_SQLITE: &str = "UPDATE sqlite_sequence SET seq = max(seq, (SELECT max(id) FROM task)) + ";
const ON_POSTGRES: &str = "SELECT setval(ids, greatest(nextval(ids), (SELECT max(id) FROM openhexa_bridge.task)) + $1) \
    AS id FROM (SELECT pg_get_serial_sequence('openhexa_bridge.task', 'id')::regclass AS ids) AS own \
    WHERE EXISTS (SELECT FROM openhexa_bridge.task)";
const HIGHEST: &str = "SELECT max(id) AS id FROM openhexa_bridge.task";

#[derive(QueryableByName)]
struct HighestId {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
}

/// Advances the sequence that assigns task ids.
pub(super) fn skip_task_ids(conn: &mut Conn) -> Result<(), OpenError> {
    match conn {
        Conn::Sqlite(conn) => Ok(conn.batch_execute(&format!(
            "{ON_SQLITE}{SKIPPED} WHERE name = 'task' AND EXISTS (SELECT 1 FROM task)"
        ))?),
        Conn::Pg(conn, None) => {
            diesel::sql_query(ON_POSTGRES)
                .bind::<BigInt, _>(SKIPPED)
                .execute(&mut **conn)?;
            Ok(())
        }
        Conn::Pg(conn, Some(_)) => match highest(conn)? {
            Some(highest) => iaso::skip_task_ids(conn, highest),
            None => Ok(()),
        },
    }
}

fn highest(conn: &mut Pg) -> QueryResult<Option<i64>> {
    let found: HighestId = diesel::sql_query(HIGHEST).get_result(conn)?;
    Ok(found.id)
}
