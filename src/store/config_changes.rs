//! The history of the records `openhexa-config`: each change with the configuration after it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::connection::{Db, on};
use super::encryption::Cipher;
use super::error::Error;
use super::new_config::NewConfig;
use super::rows::object_of;
use super::schema::config_change;
use super::types::DbTime;
use crate::domain::ids::AccountId;

/// One change of a record.
#[derive(Clone, Debug)]
pub struct ConfigChange {
    pub version: i64,
    pub at: DateTime<Utc>,
    pub by: Option<String>,
    /// The configuration after the change, with URL and workspace, and a hash instead of the token. None if it was deleted.
    pub content: Option<Map<String, Value>>,
}

type ChangeRow = (i64, DbTime, Option<String>, Option<String>);

/// The last changes, newest first.
pub fn config_changes(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
    most: i64,
) -> Result<Vec<ConfigChange>, Error> {
    let rows: Vec<ChangeRow> = on!(db, |conn| config_change::table
        .filter(config_change::account_id.eq(account.0))
        .order(config_change::id.desc())
        .limit(most)
        .select((
            config_change::version,
            config_change::at,
            config_change::changed_by,
            config_change::content,
        ))
        .load(conn))?;
    rows.into_iter().map(|row| change(cipher, row)).collect()
}

fn change(cipher: &Cipher, (version, at, by, content): ChangeRow) -> Result<ConfigChange, Error> {
    let content = content.map(|text| object_of(&cipher.decrypt_object(&text)?));
    Ok(ConfigChange {
        version,
        at: at.0,
        by,
        content: content.transpose()?,
    })
}

/// The configuration as the history stores it. A short hash replaces the token, which shows whether the token has changed.
pub(super) fn redacted(new: &NewConfig) -> Map<String, Value> {
    let digest = Sha256::digest(new.target.token.expose_secret());
    let token_hash = URL_SAFE_NO_PAD.encode(&digest[..9]);
    let mut content = new.content.clone();
    content.insert("openhexa_url".into(), new.target.url.clone().into());
    content.insert("openhexa_token".into(), token_hash.into());
    content.insert("workspace_slug".into(), new.target.workspace.clone().into());
    content
}

/// The version of the last change. Versions continue after a record was deleted, so that none is used twice.
pub(super) fn last_version(db: &mut Db<'_>, account: AccountId) -> Result<i64, Error> {
    let last: Option<i64> = on!(db, |conn| config_change::table
        .filter(config_change::account_id.eq(account.0))
        .select(diesel::dsl::max(config_change::version))
        .first(conn))?;
    Ok(last.unwrap_or(0))
}

pub(super) fn add_config_change(
    db: &mut Db<'_>,
    account: AccountId,
    version: i64,
    content: Option<String>,
    by: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let row = (
        config_change::account_id.eq(account.0),
        config_change::version.eq(version),
        config_change::at.eq(DbTime(now)),
        config_change::changed_by.eq(by),
        config_change::content.eq(content),
    );
    on!(db, |conn| diesel::insert_into(config_change::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}
