//! The commands `openhexa-bridge keys`. They need access to the settings and the database.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::identity::own_account;
use super::{StartError, open_existing_store, open_store};
use crate::clock::Clock;
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::principal::{Actor, Role};
use crate::service::identity::{
    KeyRequest, MAX_NAME_LENGTH, ONLY_ACCOUNT, create_key, is_valid_name, state_name,
};
use crate::service::{Error, causes};
use crate::settings::Settings;
use crate::store::{self, Store, StoredKey};

/// Recorded as the author of changes: the operating system's user is not known.
const AUTHOR: Actor = Actor::CommandLine;
const HOW_TO_CREATE: &str = "If this is the right database, run `openhexa-bridge migrate` first, or add --create; otherwise set \
    database.url or --config";
const HOW_TO_FIND: &str =
    "If this is the right database, no key was created yet; otherwise set database.url or --config";

/// A key to create.
pub struct KeyOrder {
    pub account: Option<i64>,
    pub role: Role,
    pub name: String,
    pub expires: Option<Duration>,
    /// Whether the tables, and an SQLite file, are created if they do not exist.
    pub creates_tables: bool,
}

/// Creates a key. Returns its id and the key itself, which cannot be displayed again.
pub async fn create(settings: &Settings, order: KeyOrder) -> Result<(i64, String), StartError> {
    refuse_invalid_name(&order.name)?;
    let account = account_of(settings, order.account)?;
    let store = if order.creates_tables {
        open_store(settings).await?
    } else {
        open_existing_store(settings, HOW_TO_CREATE).await?
    };
    refuse_unknown(&store, account).await?;
    let now = Clock::System.now();
    let until = order.expires.map(|expires| end(now, expires)).transpose()?;
    let (wanted, role) = (order.name.clone(), order.role);
    let request = KeyRequest {
        name: order.name,
        role,
        expires_at: until,
    };
    let made = create_key(&store, account, request, &AUTHOR.stored(), now)
        .await
        .map_err(|error| creation_error(error, &wanted))?;
    audit("key.create", made.id.0, Some(role));
    Ok((made.id.0, made.expose().to_owned()))
}

/// When the key expires. A time outside the calendar is refused, because the key would never expire.
fn end(now: DateTime<Utc>, expires: Duration) -> Result<DateTime<Utc>, StartError> {
    let lasts = TimeDelta::from_std(expires).ok();
    let end = lasts.and_then(|lasts| now.checked_add_signed(lasts));
    end.ok_or_else(invalid_expiry)
}

fn invalid_expiry() -> StartError {
    StartError::Other("--expires must be longer than 0 and end before the year 10000".to_owned())
}

/// An error of `create_key` as a message of this command.
fn creation_error(error: Error, name: &str) -> StartError {
    let wrong = error.invalid().map(|wrong| &wrong.fields.0);
    match wrong {
        Some(fields) if fields.contains_key("until") => invalid_expiry(),
        Some(_) => StartError::Other(format!(
            "an active key is already called \"{name}\". Choose another name or revoke it first"
        )),
        None => failed(error),
    }
}

/// Attached to Iaso there is no default account, unless `iaso.config_account` sets one.
fn account_of(settings: &Settings, account: Option<i64>) -> Result<AccountId, StartError> {
    let iaso = &settings.iaso;
    match account {
        Some(account) => Ok(AccountId(account)),
        None if iaso.attached && iaso.config_account == 0 => Err(StartError::Other(
            "--account is required: iaso.attached is true and iaso.config_account is 0".to_owned(),
        )),
        None => Ok(own_account(settings)),
    }
}

/// Attached to Iaso, accounts are Iaso's; standalone there is one.
async fn refuse_unknown(store: &Store, account: AccountId) -> Result<(), StartError> {
    let asked = store.read(move |db| Ok::<_, Error>(store::knows_account(db, account)?));
    let is_only = !store.is_attached() && account == ONLY_ACCOUNT;
    if is_only || asked.await.map_err(failed)? {
        return Ok(());
    }
    Err(StartError::Other(format!(
        "account {account} does not exist"
    )))
}

/// Refuses a name that does not fit on one line of `keys list`.
fn refuse_invalid_name(name: &str) -> Result<(), StartError> {
    if is_valid_name(name) {
        return Ok(());
    }
    Err(StartError::Other(format!(
        "--name must be one line of at most {MAX_NAME_LENGTH} characters, without control characters or invisible characters"
    )))
}

/// One line per key.
pub async fn list(settings: &Settings) -> Result<Vec<String>, StartError> {
    let store = open_existing_store(settings, HOW_TO_FIND).await?;
    let all = store
        .read(|db| Ok::<_, Error>(store::keys(db)?))
        .await
        .map_err(failed)?;
    // Standalone there is only one account.
    let shows_account = store.is_attached();
    Ok(all.iter().map(|key| line(key, shows_account)).collect())
}

pub async fn revoke(settings: &Settings, id: i64) -> Result<(), StartError> {
    let store = open_existing_store(settings, HOW_TO_FIND).await?;
    let now = Clock::System.now();
    let revoked = store
        .write(move |db| Ok::<_, Error>(store::revoke_key(db, KeyId(id), now)?))
        .await;
    if revoked.map_err(failed)? {
        audit("key.revoke", id, None);
        return Ok(());
    }
    Err(StartError::Other(format!(
        "there is no active key {id}; `openhexa-bridge keys list` shows all keys"
    )))
}

fn audit(action: &str, key: i64, role: Option<Role>) {
    let role = role.map(Role::as_str);
    tracing::info!(target: "audit", action, outcome = "done", who = AUTHOR.name(), object = key, role, "audit");
}

fn line(key: &StoredKey, shows_account: bool) -> String {
    let time = |at: Option<DateTime<Utc>>| {
        at.map_or("-".to_owned(), |at| {
            at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
        })
    };
    let state = state_name(key, Clock::System.now());
    let (id, role) = (key.id, key.role.as_str());
    let (expires, used) = (time(key.expires_at), time(key.last_used_at));
    let by = key.created_by.as_deref().map(|by| Actor::read(by).name());
    let by = by.unwrap_or_else(|| "-".to_owned());
    let account = if shows_account {
        format!("account {}\t", key.account)
    } else {
        String::new()
    };
    format!(
        "{id}\t{role}\t{state}\texpires {expires}\tlast used {used}\tcreated by {by}\t{account}{}",
        key.name
    )
}

fn failed(error: Error) -> StartError {
    StartError::Other(format!("cannot read or write the keys: {}", causes(&error)))
}
