//! The record `openhexa-config` of each account, and the connections that runs were launched on.
//!
//! A new token updates a connection. A new instance or workspace gets a new connection, and the old one remains for its runs.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::config_changes::{add_config_change, last_version, redacted};
use super::connection::{Db, on};
use super::encryption::Cipher;
use super::error::Error;
use super::iaso;
pub use super::new_config::NewConfig;
use super::rows::object_of;
use super::schema::{config, connection, run};
use super::types::{DbTime, DbUuid};
use crate::domain::connection::{Connection, Missing, Target};
use crate::domain::ids::{AccountId, ConnectionId, UserId};

/// The current record.
#[derive(Clone, Debug)]
pub struct Config {
    pub connection: ConnectionId,
    /// Everything except the URL, workspace and token, which are in the connection.
    pub content: Map<String, Value>,
    pub version: i64,
    pub updated_at: DateTime<Utc>,
    pub updated_by: Option<String>,
}

type ConfigRow = (i64, String, i64, DbTime, Option<String>);

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

type ConnectionRow = (i64, i64, String, String, String, String, Option<DbUuid>);

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
    cipher: &Cipher,
    account: AccountId,
) -> Result<Option<Config>, Error> {
    let row: Option<ConfigRow> = on!(db, |conn| config::table
        .find(account.0)
        .select(config_columns!())
        .get_result(conn)
        .optional())?;
    row.map(|row| config_from(cipher, row)).transpose()
}

/// The account's current configuration with its connection, or why there is none.
pub type Configured = Result<Box<(Config, Connection)>, Missing>;

/// Reads the current configuration. `None`: Iaso's configuration has changed, and its connection is not saved yet, which
/// [`save_config_and_connection`] does in a write transaction.
pub fn config_and_connection(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
) -> Result<Option<Configured>, Error> {
    if let Some((conn, attachment)) = db.attached() {
        return iaso::configuration(conn, attachment, cipher, account);
    }
    own_config_and_connection(db, cipher, account).map(Some)
}

/// Like [`config_and_connection`], and saves the connection of a changed configuration in Iaso.
pub fn save_config_and_connection(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
) -> Result<Configured, Error> {
    if let Some((conn, attachment)) = db.attached() {
        return iaso::save_configuration(conn, attachment, cipher, account);
    }
    own_config_and_connection(db, cipher, account)
}

/// One query for both, because nearly every request needs them.
fn own_config_and_connection(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
) -> Result<Configured, Error> {
    let row: Option<(ConfigRow, ConnectionRow)> = on!(db, |conn| config::table
        .inner_join(connection::table)
        .filter(config::account_id.eq(account.0))
        .select((config_columns!(), connection_columns!()))
        .get_result(conn)
        .optional())?;
    let Some((config, connection)) = row else {
        return Ok(Err(Missing::Record));
    };
    let config = config_from(cipher, config)?;
    let found = (config, connection_from(cipher, connection)?);
    Ok(Ok(Box::new(found)))
}

fn config_from(cipher: &Cipher, row: ConfigRow) -> Result<Config, Error> {
    let (connection, content, version, updated_at, updated_by) = row;
    Ok(Config {
        connection: ConnectionId(connection),
        content: object_of(&cipher.decrypt_object(&content)?)?,
        version,
        updated_at: updated_at.0,
        updated_by,
    })
}

/// Locks all records against changes until the transaction ends. A row lock is not enough, because an account's first record
/// has no row yet. Not needed on SQLite, which has one writer.
pub fn lock_configs(db: &mut Db<'_>) -> Result<(), Error> {
    if let Db::Pg(conn, ..) = db {
        diesel::sql_query("LOCK TABLE config IN SHARE ROW EXCLUSIVE MODE").execute(&mut **conn)?;
    }
    Ok(())
}

/// Replaces the account's record and adds the change to the history.
pub fn put_config(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
    new: &NewConfig,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let connection = put_connection(db, cipher, account, new, now)?;
    // Encrypted, because default parameters can contain passwords.
    let content = cipher.encrypt(&Value::Object(new.content.clone()).to_string());
    let version = last_version(db, account)? + 1;
    let columns = (
        config::account_id.eq(account.0),
        config::connection_id.eq(connection.0),
        config::content.eq(content),
        config::version.eq(version),
        config::updated_at.eq(DbTime(now)),
        config::updated_by.eq(&new.by),
    );
    on!(db, |conn| {
        diesel::delete(config::table.find(account.0)).execute(conn)?;
        diesel::insert_into(config::table)
            .values(columns)
            .execute(conn)
    })?;
    let change = cipher.encrypt(&Value::Object(redacted(new)).to_string());
    add_config_change(db, account, version, Some(change), new.by.as_deref(), now)
}

/// Deletes the record and returns whether there was one. Its connection remains for its runs.
pub fn delete_config(
    db: &mut Db<'_>,
    account: AccountId,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let deleted = on!(db, |conn| diesel::delete(config::table.find(account.0))
        .execute(conn))?;
    if deleted > 0 {
        let version = last_version(db, account)? + 1;
        add_config_change(db, account, version, None, by, now)?;
    }
    Ok(deleted > 0)
}

/// Creates the connection, or updates its URL and token.
pub(super) fn put_connection(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
    new: &NewConfig,
    now: DateTime<Utc>,
) -> Result<ConnectionId, Error> {
    let token = cipher.encrypt(new.target.token.expose_secret());
    let id = on!(db, |conn| diesel::insert_into(connection::table)
        .values((
            connection::account_id.eq(account.0),
            connection::instance.eq(&new.instance),
            connection::url.eq(&new.target.url),
            connection::workspace.eq(&new.target.workspace),
            connection::token.eq(&token),
            connection::created_at.eq(DbTime(now)),
            connection::updated_at.eq(DbTime(now)),
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
            // Another token can belong to another user.
            connection::user_id.eq(None::<DbUuid>),
            connection::updated_at.eq(DbTime(now)),
        ))
        .returning(connection::id)
        .get_result::<i64>(conn))?;
    Ok(ConnectionId(id))
}

/// The URL and workspace of a connection, without its token.
#[derive(Clone, Debug)]
pub struct ConnectionAddress {
    pub connection: ConnectionId,
    pub url: String,
    pub workspace: String,
}

pub fn connection_addresses(
    db: &mut Db<'_>,
    ids: &[ConnectionId],
) -> Result<Vec<ConnectionAddress>, Error> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<(i64, String, String)> = on!(db, |conn| connection::table
        .filter(connection::id.eq_any(&ids))
        .select((connection::id, connection::url, connection::workspace))
        .load(conn))?;
    let address = |(id, url, workspace)| ConnectionAddress {
        connection: ConnectionId(id),
        url,
        workspace,
    };
    Ok(rows.into_iter().map(address).collect())
}

pub fn connection(db: &mut Db<'_>, cipher: &Cipher, id: ConnectionId) -> Result<Connection, Error> {
    let row: ConnectionRow = on!(db, |conn| connection::table
        .find(id.0)
        .select(connection_columns!())
        .get_result(conn))?;
    connection_from(cipher, row)
}

/// The connection of an account to a workspace of an instance, if there is one.
pub(super) fn find_connection(
    db: &mut Db<'_>,
    cipher: &Cipher,
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
    row.map(|row| connection_from(cipher, row)).transpose()
}

/// The connections of active runs. Those that cannot be decrypted are left out.
pub(super) fn connections_of_active_runs(
    db: &mut Db<'_>,
    cipher: &Cipher,
) -> Result<Vec<Connection>, Error> {
    let rows: Vec<ConnectionRow> = on!(db, |conn| {
        let active = run::table
            .filter(run::next_poll_at.is_not_null())
            .select(run::connection_id);
        connection::table
            .filter(connection::id.eq_any(active))
            .select(connection_columns!())
            .load(conn)
    })?;
    let read = rows.into_iter().map(|row| connection_from(cipher, row));
    Ok(read.filter_map(Result::ok).collect())
}

fn connection_from(cipher: &Cipher, row: ConnectionRow) -> Result<Connection, Error> {
    let (id, account, instance, url, workspace, token, user) = row;
    Ok(Connection {
        id: ConnectionId(id),
        account: AccountId(account),
        instance,
        target: Target {
            url,
            workspace,
            token: SecretString::from(cipher.decrypt(&token)?),
        },
        user: user.map(|id| UserId(id.0)),
    })
}

/// Stores the OpenHEXA user that a connection's token belongs to, unless the token has changed since.
pub fn put_connection_user(
    db: &mut Db<'_>,
    cipher: &Cipher,
    connection: &Connection,
    user: UserId,
) -> Result<(), Error> {
    let encrypted: String = on!(db, |conn| connection::table
        .find(connection.id.0)
        .select(connection::token)
        .first(conn))?;
    if cipher.decrypt(&encrypted)? != connection.target.token.expose_secret() {
        return Ok(());
    }
    on!(db, |conn| diesel::update(
        connection::table.find(connection.id.0)
    )
    .filter(connection::token.eq(&encrypted))
    .set(connection::user_id.eq(DbUuid(user.0)))
    .execute(conn))?;
    Ok(())
}
