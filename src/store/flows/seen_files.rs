//! The versions of files that a trigger has seen.
//!
//! On PostgreSQL the rows are written as arrays, up to [`ROWS`] in one statement. SQLite has no network round trips, so there they
//! are written one by one.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Text};

use crate::domain::flow::files::{SeenChanges, SeenFile, SeenState};
use crate::domain::flow::reference::FileFound;
use crate::domain::ids::TriggerId;
use crate::store::Error;
use crate::store::connection::{Db, on};
use crate::store::flow_schema::seen_file;
use crate::store::types::{DbTime, SqlTimestamp, push_arrays};

/// Rows per statement on PostgreSQL.
const ROWS: usize = 1000;

type Row = (String, i64, DbTime, String, DbTime);

/// All versions that the trigger has seen, in no particular order.
pub fn seen_files(db: &mut Db<'_>, trigger: TriggerId) -> Result<Vec<SeenFile>, Error> {
    let rows: Vec<Row> = on!(db, |conn| seen_file::table
        .filter(seen_file::trigger_id.eq(trigger.0))
        .select((
            seen_file::path,
            seen_file::size,
            seen_file::modified,
            seen_file::state,
            seen_file::listed_at,
        ))
        .load(conn))?;
    rows.into_iter().map(seen_from).collect()
}

fn seen_from((path, size, modified, state, listed_at): Row) -> Result<SeenFile, Error> {
    let size = u64::try_from(size).map_err(|_| Error::Corrupt("file size"))?;
    let modified = modified.0;
    Ok(SeenFile {
        file: FileFound {
            path,
            size,
            modified,
        },
        state: SeenState::parse(&state).ok_or(Error::Corrupt("file state"))?,
        listed_at: listed_at.0,
    })
}

/// Writes what a listing changed, in the transaction that also adds the ticks of the files that start a run.
pub fn save_seen_files(
    db: &mut Db<'_>,
    trigger: TriggerId,
    changes: &SeenChanges,
) -> Result<(), Error> {
    for files in changes.forget.chunks(ROWS) {
        forget(db, trigger, files)?;
    }
    for files in changes.put.chunks(ROWS) {
        put(db, trigger, files)?;
    }
    Ok(())
}

fn forget(db: &mut Db<'_>, trigger: TriggerId, files: &[FileFound]) -> Result<(), Error> {
    match db {
        Db::Sqlite(conn, ..) => {
            for file in files {
                let key = (trigger.0, &file.path, size(file), DbTime(file.modified));
                diesel::delete(seen_file::table.find(key)).execute(*conn)?;
            }
        }
        Db::Pg(conn, ..) => {
            let files = Files::of(trigger, files.iter());
            Forget(files).execute(&mut **conn)?;
        }
    }
    Ok(())
}

fn put(db: &mut Db<'_>, trigger: TriggerId, files: &[SeenFile]) -> Result<(), Error> {
    match db {
        Db::Sqlite(conn, ..) => {
            for seen in files {
                put_one(conn, trigger, seen)?;
            }
        }
        Db::Pg(conn, ..) => {
            let state = files.iter().map(|seen| seen.state.as_str());
            let listed_at = files.iter().map(|seen| DbTime(seen.listed_at));
            let put = Put {
                files: Files::of(trigger, files.iter().map(|seen| &seen.file)),
                state: state.collect(),
                listed_at: listed_at.collect(),
            };
            put.execute(&mut **conn)?;
        }
    }
    Ok(())
}

fn put_one(conn: &mut SqliteConnection, trigger: TriggerId, seen: &SeenFile) -> QueryResult<usize> {
    let file = &seen.file;
    let state = seen_file::state.eq(seen.state.as_str());
    let listed_at = seen_file::listed_at.eq(DbTime(seen.listed_at));
    diesel::insert_into(seen_file::table)
        .values((
            seen_file::trigger_id.eq(trigger.0),
            seen_file::path.eq(&file.path),
            seen_file::size.eq(size(file)),
            seen_file::modified.eq(DbTime(file.modified)),
            state,
            listed_at,
        ))
        .on_conflict((
            seen_file::trigger_id,
            seen_file::path,
            seen_file::size,
            seen_file::modified,
        ))
        .do_update()
        .set((state, listed_at))
        .execute(conn)
}

/// The client of OpenHEXA returns no greater sizes than the column can have.
fn size(file: &FileFound) -> i64 {
    i64::try_from(file.size).unwrap_or(i64::MAX)
}

/// Versions of files as arrays.
struct Files<'a> {
    trigger: i64,
    path: Vec<&'a str>,
    size: Vec<i64>,
    modified: Vec<DbTime>,
}

impl<'a> Files<'a> {
    fn of(trigger: TriggerId, files: impl Iterator<Item = &'a FileFound> + Clone) -> Self {
        Self {
            trigger: trigger.0,
            path: files.clone().map(|file| file.path.as_str()).collect(),
            size: files.clone().map(size).collect(),
            modified: files.map(|file| DbTime(file.modified)).collect(),
        }
    }
}

struct Put<'a> {
    files: Files<'a>,
    state: Vec<&'static str>,
    listed_at: Vec<DbTime>,
}

struct Forget<'a>(Files<'a>);

impl QueryId for Put<'_> {
    type QueryId = Put<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl QueryId for Forget<'_> {
    type QueryId = Forget<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Conn> RunQueryDsl<Conn> for Put<'_> {}

impl<Conn> RunQueryDsl<Conn> for Forget<'_> {}

impl QueryFragment<Pg> for Put<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "INSERT INTO seen_file (trigger_id, path, size, modified, state, listed_at) SELECT ",
        );
        out.push_bind_param::<BigInt, _>(&self.files.trigger)?;
        out.push_sql(", path, size, modified, state, listed_at FROM unnest(");
        push_arrays!(
            out,
            Text => &self.files.path,
            BigInt => &self.files.size,
            SqlTimestamp => &self.files.modified,
            Text => &self.state,
            SqlTimestamp => &self.listed_at,
        );
        out.push_sql(
            ") AS new (path, size, modified, state, listed_at) ON CONFLICT (trigger_id, path, size, modified) \
             DO UPDATE SET state = excluded.state, listed_at = excluded.listed_at",
        );
        Ok(())
    }
}

impl QueryFragment<Pg> for Forget<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM seen_file USING unnest(");
        push_arrays!(
            out,
            Text => &self.0.path,
            BigInt => &self.0.size,
            SqlTimestamp => &self.0.modified,
        );
        out.push_sql(
            ") AS old (path, size, modified) WHERE seen_file.path = old.path AND seen_file.size = old.size \
             AND seen_file.modified = old.modified AND seen_file.trigger_id = ",
        );
        out.push_bind_param::<BigInt, _>(&self.0.trigger)
    }
}
