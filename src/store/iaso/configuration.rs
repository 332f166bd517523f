//! An account's configuration in Iaso's tables: a workspace of an OpenHEXA instance. Iaso's administrators change it; the
//! bridge only reads it.
//!
//! Each configuration also has a row in the bridge's table `connection`, because a run keeps the connection that it was
//! launched on, even if Iaso's row changes. A new token or URL of the same instance updates the row; another instance or
//! workspace gets a new one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::Attachment;
use super::prepared_statement::{Param, PreparedStatement, QueryText};
use super::required_columns::{RequiredColumns, Right};
use crate::domain::address::{Address, BadAddress};
use crate::domain::connection::{Connection, Missing, Target};
use crate::domain::ids::{AccountId, ConnectionId};
use crate::domain::json_numbers;
use crate::store::configs::{
    Config, Configured, NewConfig, connections_of_active_runs, find_connection, put_connection,
};
use crate::store::connection::{Db, Pg};
use crate::store::encryption::Cipher;
use crate::store::error::Error;
use crate::store::types::{DbTime, SqlTimestamp};

pub const REQUIRED_COLUMNS: &[RequiredColumns] = &[
    RequiredColumns {
        table: "iaso_openhexaworkspace",
        right: Right::Read,
        columns: &[
            "id",
            "deleted_at",
            "slug",
            "config",
            "updated_at",
            "account_id",
            "openhexa_instance_id",
        ],
    },
    RequiredColumns {
        table: "iaso_openhexainstance",
        right: Right::Read,
        columns: &["id", "url", "token", "updated_at"],
    },
    RequiredColumns {
        table: "iaso_account",
        right: Right::Read,
        columns: &["id"],
    },
];

/// Required only if an account uses the older record `openhexa-config`.
pub const REQUIRED_COLUMNS_OF_RECORD: &[RequiredColumns] = &[RequiredColumns {
    table: "iaso_config",
    right: Right::Read,
    columns: &["slug", "content", "updated_at"],
}];

/// The keys of the record's content that become the target.
const TARGET_KEYS: [&str; 3] = ["openhexa_url", "openhexa_token", "workspace_slug"];

/// The query for workspaces with their instances; `$rest` selects among them.
macro_rules! workspaces {
    ($rest:literal) => {
        concat!(
            "SELECT workspace.account_id::bigint AS account, instance.url::text AS url, \
             instance.token::text AS token, workspace.slug::text AS slug, workspace.config::text AS content, \
             greatest(workspace.updated_at, instance.updated_at) AS updated_at, \
             workspace.deleted_at IS NOT NULL AS deleted FROM public.iaso_openhexaworkspace workspace \
             JOIN public.iaso_openhexainstance instance ON instance.id = workspace.openhexa_instance_id ",
            $rest
        )
    };
}

struct OwnWorkspaces;

impl QueryText for OwnWorkspaces {
    const TEXT: &'static str = workspaces!(
        "WHERE workspace.account_id = $1::bigint AND workspace.deleted_at IS NULL LIMIT 2"
    );
}

struct AllWorkspaces;

impl QueryText for AllWorkspaces {
    const TEXT: &'static str =
        workspaces!("ORDER BY workspace.deleted_at NULLS LAST, workspace.id");
}

struct RecordQuery;

impl QueryText for RecordQuery {
    const TEXT: &'static str = RECORD;
}

const RECORD: &str = "SELECT content::text AS content, updated_at FROM public.iaso_config WHERE slug = 'openhexa-config'";

#[derive(QueryableByName)]
struct WorkspaceRow {
    #[diesel(sql_type = BigInt)]
    account: i64,
    #[diesel(sql_type = Text)]
    url: String,
    #[diesel(sql_type = Text)]
    token: String,
    #[diesel(sql_type = Text)]
    slug: String,
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = SqlTimestamp)]
    updated_at: DbTime,
    #[diesel(sql_type = Bool)]
    deleted: bool,
}

#[derive(QueryableByName)]
struct RecordRow {
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = SqlTimestamp)]
    updated_at: DbTime,
}

/// A configuration in Iaso's tables.
struct IasoConfig {
    instance: String,
    target: Target,
    content: Map<String, Json>,
    version: i64,
    updated_at: DateTime<Utc>,
}

/// The account's current configuration and its connection, or why there is none. Nothing is written: the result is `None` if
/// the connection row is missing or outdated, and the caller then calls [`save_configuration`].
pub fn configuration(
    conn: &mut Pg,
    attachment: &Attachment,
    cipher: &Cipher,
    account: AccountId,
) -> Result<Option<Configured>, Error> {
    let found = match load(conn, attachment, account)? {
        Ok(found) => found,
        Err(missing) => return Ok(Some(Err(missing))),
    };
    let connection = current_connection(conn, cipher, account, &found)?;
    Ok(connection.map(|connection| Ok(configured(found, connection))))
}

/// Like [`configuration`], and creates or updates the connection row if necessary.
pub fn save_configuration(
    conn: &mut Pg,
    attachment: &Attachment,
    cipher: &Cipher,
    account: AccountId,
) -> Result<Configured, Error> {
    let found = match load(conn, attachment, account)? {
        Ok(found) => found,
        Err(missing) => return Ok(Err(missing)),
    };
    let connection = save_connection(conn, cipher, account, &found)?;
    Ok(Ok(configured(found, connection)))
}

fn configured(found: IasoConfig, connection: Connection) -> Box<(Config, Connection)> {
    let config = Config {
        connection: connection.id,
        content: found.content,
        version: found.version,
        updated_at: found.updated_at,
        updated_by: None,
    };
    Box::new((config, connection))
}

fn load(
    conn: &mut Pg,
    attachment: &Attachment,
    account: AccountId,
) -> Result<Result<IasoConfig, Missing>, Error> {
    let own = PreparedStatement::<OwnWorkspaces>::with([Param::BigInt(account.0)]);
    let rows: Vec<WorkspaceRow> = own.load(conn)?;
    match rows.as_slice() {
        [] if attachment.config_account == Some(account) => config_from_record(conn),
        [] => Ok(Err(Missing::Workspace)),
        [row] => Ok(config_from_workspace(attachment, row)),
        [_, _, ..] => Ok(Err(Missing::Workspaces)),
    }
}

fn config_from_workspace(
    attachment: &Attachment,
    row: &WorkspaceRow,
) -> Result<IasoConfig, Missing> {
    let token = decrypt_token(attachment, &row.token)?;
    let (instance, target) = parse_target(&row.url, &row.slug, token)?;
    Ok(IasoConfig {
        instance,
        target,
        content: without_target(object(&row.content)),
        version: version(&[&row.url, &row.token, &row.slug, &row.content]),
        updated_at: row.updated_at.0,
    })
}

/// The older record `openhexa-config`. Its token is not encrypted.
fn config_from_record(conn: &mut Pg) -> Result<Result<IasoConfig, Missing>, Error> {
    let record = PreparedStatement::<RecordQuery>::with([]);
    let row: Option<RecordRow> = record.get_result(conn).optional()?;
    let Some(row) = row else {
        return Ok(Err(Missing::Workspace));
    };
    let content = object(&row.content);
    let text = |key: &str| {
        let text = content.get(key).and_then(Json::as_str);
        text.unwrap_or_default().to_owned()
    };
    let parsed = parse_target(
        &text("openhexa_url"),
        &text("workspace_slug"),
        text("openhexa_token").into(),
    );
    Ok(parsed.map(|(instance, target)| IasoConfig {
        instance,
        target,
        content: without_target(content),
        version: version(&[&row.content]),
        updated_at: row.updated_at.0,
    }))
}

/// The error contains nothing of a token that cannot be decrypted.
fn decrypt_token(attachment: &Attachment, encrypted: &str) -> Result<SecretString, Missing> {
    if encrypted.is_empty() {
        return Err(Missing::Token);
    }
    let bytes = attachment.key.decrypt(encrypted);
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(SecretString::from).ok_or(Missing::UnreadableToken)
}

/// The origin of the instance, and the target of requests.
fn parse_target(url: &str, slug: &str, token: SecretString) -> Result<(String, Target), Missing> {
    let slug = slug.trim();
    if slug.is_empty() {
        return Err(Missing::Slug);
    }
    if url.trim().is_empty() {
        return Err(Missing::Url);
    }
    let address = Address::parse(url).map_err(|wrong| match wrong {
        BadAddress::NotUrl => Missing::Url,
        BadAddress::NotGraphql => Missing::Graphql,
    })?;
    if token.expose_secret().trim().is_empty() {
        return Err(Missing::Token);
    }
    let target = Target {
        url: address.url,
        workspace: slug.to_owned(),
        token: token.expose_secret().trim().into(),
    };
    Ok((address.origin, target))
}

/// Iaso's form accepts any JSON. A value that is not an object contains no defaults.
fn object(text: &str) -> Map<String, Json> {
    let mut value = serde_json::from_str(text).unwrap_or(Json::Null);
    match (json_numbers::normalize(&mut value), value) {
        (true, Json::Object(object)) => object,
        (true | false, _) => Map::new(),
    }
}

fn without_target(mut content: Map<String, Json>) -> Map<String, Json> {
    content.retain(|key, _| !TARGET_KEYS.contains(&key.as_str()));
    content
}

/// A hash of the content, so that each change gives another version. It has 48 bits, because JavaScript reads it as a number.
fn version(parts: &[&str]) -> i64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest = hash.finalize();
    let first = digest.iter().take(6);
    first.fold(0, |number, byte| (number << 8) | i64::from(*byte))
}

/// The connection row, if its URL and token are still current.
fn current_connection(
    conn: &mut Pg,
    cipher: &Cipher,
    account: AccountId,
    found: &IasoConfig,
) -> Result<Option<Connection>, Error> {
    let (instance, target) = (&found.instance, &found.target);
    let db = &mut Db::unattached(conn);
    let stored = find_connection(db, cipher, account, instance, &target.workspace)?;
    Ok(stored.filter(|stored| has_same_access(&stored.target, target)))
}

/// The connection row. It is written only if it is missing, or if its URL or token has changed.
fn save_connection(
    conn: &mut Pg,
    cipher: &Cipher,
    account: AccountId,
    found: &IasoConfig,
) -> Result<Connection, Error> {
    if let Some(current) = current_connection(conn, cipher, account, found)? {
        return Ok(current);
    }
    let new = NewConfig {
        instance: found.instance.clone(),
        target: found.target.clone(),
        content: Map::new(),
        by: None,
    };
    let db = &mut Db::unattached(conn);
    let id: ConnectionId = put_connection(db, cipher, account, &new, found.updated_at)?;
    Ok(Connection {
        id,
        account,
        instance: new.instance,
        target: new.target,
        user: None,
    })
}

/// Whether two targets have the same URL and token.
fn has_same_access(one: &Target, other: &Target) -> bool {
    one.url == other.url && one.token.expose_secret() == other.token.expose_secret()
}

/// Gives the connections of active runs their current tokens, because after a change no request of the account may need the
/// configuration. The token of a deleted workspace is still read from its instance.
pub fn refresh_connections(db: &mut Db<'_>, cipher: &Cipher) -> Result<(), Error> {
    let Some((conn, attachment)) = db.attached() else {
        return Ok(());
    };
    let active = connections_of_active_runs(&mut Db::unattached(conn), cipher)?;
    if active.is_empty() {
        return Ok(());
    }
    let configs = configs_by_target(conn, attachment)?;
    for old in active {
        let key = (old.account.0, old.instance, old.target.workspace.clone());
        let Some(found) = configs
            .get(&key)
            .filter(|new| !has_same_access(&new.target, &old.target))
        else {
            continue;
        };
        save_connection(conn, cipher, old.account, found)?;
    }
    Ok(())
}

/// Account, instance and workspace.
type TargetKey = (i64, String, String);

/// All readable configurations. A current one replaces a deleted one with the same key.
fn configs_by_target(
    conn: &mut Pg,
    attachment: &Attachment,
) -> Result<HashMap<TargetKey, IasoConfig>, Error> {
    let all = PreparedStatement::<AllWorkspaces>::with([]);
    let rows: Vec<WorkspaceRow> = all.load(conn)?;
    let mut configs = HashMap::new();
    let mut add = |(account, config): (i64, IasoConfig)| {
        let workspace = config.target.workspace.clone();
        configs.insert((account, config.instance.clone(), workspace), config);
    };
    let (deleted, live): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.deleted);
    let record = attachment
        .config_account
        .zip(config_from_record(conn)?.ok());
    let readable =
        |row: &&WorkspaceRow| Some((row.account, config_from_workspace(attachment, row).ok()?));
    deleted.iter().filter_map(readable).for_each(&mut add);
    record
        .map(|(account, config)| (account.0, config))
        .into_iter()
        .for_each(&mut add);
    live.iter().filter_map(readable).for_each(&mut add);
    Ok(configs)
}
