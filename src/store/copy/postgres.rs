//! Reads rows from PostgreSQL and writes rows into it, for a copy.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};

use super::TABLES;
use super::table::{BATCH, Column, Sequence, Table};
use crate::store::connection::Pg;
use crate::store::error::Error;

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct SequenceRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    last: Option<i64>,
}

const COLUMNS: &str = "SELECT table_name::text, column_name::text AS name, data_type::text AS kind \
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name) \
    WHERE table_schema = 'openhexa_bridge' AND table_type = 'BASE TABLE' AND table_name <> '__diesel_schema_migrations'";
/// Columns with an identity, each with the last id that was assigned.
const SEQUENCES: &str = "SELECT table_name::text, \
    pg_sequence_last_value(pg_get_serial_sequence('openhexa_bridge.' || table_name, column_name)::regclass) AS last \
    FROM information_schema.columns WHERE table_schema = 'openhexa_bridge' AND is_identity = 'YES'";
const PUT_SEQUENCE: &str =
    "SELECT setval(pg_get_serial_sequence('openhexa_bridge.' || $1, 'id'), $2) AS number";
/// The highest number that a change can have until now.
const LAST_CHANGE: &str = "SELECT greatest(value + txid_snapshot_xmax(txid_current_snapshot()), \
    (SELECT coalesce(max(change_number), 0) FROM task)) AS number FROM change_counter";

pub fn columns(conn: &mut Pg) -> Result<Vec<(String, Column)>, Error> {
    let rows: Vec<ColumnRow> = diesel::sql_query(COLUMNS).load(conn)?;
    let column = |row: ColumnRow| {
        let (name, kind) = (row.name, row.kind);
        (row.table_name, Column { name, kind })
    };
    Ok(rows.into_iter().map(column).collect())
}

pub fn count(conn: &mut Pg, table: &str) -> Result<i64, Error> {
    let query = format!("SELECT count(*) AS number FROM openhexa_bridge.{table}");
    Ok(diesel::sql_query(query).get_result::<Number>(conn)?.number)
}

pub fn clear(conn: &mut Pg, table: &str) -> Result<(), Error> {
    Ok(conn.batch_execute(&format!("DELETE FROM openhexa_bridge.{table}"))?)
}

/// In the order of the ids, so that a relaunch comes after its first launch.
pub fn open_cursor(conn: &mut Pg, table: &Table) -> Result<(), Error> {
    let columns: Vec<String> = table.columns.iter().map(shown).collect();
    let has_id = table.columns.iter().any(|column| column.name == "id");
    Ok(conn.batch_execute(&format!(
        "DECLARE copied NO SCROLL CURSOR FOR SELECT json_build_array({})::text AS line FROM openhexa_bridge.{}{}",
        columns.join(", "),
        table.name,
        if has_id { " ORDER BY id" } else { "" }
    ))?)
}

/// The value as SQLite stores it: a time is UTC with milliseconds.
fn shown(column: &Column) -> String {
    let name = quoted(&column.name);
    if column.kind == "timestamp with time zone" {
        return format!("to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')");
    }
    name
}

pub fn fetch(conn: &mut Pg) -> Result<Vec<String>, Error> {
    let rows: Vec<Line> = diesel::sql_query(format!("FETCH {BATCH} FROM copied")).load(conn)?;
    Ok(rows.into_iter().map(|row| row.line).collect())
}

pub fn close_cursor(conn: &mut Pg) -> Result<(), Error> {
    Ok(conn.batch_execute("CLOSE copied")?)
}

pub fn insert(conn: &mut Pg, table: &Table, lines: &[String]) -> Result<(), Error> {
    let columns: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
    let values = table.columns.iter().enumerate();
    let values: Vec<String> = values
        .map(|(at, column)| format!("(line ->> {at})::{}", column.kind))
        .collect();
    let query = format!(
        "INSERT INTO openhexa_bridge.{} ({}) SELECT {} FROM (SELECT text::jsonb AS line, place FROM \
         unnest($1) WITH ORDINALITY AS own (text, place) OFFSET 0) AS lines ORDER BY place",
        table.name,
        columns.join(", "),
        values.join(", ")
    );
    diesel::sql_query(query)
        .bind::<Array<Text>, _>(lines)
        .execute(conn)?;
    Ok(())
}

pub fn sequences(conn: &mut Pg) -> Result<Vec<Sequence>, Error> {
    let rows: Vec<SequenceRow> = diesel::sql_query(SEQUENCES).load(conn)?;
    let sequence = |row: SequenceRow| Sequence {
        table: row.table_name,
        last: row.last.unwrap_or_default(),
    };
    Ok(rows.into_iter().map(sequence).collect())
}

pub fn put_sequence(conn: &mut Pg, sequence: &Sequence) -> Result<(), Error> {
    diesel::sql_query(PUT_SEQUENCE)
        .bind::<Text, _>(&sequence.table)
        .bind::<BigInt, _>(sequence.last)
        .execute(conn)?;
    Ok(())
}

pub fn last_change(conn: &mut Pg) -> Result<i64, Error> {
    Ok(diesel::sql_query(LAST_CHANGE)
        .get_result::<Number>(conn)?
        .number)
}

pub fn put_change_counter(conn: &mut Pg, table: &str, value: i64) -> Result<(), Error> {
    diesel::sql_query(format!("UPDATE openhexa_bridge.{table} SET value = $1"))
        .bind::<BigInt, _>(value)
        .execute(conn)?;
    Ok(())
}

/// `DISABLE` or `ENABLE`. Foreign keys are still checked.
pub fn switch_triggers(conn: &mut Pg, word: &str) -> Result<(), Error> {
    for table in TABLES {
        conn.batch_execute(&format!(
            "ALTER TABLE openhexa_bridge.{table} {word} TRIGGER USER"
        ))?;
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
