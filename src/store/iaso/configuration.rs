//! Which OpenHEXA an account has, as Iaso's administrators keep it: a workspace of an instance. Read, never written.
//!
//! Each is kept as a connection of ours too, for runs stay with the one they were launched on, whatever becomes of
//! Iaso's row. A new token or address of the same instance updates it; another instance or workspace is another one.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::Beside;
use super::need::{Need, Right};
use super::prepared::{Prepared, Question, Value};
use crate::domain::address::{Address, BadAddress};
use crate::domain::connection::{Connection, Missing, Target};
use crate::domain::ids::{AccountId, ConnectionId};
use crate::domain::numbers;
use crate::store::configs::{
    Config, ConfigContent, Configured, followed_connections, known_connection, put_connection,
};
use crate::store::connection::{Db, Pg};
use crate::store::error::Error;
use crate::store::types::{At, Stamp};
use crate::store::vault::Vault;

pub const NEEDS: &[Need] = &[
    Need {
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
    Need {
        table: "iaso_openhexainstance",
        right: Right::Read,
        columns: &["id", "url", "token", "updated_at"],
    },
    Need {
        table: "iaso_account",
        right: Right::Read,
        columns: &["id"],
    },
];

/// Only where an account is served by the record of before.
pub const RECORD_NEEDS: &[Need] = &[Need {
    table: "iaso_config",
    right: Right::Read,
    columns: &["slug", "content", "updated_at"],
}];

/// The keys of a content that say where OpenHEXA is.
const PLACE: [&str; 3] = ["openhexa_url", "openhexa_token", "workspace_slug"];

/// Both kinds of record in one shape. A record in `iaso_config` has no workspace row: its token is not encrypted.
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

impl Question for OwnWorkspaces {
    const TEXT: &'static str = workspaces!(
        "WHERE workspace.account_id = $1::bigint AND workspace.deleted_at IS NULL LIMIT 2"
    );
}

struct AllWorkspaces;

impl Question for AllWorkspaces {
    const TEXT: &'static str =
        workspaces!("ORDER BY workspace.deleted_at NULLS LAST, workspace.id");
}

struct Record;

impl Question for Record {
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
    #[diesel(sql_type = Stamp)]
    updated_at: At,
    #[diesel(sql_type = Bool)]
    deleted: bool,
}

#[derive(QueryableByName)]
struct RecordRow {
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = Stamp)]
    updated_at: At,
}

/// A record as it stands in Iaso, read.
struct Written {
    place: Place,
    content: Map<String, Json>,
    version: i64,
    updated_at: DateTime<Utc>,
}

/// Where it leads.
struct Place {
    instance: String,
    target: Target,
}

/// The configuration of an account in force, or why there is none.
pub fn configuration(
    conn: &mut Pg,
    beside: &Beside,
    vault: &Vault,
    account: AccountId,
) -> Result<Configured, Error> {
    let written = match written(conn, beside, account)? {
        Ok(written) => written,
        Err(missing) => return Ok(Err(missing)),
    };
    let connection = connection(conn, vault, account, &written)?;
    let config = Config {
        connection: connection.id,
        content: written.content,
        version: written.version,
        updated_at: written.updated_at,
        updated_by: None,
    };
    Ok(Ok(Box::new((config, connection))))
}

fn written(
    conn: &mut Pg,
    beside: &Beside,
    account: AccountId,
) -> Result<Result<Written, Missing>, Error> {
    let own = Prepared::<OwnWorkspaces>::with([Value::BigInt(account.0)]);
    let rows: Vec<WorkspaceRow> = own.load(conn)?;
    match rows.as_slice() {
        [] if beside.config_account == Some(account) => recorded(conn),
        [] => Ok(Err(Missing::Workspace)),
        [row] => Ok(of_workspace(beside, row)),
        [_, _, ..] => Ok(Err(Missing::Workspaces)),
    }
}

fn of_workspace(beside: &Beside, row: &WorkspaceRow) -> Result<Written, Missing> {
    let version = version(&[&row.url, &row.token, &row.slug, &row.content]);
    Ok(Written {
        place: place(&row.url, &row.slug, token(beside, &row.token)?)?,
        content: without_place(object(&row.content)),
        version,
        updated_at: row.updated_at.0,
    })
}

/// The record of before Iaso had workspaces; its token is in the clear.
fn recorded(conn: &mut Pg) -> Result<Result<Written, Missing>, Error> {
    let record = Prepared::<Record>::with([]);
    let row: Option<RecordRow> = record.get_result(conn).optional()?;
    let Some(row) = row else {
        return Ok(Err(Missing::Workspace));
    };
    let content = object(&row.content);
    let text = |key: &str| {
        let text = content.get(key).and_then(Json::as_str);
        text.unwrap_or_default().to_owned()
    };
    let place = place(
        &text("openhexa_url"),
        &text("workspace_slug"),
        text("openhexa_token").into(),
    );
    Ok(place.map(|place| Written {
        place,
        content: without_place(content),
        version: version(&[&row.content]),
        updated_at: row.updated_at.0,
    }))
}

/// Nothing of a token that cannot be read is told.
fn token(beside: &Beside, sealed: &str) -> Result<SecretString, Missing> {
    if sealed.is_empty() {
        return Err(Missing::Token);
    }
    let bytes = beside.key.decrypt(sealed);
    let text = bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(SecretString::from).ok_or(Missing::UnreadableToken)
}

fn place(url: &str, slug: &str, token: SecretString) -> Result<Place, Missing> {
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
    Ok(Place {
        instance: address.origin,
        target: Target {
            url: address.url,
            workspace: slug.to_owned(),
            token: token.expose_secret().trim().into(),
        },
    })
}

/// Iaso's form takes any JSON; what is no object holds no defaults.
fn object(text: &str) -> Map<String, Json> {
    let mut value = serde_json::from_str(text).unwrap_or(Json::Null);
    match (numbers::settle(&mut value), value) {
        (true, Json::Object(object)) => object,
        (true | false, _) => Map::new(),
    }
}

fn without_place(mut content: Map<String, Json>) -> Map<String, Json> {
    content.retain(|key, _| !PLACE.contains(&key.as_str()));
    content
}

/// Another number for another content, whoever changed it and however; small enough for a number of JavaScript's.
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

/// Our row of it; written only where it is new, or leads elsewhere by now.
fn connection(
    conn: &mut Pg,
    vault: &Vault,
    account: AccountId,
    written: &Written,
) -> Result<Connection, Error> {
    let Place { instance, target } = &written.place;
    let db = &mut Db::Pg(conn, None);
    let known = known_connection(db, vault, account, instance, &target.workspace)?;
    if let Some(known) = known.filter(|known| is_same(&known.target, target)) {
        return Ok(known);
    }
    let new = ConfigContent {
        instance: instance.clone(),
        target: target.clone(),
        content: Map::new(),
        by: None,
    };
    let id: ConnectionId = put_connection(db, vault, account, &new, written.updated_at)?;
    Ok(Connection {
        id,
        account,
        instance: instance.clone(),
        target: target.clone(),
        user: None,
    })
}

fn is_same(one: &Target, other: &Target) -> bool {
    one.url == other.url && one.token.expose_secret() == other.token.expose_secret()
}

/// Gives the connections of live runs the tokens of today, should nobody else have asked for them. A workspace that was
/// taken away still tells the token of its instance.
pub fn refresh_connections(db: &mut Db<'_>, vault: &Vault) -> Result<(), Error> {
    let Some((conn, beside)) = db.attached() else {
        return Ok(());
    };
    let followed = followed_connections(&mut Db::Pg(conn, None), vault)?;
    if followed.is_empty() {
        return Ok(());
    }
    let today = places(conn, beside)?;
    for old in followed {
        let key = (old.account.0, old.instance, old.target.workspace.clone());
        let Some(written) = today
            .get(&key)
            .filter(|new| !is_same(&new.place.target, &old.target))
        else {
            continue;
        };
        connection(conn, vault, old.account, written)?;
    }
    Ok(())
}

type Key = (i64, String, String);

/// Every readable record by account, instance and workspace; one that is in force covers one that was taken away.
fn places(conn: &mut Pg, beside: &Beside) -> Result<HashMap<Key, Written>, Error> {
    let all = Prepared::<AllWorkspaces>::with([]);
    let rows: Vec<WorkspaceRow> = all.load(conn)?;
    let mut places = HashMap::new();
    let mut add = |(account, written): (i64, Written)| {
        let key = (
            account,
            written.place.instance.clone(),
            written.place.target.workspace.clone(),
        );
        places.insert(key, written);
    };
    let (deleted, live): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.deleted);
    let record = beside.config_account.zip(recorded(conn)?.ok());
    let readable = |row: &&WorkspaceRow| Some((row.account, of_workspace(beside, row).ok()?));
    deleted.iter().filter_map(readable).for_each(&mut add);
    record
        .map(|(account, written)| (account.0, written))
        .into_iter()
        .for_each(&mut add);
    live.iter().filter_map(readable).for_each(&mut add);
    Ok(places)
}
