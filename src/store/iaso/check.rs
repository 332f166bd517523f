//! What the bridge needs of Iaso's tables, looked up before anything is served: a column that an upgrade of Iaso took
//! away, or a right that was never given, is told in one sentence at the start and not by the first launch.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};

use super::need::{Need, Right};
use super::{Beside, configuration, mirror, users};
use crate::domain::ids::AccountId;
use crate::store::connection::{Db, Pg};
use crate::store::error::{Error, OpenError};

/// Every need of every file here; users are read only where their tokens are verified here.
fn needs(beside: &Beside) -> impl Iterator<Item = &'static Need> {
    let record = beside
        .config_account
        .map_or(&[][..], |_| configuration::RECORD_NEEDS);
    let users = if beside.reads_users {
        users::NEEDS
    } else {
        &[]
    };
    [mirror::NEEDS, configuration::NEEDS, record, users]
        .into_iter()
        .flatten()
}

/// Each column of these needs, with its table and the right to it.
fn cells<'a>(
    needs: impl Iterator<Item = &'a Need>,
) -> (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>) {
    let (mut tables, mut columns, mut words) = (Vec::new(), Vec::new(), Vec::new());
    for need in needs {
        for column in need.columns {
            tables.push(need.table);
            columns.push(*column);
            words.push(need.right.word());
        }
    }
    (tables, columns, words)
}

const LOOK: &str = "SELECT need.name AS \"table\", need.col AS \"column\", need.word AS word, \
    own.oid IS NOT NULL AS has_table, attribute.attnum IS NOT NULL AS has_column \
    FROM unnest($1, $2, $3) WITH ORDINALITY AS need (name, col, word, place) \
    LEFT JOIN pg_catalog.pg_class own ON own.relname = need.name AND own.relkind IN ('r', 'p') \
    AND own.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public') \
    LEFT JOIN pg_catalog.pg_attribute attribute ON attribute.attrelid = own.oid AND attribute.attname = need.col \
    AND NOT attribute.attisdropped \
    WHERE attribute.attnum IS NULL OR NOT has_column_privilege(own.oid, attribute.attnum, need.word) ORDER BY place";

#[derive(QueryableByName)]
struct Lack {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    word: String,
    #[diesel(sql_type = Bool)]
    has_table: bool,
    #[diesel(sql_type = Bool)]
    has_column: bool,
}

/// Columns of the tables written to that are not written: those that must have a value and get none, and those that get
/// theirs from a sequence that may not be used. An Iaso of before Django 4.1 numbers its tasks so.
const LEFT_OUT: &str = "SELECT own.relname::text AS \"table\", attribute.attname::text AS \"column\", \
    sequence.relname::text AS sequence FROM pg_catalog.pg_class own \
    JOIN pg_catalog.pg_attribute attribute ON attribute.attrelid = own.oid AND attribute.attnum > 0 \
    AND NOT attribute.attisdropped \
    LEFT JOIN pg_catalog.pg_attrdef given ON given.adrelid = own.oid AND given.adnum = attribute.attnum \
    LEFT JOIN (pg_catalog.pg_depend asks JOIN pg_catalog.pg_class sequence ON sequence.oid = asks.refobjid \
    AND sequence.relkind = 'S' AND asks.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass) \
    ON asks.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND asks.objid = given.oid \
    WHERE own.relkind IN ('r', 'p') \
    AND own.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public') \
    AND own.relname = ANY ($1) \
    AND (own.relname, attribute.attname) NOT IN (SELECT name, col FROM unnest($1, $2) AS need (name, col)) \
    AND (attribute.attnotnull AND given.oid IS NULL AND attribute.attidentity = '' \
    OR NOT has_sequence_privilege(sequence.oid, 'USAGE')) ORDER BY own.relname, attribute.attnum";

#[derive(QueryableByName)]
struct LeftOut {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
    /// Which gives the value, but not to the bridge.
    #[diesel(sql_type = Nullable<Text>)]
    sequence: Option<String>,
}

/// Every table, column and right is there, or one sentence names those that are not.
pub fn check(conn: &mut Pg, beside: &Beside) -> Result<(), OpenError> {
    refuse_without_schema(conn)?;
    let (tables, columns, words) = cells(needs(beside));
    let lacks: Vec<Lack> = diesel::sql_query(LOOK)
        .bind::<Array<Text>, _>(tables)
        .bind::<Array<Text>, _>(columns)
        .bind::<Array<Text>, _>(words)
        .load(conn)?;
    let left_out = left_out(conn, beside)?;
    if !lacks.is_empty() || !left_out.is_empty() {
        return Err(OpenError::Iaso(sentence(&lacks, &left_out)));
    }
    refuse_another_key(conn, beside)?;
    refuse_unknown_account(conn, beside)
}

#[derive(QueryableByName)]
struct Sealed {
    #[diesel(sql_type = Text)]
    token: String,
}

/// One token may be broken; where none can be read, it is the key.
fn refuse_another_key(conn: &mut Pg, beside: &Beside) -> Result<(), OpenError> {
    const SOME: &str = "SELECT token FROM public.iaso_openhexainstance ORDER BY id LIMIT 100";
    let sealed: Vec<Sealed> = diesel::sql_query(SOME).load(conn)?;
    let is_readable = |sealed: &Sealed| beside.key.decrypt(&sealed.token).is_ok();
    if sealed.is_empty() || sealed.iter().any(is_readable) {
        return Ok(());
    }
    Err(OpenError::Iaso(
        "iaso.encrypted_text_field_key decrypts none of the tokens of its OpenHEXA instances"
            .to_owned(),
    ))
}

fn left_out(conn: &mut Pg, beside: &Beside) -> QueryResult<Vec<LeftOut>> {
    let written = needs(beside).filter(|need| need.right == Right::Insert);
    let (tables, columns, _) = cells(written);
    diesel::sql_query(LEFT_OUT)
        .bind::<Array<Text>, _>(tables)
        .bind::<Array<Text>, _>(columns)
        .load(conn)
}

#[derive(QueryableByName)]
struct Holds {
    #[diesel(sql_type = Bool)]
    holds: bool,
}

fn refuse_without_schema(conn: &mut Pg) -> Result<(), OpenError> {
    const MAY: &str = "SELECT coalesce(has_schema_privilege(oid, 'USAGE'), FALSE) AS holds \
        FROM pg_catalog.pg_namespace WHERE nspname = 'public'";
    let may: Option<Holds> = diesel::sql_query(MAY).get_result(conn).optional()?;
    if may.is_some_and(|may| may.holds) {
        return Ok(());
    }
    Err(OpenError::Iaso(
        "missing right USAGE on schema public".to_owned(),
    ))
}

fn refuse_unknown_account(conn: &mut Pg, beside: &Beside) -> Result<(), OpenError> {
    let Some(account) = beside.config_account else {
        return Ok(());
    };
    if is_account(conn, account)? {
        return Ok(());
    }
    Err(OpenError::Iaso(format!(
        "account {account} (iaso.config_account) does not exist"
    )))
}

/// Whether this is an account of Iaso's; none is, where the bridge stands alone.
pub fn knows_account(db: &mut Db<'_>, account: AccountId) -> Result<bool, Error> {
    match db.attached() {
        None => Ok(false),
        Some((conn, _)) => Ok(is_account(conn, account)?),
    }
}

fn is_account(conn: &mut Pg, account: AccountId) -> QueryResult<bool> {
    const KNOWN: &str = "SELECT EXISTS (SELECT id FROM public.iaso_account WHERE id = $1) AS holds";
    let Ok(account) = i32::try_from(account.0) else {
        return Ok(false);
    };
    let known: Holds = diesel::sql_query(KNOWN)
        .bind::<Integer, _>(account)
        .get_result(conn)?;
    Ok(known.holds)
}

/// A missing table is named once; columns by table and by what is not allowed.
fn sentence(lacks: &[Lack], left_out: &[LeftOut]) -> String {
    let mut parts: Vec<(String, Vec<&str>)> = Vec::new();
    let all = lacks.iter().map(of_lack);
    for (what, column) in all.chain(left_out.iter().map(of_left_out)) {
        let at = parts.iter().position(|(own, _)| *own == what);
        let at = at.unwrap_or_else(|| {
            parts.push((what, Vec::new()));
            parts.len() - 1
        });
        if let Some((_, columns)) = parts.get_mut(at) {
            columns.extend(column.filter(|column| !columns.contains(column)));
        }
    }
    let told = |(what, columns): &(String, Vec<&str>)| match columns.as_slice() {
        [] => what.clone(),
        columns => format!("{what} {}", columns.join(", ")),
    };
    parts.iter().map(told).collect::<Vec<_>>().join("; ")
}

fn of_lack(lack: &Lack) -> (String, Option<&str>) {
    let (table, column) = (&lack.table, Some(lack.column.as_str()));
    match (lack.has_table, lack.has_column) {
        (false, _) => (format!("missing table {table}"), None),
        (true, false) => (format!("missing column in {table}:"), column),
        (true, true) => (format!("missing right {} on {table}:", lack.word), column),
    }
}

fn of_left_out(left_out: &LeftOut) -> (String, Option<&str>) {
    match &left_out.sequence {
        Some(sequence) => (format!("missing right USAGE on sequence {sequence}"), None),
        None => (
            format!("unknown required column in {}:", left_out.table),
            Some(left_out.column.as_str()),
        ),
    }
}
