//! The `openhexa-config` record of an account, and the connections that launches were made on.
//!
//! A new token updates a connection; a new instance or workspace makes a new one, and the old one stays for its runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::config_changes::{last_version, tell_change, told};
pub use super::config_content::ConfigContent;
use super::connection::{Db, on};
use super::error::Error;
use super::iaso;
use super::rows::object_of;
use super::schema::{config, connection, run};
use super::types::{At, Id};
use super::vault::Vault;
use crate::domain::connection::{Connection, Missing, Target};
use crate::domain::ids::{AccountId, ConnectionId, UserId};

/// The record as it is in force.
#[derive(Clone, Debug)]
pub struct Config {
    pub connection: ConnectionId,
    /// Everything but the URL, the workspace and the token, which the connection has.
    pub content: Map<String, Value>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
    pub updated_by: Option<String>,
}

type ConfigRow = (i64, String, i64, At, Option<String>);

macro_rules! config_columns {
    () => {
        (
            config::connection_id,
            config::content,
            config::version,
            config::updated_at,
            config::updated_by,
        )
    };
}

type ConnectionRow = (i64, i64, String, String, String, String, Option<Id>);

macro_rules! connection_columns {
    () => {
        (
            connection::id,
            connection::account_id,
            connection::instance,
            connection::url,
            connection::workspace,
            connection::token,
            connection::user_id,
        )
    };
}

pub fn config_of(
    db: &mut Db<'_>,
    vault: &Vault,
    account: AccountId,
) -> Result<Option<Config>, Error> {
    let row: Option<ConfigRow> = on!(db, |conn| config::table
        .find(account.0)
        .select(config_columns!())
        .get_result(conn)
        .optional())?;
    row.map(|row| config_from(vault, row)).transpose()
}

/// What is in force for an account, or why nothing is.
pub type Configured = Result<Box<(Config, Connection)>, Missing>;

/// The record in force and its connection, in one query: nearly every request asks for them.
pub fn config_and_connection(
    db: &mut Db<'_>,
    vault: &Vault,
    account: AccountId,
) -> Result<Configured, Error> {
    if let Some((conn, beside)) = db.attached() {
        return iaso::configuration(conn, beside, vault, account);
    }
    let row: Option<(ConfigRow, ConnectionRow)> = on!(db, |conn| config::table
        .inner_join(connection::table)
        .filter(config::account_id.eq(account.0))
        .select((config_columns!(), connection_columns!()))
        .get_result(conn)
        .optional())?;
    let Some((config, connection)) = row else {
        return Ok(Err(Missing::Record));
    };
    let config = config_from(vault, config)?;
    let known = (config, connection_from(vault, connection)?);
    Ok(Ok(Box::new(known)))
}

fn config_from(vault: &Vault, row: ConfigRow) -> Result<Config, Error> {
    let (connection, content, version, updated_at, updated_by) = row;
    Ok(Config {
        connection: ConnectionId(connection),
        content: object_of(&vault.open_object(&content)?)?,
        version,
        updated_at: updated_at.0,
        updated_by,
    })
}

/// Changes of records wait for each other's transactions: what is read next stays in force until this one ends.
/// A row's own lock would not do, for the first record has no row yet. SQLite has one writer anyway.
pub fn lock_configs(db: &mut Db<'_>) -> Result<(), Error> {
    if let Db::Pg(conn, _) = db {
        diesel::sql_query("LOCK TABLE config IN SHARE ROW EXCLUSIVE MODE").execute(&mut **conn)?;
    }
    Ok(())
}

/// Puts a record in force, in the place of the one before, and keeps the change.
pub fn put_config(
    db: &mut Db<'_>,
    vault: &Vault,
    account: AccountId,
    new: &ConfigContent,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let connection = put_connection(db, vault, account, new, now)?;
    // The account's default parameters may hold passwords.
    let content = vault.seal(&Value::Object(new.content.clone()).to_string());
    let version = last_version(db, account)? + 1;
    let columns = (
        config::account_id.eq(account.0),
        config::connection_id.eq(connection.0),
        config::content.eq(content),
        config::version.eq(version),
        config::updated_at.eq(At(now)),
        config::updated_by.eq(&new.by),
    );
    on!(db, |conn| {
        diesel::delete(config::table.find(account.0)).execute(conn)?;
        diesel::insert_into(config::table)
            .values(columns)
            .execute(conn)
    })?;
    let kept = vault.seal(&Value::Object(told(new)).to_string());
    tell_change(db, account, version, Some(kept), new.by.as_deref(), now)
}

/// Takes the record away; its connection stays for the runs that live on it.
pub fn delete_config(
    db: &mut Db<'_>,
    account: AccountId,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let gone = on!(db, |conn| diesel::delete(config::table.find(account.0))
        .execute(conn))?;
    if gone > 0 {
        let version = last_version(db, account)? + 1;
        tell_change(db, account, version, None, by, now)?;
    }
    Ok(gone > 0)
}

pub(super) fn put_connection(
    db: &mut Db<'_>,
    vault: &Vault,
    account: AccountId,
    new: &ConfigContent,
    now: DateTime<Utc>,
) -> Result<ConnectionId, Error> {
    let token = vault.seal(new.target.token.expose_secret());
    let id = on!(db, |conn| diesel::insert_into(connection::table)
        .values((
            connection::account_id.eq(account.0),
            connection::instance.eq(&new.instance),
            connection::url.eq(&new.target.url),
            connection::workspace.eq(&new.target.workspace),
            connection::token.eq(&token),
            connection::created_at.eq(At(now)),
            connection::updated_at.eq(At(now)),
        ))
        .on_conflict((
            connection::account_id,
            connection::instance,
            connection::workspace,
        ))
        .do_update()
        .set((
            connection::url.eq(&new.target.url),
            connection::token.eq(&token),
            // Another token may be another user.
            connection::user_id.eq(None::<Id>),
            connection::updated_at.eq(At(now)),
        ))
        .returning(connection::id)
        .get_result::<i64>(conn))?;
    Ok(ConnectionId(id))
}

/// Where an instance and workspace are, without the token.
#[derive(Clone, Debug)]
pub struct Place {
    pub connection: ConnectionId,
    pub url: String,
    pub workspace: String,
}

pub fn places(db: &mut Db<'_>, ids: &[ConnectionId]) -> Result<Vec<Place>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(i64, String, String)> = on!(db, |conn| connection::table
        .filter(connection::id.eq_any(&ids))
        .select((connection::id, connection::url, connection::workspace))
        .load(conn))?;
    let place = |(id, url, workspace)| Place {
        connection: ConnectionId(id),
        url,
        workspace,
    };
    Ok(rows.into_iter().map(place).collect())
}

pub fn connection(db: &mut Db<'_>, vault: &Vault, id: ConnectionId) -> Result<Connection, Error> {
    let row: ConnectionRow = on!(db, |conn| connection::table
        .find(id.0)
        .select(connection_columns!())
        .get_result(conn))?;
    connection_from(vault, row)
}

/// The connection of an account to a workspace of an instance, if there ever was one.
pub(super) fn known_connection(
    db: &mut Db<'_>,
    vault: &Vault,
    account: AccountId,
    instance: &str,
    workspace: &str,
) -> Result<Option<Connection>, Error> {
    let row: Option<ConnectionRow> = on!(db, |conn| connection::table
        .filter(connection::account_id.eq(account.0))
        .filter(connection::instance.eq(instance))
        .filter(connection::workspace.eq(workspace))
        .select(connection_columns!())
        .get_result(conn)
        .optional())?;
    row.map(|row| connection_from(vault, row)).transpose()
}

/// The connections that live runs are on; one that cannot be read is left out.
pub(super) fn followed_connections(
    db: &mut Db<'_>,
    vault: &Vault,
) -> Result<Vec<Connection>, Error> {
    let rows: Vec<ConnectionRow> = on!(db, |conn| {
        let followed = run::table
            .filter(run::next_poll_at.is_not_null())
            .select(run::connection_id);
        connection::table
            .filter(connection::id.eq_any(followed))
            .select(connection_columns!())
            .load(conn)
    })?;
    let read = rows.into_iter().map(|row| connection_from(vault, row));
    Ok(read.filter_map(Result::ok).collect())
}

fn connection_from(vault: &Vault, row: ConnectionRow) -> Result<Connection, Error> {
    let (id, account, instance, url, workspace, token, user) = row;
    Ok(Connection {
        id: ConnectionId(id),
        account: AccountId(account),
        instance,
        target: Target {
            url,
            workspace,
            token: SecretString::from(vault.open(&token)?),
        },
        user: user.map(|id| UserId(id.0)),
    })
}

/// Remembers as whom a connection's token makes runs, unless it has another token by now.
pub fn put_connection_user(
    db: &mut Db<'_>,
    vault: &Vault,
    asked: &Connection,
    user: UserId,
) -> Result<(), Error> {
    let sealed: String = on!(db, |conn| connection::table
        .find(asked.id.0)
        .select(connection::token)
        .first(conn))?;
    if vault.open(&sealed)? != asked.target.token.expose_secret() {
        return Ok(());
    }
    on!(db, |conn| diesel::update(
        connection::table.find(asked.id.0)
    )
    .filter(connection::token.eq(&sealed))
    .set(connection::user_id.eq(Id(user.0)))
    .execute(conn))?;
    Ok(())
}
