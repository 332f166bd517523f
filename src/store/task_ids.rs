//! Task ids after a restore: a restored database would assign again the ids of tasks that were launched after the
//! backup. Runs of those tasks may still be alive, and their ids are in links and in results that people have kept.
//!
//! Nothing in a database says that it was restored, so some ids are left out at every start of `serve`. A callback token
//! of such a run is refused in any case: it names its launch, not only its task.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable};

use super::connection::{Conn, Pg};
use super::error::OpenError;
use super::iaso;

/// Ids left out at each start. Tasks launched between a backup and its restore are rarely more.
const LEFT_OUT: i64 = 1_000;

/// A database that has had no task yet leaves nothing out: its first task is number 1.
const ON_SQLITE: &str = "UPDATE sqlite_sequence SET seq = max(seq, (SELECT max(id) FROM task)) + ";
const ON_POSTGRES: &str = "SELECT setval(ids, greatest(nextval(ids), (SELECT max(id) FROM openhexa_bridge.task)) + $1) \
    AS id FROM (SELECT pg_get_serial_sequence('openhexa_bridge.task', 'id')::regclass AS ids) AS own \
    WHERE EXISTS (SELECT FROM openhexa_bridge.task)";
const HIGHEST: &str = "SELECT max(id) AS id FROM openhexa_bridge.task";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = Nullable<BigInt>)]
    id: Option<i64>,
}

/// Moves on the sequence that the ids of tasks come from.
pub(super) fn leave_out(conn: &mut Conn) -> Result<(), OpenError> {
    match conn {
        Conn::Sqlite(conn) => Ok(conn.batch_execute(&format!(
            "{ON_SQLITE}{LEFT_OUT} WHERE name = 'task' AND EXISTS (SELECT 1 FROM task)"
        ))?),
        Conn::Pg(conn, None) => {
            diesel::sql_query(ON_POSTGRES)
                .bind::<BigInt, _>(LEFT_OUT)
                .execute(&mut **conn)?;
            Ok(())
        }
        Conn::Pg(conn, Some(_)) => match highest(conn)? {
            Some(highest) => iaso::leave_out(conn, highest),
            None => Ok(()),
        },
    }
}

fn highest(conn: &mut Pg) -> QueryResult<Option<i64>> {
    let found: Id = diesel::sql_query(HIGHEST).get_result(conn)?;
    Ok(found.id)
}
