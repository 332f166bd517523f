//! Copies the rows of one table in batches. A row is passed as a JSON array of its columns, which both databases can write and
//! read, so that no table needs code of its own. JSON keeps every digit of whole numbers, and the bridge stores no fractions.

use super::table::{Column, Table};
use super::{COUNTER, CopiedTable, CopyError, TABLES, postgres, sqlite};
use crate::store::connection::Db;
use crate::store::error::Error;

/// The tables of both databases. An error if they differ, or if a table is not in [`TABLES`].
pub fn layout(from: &mut Db<'_>, to: &mut Db<'_>) -> Result<Vec<Table>, CopyError> {
    let (ours, theirs) = (columns(from)?, columns(to)?);
    if let Some(table) = unknown_table(&ours).or_else(|| unknown_table(&theirs)) {
        return Err(CopyError::OtherTables(table));
    }
    let mut tables = Vec::with_capacity(TABLES.len());
    for name in TABLES {
        let (mut own, mut other) = (of_table(&ours, name), of_table(&theirs, name));
        own.sort_by(|one, two| one.name.cmp(&two.name));
        other.sort_by(|one, two| one.name.cmp(&two.name));
        if own.is_empty()
            || !own
                .iter()
                .map(|c| &c.name)
                .eq(other.iter().map(|c| &c.name))
        {
            return Err(CopyError::OtherTables(name.to_owned()));
        }
        let columns = own.into_iter().zip(other).map(|(own, other)| Column {
            kind: Some(own.kind)
                .filter(|kind| !kind.is_empty())
                .unwrap_or(other.kind),
            name: own.name,
        });
        tables.push(Table {
            name,
            columns: columns.collect(),
        });
    }
    Ok(tables)
}

fn unknown_table(columns: &[(String, Column)]) -> Option<String> {
    let is_known = |table: &String| TABLES.contains(&table.as_str());
    let mut tables = columns.iter().map(|(table, _)| table);
    tables.find(|table| !is_known(table)).cloned()
}

fn of_table(columns: &[(String, Column)], table: &str) -> Vec<Column> {
    let own = columns.iter().filter(|(name, _)| name == table);
    own.map(|(_, column)| column.clone()).collect()
}

fn columns(db: &mut Db<'_>) -> Result<Vec<(String, Column)>, Error> {
    match db {
        Db::Sqlite(conn, ..) => sqlite::columns(conn),
        Db::Pg(conn, ..) => postgres::columns(conn),
    }
}

pub fn count(db: &mut Db<'_>, table: &str) -> Result<i64, Error> {
    match db {
        Db::Sqlite(conn, ..) => sqlite::count(conn, table),
        Db::Pg(conn, ..) => postgres::count(conn, table),
    }
}

/// Deletes the rows that an empty database has: those of the change counter and of the write test.
pub fn clear(db: &mut Db<'_>, table: &str) -> Result<(), Error> {
    match db {
        Db::Sqlite(conn, ..) => sqlite::clear(conn, table),
        Db::Pg(conn, ..) => postgres::clear(conn, table),
    }
}

pub fn copy_table(
    from: &mut Db<'_>,
    to: &mut Db<'_>,
    table: &Table,
    progress: &mut dyn FnMut(CopiedTable),
) -> Result<(), CopyError> {
    if let Db::Pg(conn, ..) = from {
        postgres::open_cursor(conn, table)?;
    }
    let (mut rows, mut last) = (0, i64::MIN);
    loop {
        let batch = match from {
            Db::Sqlite(conn, ..) => sqlite::read(conn, table, &mut last)?,
            Db::Pg(conn, ..) => postgres::fetch(conn)?,
        };
        if batch.is_empty() {
            break;
        }
        rows += i64::try_from(batch.len()).unwrap_or(i64::MAX);
        match to {
            Db::Sqlite(conn, ..) => sqlite::insert(conn, table, &batch)?,
            Db::Pg(conn, ..) => postgres::insert(conn, table, &batch)?,
        }
        progress(CopiedTable {
            name: table.name,
            rows,
        });
    }
    if let Db::Pg(conn, ..) = from {
        postgres::close_cursor(conn)?;
    }
    Ok(())
}

/// New rows get the ids that they would have got in the source.
pub fn copy_sequences(from: &mut Db<'_>, to: &mut Db<'_>) -> Result<(), Error> {
    let sequences = match from {
        Db::Sqlite(conn, ..) => sqlite::sequences(conn)?,
        Db::Pg(conn, ..) => postgres::sequences(conn)?,
    };
    for sequence in sequences.iter().filter(|sequence| sequence.last > 0) {
        match to {
            Db::Sqlite(conn, ..) => sqlite::put_sequence(conn, sequence)?,
            Db::Pg(conn, ..) => postgres::put_sequence(conn, sequence)?,
        }
    }
    Ok(())
}

/// New changes of tasks get higher numbers than all changes of the source, so that streams continue.
pub fn put_change_counter(from: &mut Db<'_>, to: &mut Db<'_>) -> Result<(), Error> {
    let last = match from {
        Db::Sqlite(conn, ..) => sqlite::last_change(conn)?,
        Db::Pg(conn, ..) => postgres::last_change(conn)?,
    };
    match to {
        Db::Sqlite(conn, ..) => sqlite::put_change_counter(conn, COUNTER, last),
        Db::Pg(conn, ..) => postgres::put_change_counter(conn, COUNTER, last),
    }
}

/// The triggers would give each copied task a new change number. SQLite cannot disable triggers: they are dropped, and the
/// returned statements create them again.
pub fn disable_triggers(db: &mut Db<'_>) -> Result<Vec<String>, Error> {
    match db {
        Db::Sqlite(conn, ..) => sqlite::drop_triggers(conn),
        Db::Pg(conn, ..) => {
            postgres::switch_triggers(conn, "DISABLE")?;
            Ok(Vec::new())
        }
    }
}

pub fn enable_triggers(db: &mut Db<'_>, dropped: &[String]) -> Result<(), Error> {
    match db {
        Db::Sqlite(conn, ..) => sqlite::create_triggers(conn, dropped),
        Db::Pg(conn, ..) => postgres::switch_triggers(conn, "ENABLE"),
    }
}
