//! How the `openhexa-config` records came to be what they are: each change, with what was in force after it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::config_content::ConfigContent;
use super::connection::{Db, on};
use super::error::Error;
use super::rows::object_of;
use super::schema::config_change;
use super::types::At;
use super::vault::Vault;
use crate::domain::ids::AccountId;

/// One change of a record.
#[derive(Clone, Debug)]
pub struct ConfigChange {
    pub version: i64,
    pub at: DateTime<Utc>,
    pub by: Option<String>,
    /// What was in force from then on, with URL and workspace, and a mark in place of the token; none: nothing was.
    pub content: Option<Map<String, Value>>,
}

type ChangeRow = (i64, At, Option<String>, Option<String>);

/// The last of them, newest first.
pub fn config_changes(
    db: &mut Db<'_>,
    vault: &Vault,
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
    rows.into_iter().map(|row| change(vault, row)).collect()
}

fn change(vault: &Vault, (version, at, by, content): ChangeRow) -> Result<ConfigChange, Error> {
    let content = content.map(|kept| object_of(&vault.open_object(&kept)?));
    Ok(ConfigChange {
        version,
        at: at.0,
        by,
        content: content.transpose()?,
    })
}

/// A record as its change keeps it: of the token only a mark, which tells whether it is another one.
pub(super) fn told(new: &ConfigContent) -> Map<String, Value> {
    let digest = Sha256::digest(new.target.token.expose_secret());
    let mark = URL_SAFE_NO_PAD.encode(&digest[..9]);
    let mut told = new.content.clone();
    told.insert("openhexa_url".into(), new.target.url.clone().into());
    told.insert("openhexa_token".into(), mark.into());
    told.insert("workspace_slug".into(), new.target.workspace.clone().into());
    told
}

/// Versions go on where a deleted record left off, so that none is ever there twice.
pub(super) fn last_version(db: &mut Db<'_>, account: AccountId) -> Result<i64, Error> {
    let last: Option<i64> = on!(db, |conn| config_change::table
        .filter(config_change::account_id.eq(account.0))
        .select(diesel::dsl::max(config_change::version))
        .first(conn))?;
    Ok(last.unwrap_or(0))
}

pub(super) fn tell_change(
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
        config_change::at.eq(At(now)),
        config_change::changed_by.eq(by),
        config_change::content.eq(content),
    );
    on!(db, |conn| diesel::insert_into(config_change::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}
