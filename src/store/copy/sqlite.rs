//! Reads rows from an SQLite file and writes rows into one, for a copy.

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::table::{BATCH, Column, Sequence, Table};
use crate::store::error::Error;

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct SequenceRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    last: i64,
}

#[derive(QueryableByName)]
struct TriggerRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    statement: String,
}

const COLUMNS: &str = "SELECT own.name AS table_name, col.name AS name FROM sqlite_master own, pragma_table_info(own.name) col \
    WHERE own.type = 'table' AND own.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND own.name <> '__diesel_schema_migrations'";

pub fn columns(conn: &mut SqliteConnection) -> Result<Vec<(String, Column)>, Error> {
    let rows: Vec<ColumnRow> = diesel::sql_query(COLUMNS).load(conn)?;
    let column = |row: ColumnRow| {
        let kind = String::new();
        let name = row.name;
        (row.table_name, Column { name, kind })
    };
    Ok(rows.into_iter().map(column).collect())
}

pub fn count(conn: &mut SqliteConnection, table: &str) -> Result<i64, Error> {
    let query = format!("SELECT count(*) AS number FROM {table}");
    Ok(diesel::sql_query(query).get_result::<Number>(conn)?.number)
}

pub fn clear(conn: &mut SqliteConnection, table: &str) -> Result<(), Error> {
    Ok(conn.batch_execute(&format!("DELETE FROM {table}"))?)
}

/// The rows after `last`, which becomes the number of the last one. The order is that of the ids, so a relaunch comes after
/// its first launch.
pub fn read(
    conn: &mut SqliteConnection,
    table: &Table,
    last: &mut i64,
) -> Result<Vec<String>, Error> {
    let columns: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
    let query = format!(
        "SELECT rowid AS number, json_array({}) AS line FROM {} WHERE rowid > ? ORDER BY rowid LIMIT {BATCH}",
        columns.join(", "),
        table.name
    );
    let rows: Vec<Row> = diesel::sql_query(query)
        .bind::<BigInt, _>(*last)
        .load(conn)?;
    if let Some(row) = rows.last() {
        *last = row.number;
    }
    Ok(rows.into_iter().map(|row| row.line).collect())
}

pub fn insert(conn: &mut SqliteConnection, table: &Table, lines: &[String]) -> Result<(), Error> {
    let columns: Vec<String> = table.columns.iter().map(|c| quoted(&c.name)).collect();
    let values = (0..columns.len()).map(|at| format!("json_extract(?1, '$[{at}]')"));
    let values: Vec<String> = values.collect();
    let query = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        table.name,
        columns.join(", "),
        values.join(", ")
    );
    for line in lines {
        diesel::sql_query(&query)
            .bind::<Text, _>(line)
            .execute(conn)?;
    }
    Ok(())
}

pub fn sequences(conn: &mut SqliteConnection) -> Result<Vec<Sequence>, Error> {
    let query = "SELECT name, seq AS last FROM sqlite_sequence";
    let rows: Vec<SequenceRow> = diesel::sql_query(query).load(conn)?;
    let sequence = |row: SequenceRow| Sequence {
        table: row.name,
        last: row.last,
    };
    Ok(rows.into_iter().map(sequence).collect())
}

pub fn put_sequence(conn: &mut SqliteConnection, sequence: &Sequence) -> Result<(), Error> {
    diesel::sql_query("DELETE FROM sqlite_sequence WHERE name = ?")
        .bind::<Text, _>(&sequence.table)
        .execute(conn)?;
    diesel::sql_query("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)")
        .bind::<Text, _>(&sequence.table)
        .bind::<BigInt, _>(sequence.last)
        .execute(conn)?;
    Ok(())
}

pub fn last_change(conn: &mut SqliteConnection) -> Result<i64, Error> {
    let query = "SELECT value AS number FROM change_counter";
    Ok(diesel::sql_query(query).get_result::<Number>(conn)?.number)
}

pub fn put_change_counter(
    conn: &mut SqliteConnection,
    table: &str,
    value: i64,
) -> Result<(), Error> {
    diesel::sql_query(format!("UPDATE {table} SET value = ?"))
        .bind::<BigInt, _>(value)
        .execute(conn)?;
    Ok(())
}

/// Returns the statements that create them again. Like all changes of the copy, this is part of the transaction.
pub fn drop_triggers(conn: &mut SqliteConnection) -> Result<Vec<String>, Error> {
    let query = "SELECT name, sql AS statement FROM sqlite_master WHERE type = 'trigger'";
    let triggers: Vec<TriggerRow> = diesel::sql_query(query).load(conn)?;
    for trigger in &triggers {
        conn.batch_execute(&format!("DROP TRIGGER {}", quoted(&trigger.name)))?;
    }
    let statements = triggers.into_iter().map(|trigger| trigger.statement);
    Ok(statements.collect())
}

pub fn create_triggers(conn: &mut SqliteConnection, statements: &[String]) -> Result<(), Error> {
    for statement in statements {
        conn.batch_execute(statement)?;
    }
    Ok(())
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}
