//! Checks at the start that Iaso's tables have all columns and rights that the bridge needs. Otherwise a column that an upgrade
//! of Iaso has removed, or a right that was never granted, would first make a launch fail.

use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};

use super::required_columns::{RequiredColumns, Right};
use super::{Attachment, configuration, mirror, users};
use crate::domain::ids::AccountId;
use crate::store::connection::{Db, Pg};
use crate::store::error::{Error, OpenError};

/// The required columns of all files in this folder. Users are read only if the bridge verifies their tokens itself.
fn required_columns(attachment: &Attachment) -> impl Iterator<Item = &'static RequiredColumns> {
    let record = attachment
        .config_account
        .map_or(&[][..], |_| configuration::REQUIRED_COLUMNS_OF_RECORD);
    let users = if attachment.reads_users {
        users::REQUIRED_COLUMNS
    } else {
        &[]
    };
    [
        mirror::REQUIRED_COLUMNS,
        configuration::REQUIRED_COLUMNS,
        record,
        users,
    ]
    .into_iter()
    .flatten()
}

/// One entry per column: its table, its name and the required right.
fn entries<'a>(
    required: impl Iterator<Item = &'a RequiredColumns>,
) -> (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>) {
    let (mut tables, mut columns, mut rights) = (Vec::new(), Vec::new(), Vec::new());
    for required in required {
        for column in required.columns {
            tables.push(required.table);
            columns.push(*column);
            rights.push(required.right.sql());
        }
    }
    (tables, columns, rights)
}

const MISSING: &str = "SELECT required.name AS \"table\", required.col AS \"column\", required.right_name AS right_name, \
    own.oid IS NOT NULL AS has_table, attribute.attnum IS NOT NULL AS has_column \
    FROM unnest($1, $2, $3) WITH ORDINALITY AS required (name, col, right_name, place) \
    LEFT JOIN pg_catalog.pg_class own ON own.relname = required.name AND own.relkind IN ('r', 'p') \
    AND own.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'public') \
    LEFT JOIN pg_catalog.pg_attribute attribute ON attribute.attrelid = own.oid AND attribute.attname = required.col \
    AND NOT attribute.attisdropped \
    WHERE attribute.attnum IS NULL OR NOT has_column_privilege(own.oid, attribute.attnum, required.right_name) ORDER BY place";

#[derive(QueryableByName)]
struct MissingColumn {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    right_name: String,
    #[diesel(sql_type = Bool)]
    has_table: bool,
    #[diesel(sql_type = Bool)]
    has_column: bool,
}

/// Columns that the bridge's inserts do not set, although they need a value: required columns without a default, and columns
/// whose default is a sequence that the bridge may not use. Iaso before Django 4.1 numbers its tasks with such a sequence.
const UNSET: &str = "SELECT own.relname::text AS \"table\", attribute.attname::text AS \"column\", \
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
    AND (own.relname, attribute.attname) NOT IN (SELECT name, col FROM unnest($1, $2) AS required (name, col)) \
    AND (attribute.attnotnull AND given.oid IS NULL AND attribute.attidentity = '' \
    OR NOT has_sequence_privilege(sequence.oid, 'USAGE')) ORDER BY own.relname, attribute.attnum";

#[derive(QueryableByName)]
struct UnsetColumn {
    #[diesel(sql_type = Text)]
    table: String,
    #[diesel(sql_type = Text)]
    column: String,
    /// The sequence that the bridge may not use.
    #[diesel(sql_type = Nullable<Text>)]
    sequence: Option<String>,
}

/// Fails with one message that lists all missing tables, columns and rights.
pub fn check(conn: &mut Pg, attachment: &Attachment) -> Result<(), OpenError> {
    refuse_without_schema(conn)?;
    let (tables, columns, rights) = entries(required_columns(attachment));
    let missing: Vec<MissingColumn> = diesel::sql_query(MISSING)
        .bind::<Array<Text>, _>(tables)
        .bind::<Array<Text>, _>(columns)
        .bind::<Array<Text>, _>(rights)
        .load(conn)?;
    let unset = unset_columns(conn, attachment)?;
    if !missing.is_empty() || !unset.is_empty() {
        return Err(OpenError::Iaso(message(&missing, &unset)));
    }
    refuse_wrong_key(conn, attachment)?;
    refuse_unknown_account(conn, attachment)
}

#[derive(QueryableByName)]
struct EncryptedToken {
    #[diesel(sql_type = Text)]
    token: String,
}

/// A single token can be broken. If none can be decrypted, the key is wrong.
fn refuse_wrong_key(conn: &mut Pg, attachment: &Attachment) -> Result<(), OpenError> {
    const SOME: &str = "SELECT token FROM public.iaso_openhexainstance ORDER BY id LIMIT 100";
    let tokens: Vec<EncryptedToken> = diesel::sql_query(SOME).load(conn)?;
    let is_readable = |row: &EncryptedToken| attachment.key.decrypt(&row.token).is_ok();
    if tokens.is_empty() || tokens.iter().any(is_readable) {
        return Ok(());
    }
    Err(OpenError::Iaso(
        "iaso.encrypted_text_field_key decrypts none of the tokens of its OpenHEXA instances"
            .to_owned(),
    ))
}

fn unset_columns(conn: &mut Pg, attachment: &Attachment) -> QueryResult<Vec<UnsetColumn>> {
    let inserted = required_columns(attachment).filter(|one| one.right == Right::Insert);
    let (tables, columns, _) = entries(inserted);
    diesel::sql_query(UNSET)
        .bind::<Array<Text>, _>(tables)
        .bind::<Array<Text>, _>(columns)
        .load(conn)
}

#[derive(QueryableByName)]
struct Flag {
    #[diesel(sql_type = Bool)]
    value: bool,
}

fn refuse_without_schema(conn: &mut Pg) -> Result<(), OpenError> {
    const MAY: &str = "SELECT coalesce(has_schema_privilege(oid, 'USAGE'), FALSE) AS value \
        FROM pg_catalog.pg_namespace WHERE nspname = 'public'";
    let may: Option<Flag> = diesel::sql_query(MAY).get_result(conn).optional()?;
    if may.is_some_and(|may| may.value) {
        return Ok(());
    }
    Err(OpenError::Iaso(
        "missing right USAGE on schema public".to_owned(),
    ))
}

fn refuse_unknown_account(conn: &mut Pg, attachment: &Attachment) -> Result<(), OpenError> {
    let Some(account) = attachment.config_account else {
        return Ok(());
    };
    if is_account(conn, account)? {
        return Ok(());
    }
    Err(OpenError::Iaso(format!(
        "account {account} (iaso.config_account) does not exist"
    )))
}

/// Whether Iaso has this account. False for a standalone bridge.
pub fn knows_account(db: &mut Db<'_>, account: AccountId) -> Result<bool, Error> {
    match db.attached() {
        None => Ok(false),
        Some((conn, _)) => Ok(is_account(conn, account)?),
    }
}

fn is_account(conn: &mut Pg, account: AccountId) -> QueryResult<bool> {
    const KNOWN: &str = "SELECT EXISTS (SELECT id FROM public.iaso_account WHERE id = $1) AS value";
    let Ok(account) = i32::try_from(account.0) else {
        return Ok(false);
    };
    let known: Flag = diesel::sql_query(KNOWN)
        .bind::<Integer, _>(account)
        .get_result(conn)?;
    Ok(known.value)
}

/// Lists a missing table once, and columns by table and problem.
fn message(missing: &[MissingColumn], unset: &[UnsetColumn]) -> String {
    let mut parts: Vec<(String, Vec<&str>)> = Vec::new();
    let all = missing.iter().map(missing_text);
    for (what, column) in all.chain(unset.iter().map(unset_text)) {
        let at = parts.iter().position(|(own, _)| *own == what);
        let at = at.unwrap_or_else(|| {
            parts.push((what, Vec::new()));
            parts.len() - 1
        });
        if let Some((_, columns)) = parts.get_mut(at) {
            columns.extend(column.filter(|column| !columns.contains(column)));
        }
    }
    let text = |(what, columns): &(String, Vec<&str>)| match columns.as_slice() {
        [] => what.clone(),
        columns => format!("{what} {}", columns.join(", ")),
    };
    parts.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn missing_text(missing: &MissingColumn) -> (String, Option<&str>) {
    let (table, column) = (&missing.table, Some(missing.column.as_str()));
    match (missing.has_table, missing.has_column) {
        (false, _) => (format!("missing table {table}"), None),
        (true, false) => (format!("missing column in {table}:"), column),
        (true, true) => (
            format!("missing right {} on {table}:", missing.right_name),
            column,
        ),
    }
}

fn unset_text(unset: &UnsetColumn) -> (String, Option<&str>) {
    match &unset.sequence {
        Some(sequence) => (format!("missing right USAGE on sequence {sequence}"), None),
        None => (
            format!("unknown required column in {}:", unset.table),
            Some(unset.column.as_str()),
        ),
    }
}
