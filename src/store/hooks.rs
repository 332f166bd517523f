//! Webhooks, and the messages that they received. Their secrets are encrypted.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use secrecy::{ExposeSecret, SecretString};

use super::connection::{Db, on};
use super::encryption::Cipher;
use super::error::Error;
use super::flow_schema::{hook, hook_message};
use super::types::{DbTime, DbUuid};
use crate::domain::ids::{AccountId, FlowRunId, HookId, PipelineId, TaskId};
use crate::domain::principal::Principal;
use crate::domain::webhook::{
    Authentication, Hook, HookTarget, Mapping, OldSecret, RotatingSecret,
};

/// How many old messages one message deletes.
const DELETED_PER_MESSAGE: i64 = 100;

#[derive(Queryable, Selectable)]
#[diesel(table_name = hook)]
struct HookRow {
    id: DbUuid,
    account_id: i64,
    name: String,
    flow: Option<String>,
    pipeline_id: Option<DbUuid>,
    method: String,
    username: Option<String>,
    secret: String,
    old_secret: Option<String>,
    old_secret_until: Option<DbTime>,
    mapping: String,
    created_by: String,
    created_at: DbTime,
    updated_at: DbTime,
    last_used_at: Option<DbTime>,
}

/// What a message started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartedByHook {
    Task(TaskId),
    FlowRun(FlowRunId),
}

/// A received message to add.
#[derive(Clone, Debug)]
pub struct NewHookMessage<'a> {
    pub hook: HookId,
    pub id: &'a str,
    pub started: StartedByHook,
    pub at: DateTime<Utc>,
}

/// Locks all hooks against changes until the transaction ends, so that an account cannot exceed its number of hooks. Not
/// needed on SQLite, which has one writer.
pub fn lock_hooks(db: &mut Db<'_>) -> Result<(), Error> {
    if let Db::Pg(conn, ..) = db {
        let lock = "LOCK TABLE openhexa_bridge.hook IN SHARE ROW EXCLUSIVE MODE";
        diesel::sql_query(lock).execute(&mut **conn)?;
    }
    Ok(())
}

pub fn count_hooks(db: &mut Db<'_>, account: AccountId) -> Result<i64, Error> {
    Ok(on!(db, |conn| hook::table
        .filter(hook::account_id.eq(account.0))
        .count()
        .get_result(conn))?)
}

/// The hooks of an account, newest first.
pub fn hooks_of_account(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
) -> Result<Vec<Hook>, Error> {
    let rows: Vec<HookRow> = on!(db, |conn| hook::table
        .filter(hook::account_id.eq(account.0))
        .order((hook::created_at.desc(), hook::id))
        .select(HookRow::as_select())
        .load(conn))?;
    rows.into_iter().map(|row| from_row(cipher, row)).collect()
}

/// A hook of any account.
pub fn find_hook(db: &mut Db<'_>, cipher: &Cipher, id: HookId) -> Result<Option<Hook>, Error> {
    let row: Option<HookRow> = on!(db, |conn| hook::table
        .find(DbUuid(id.0))
        .select(HookRow::as_select())
        .get_result(conn)
        .optional())?;
    row.map(|row| from_row(cipher, row)).transpose()
}

/// A hook of this account, locked against changes until the transaction ends.
pub fn lock_hook_of_account(
    db: &mut Db<'_>,
    cipher: &Cipher,
    account: AccountId,
    id: HookId,
) -> Result<Option<Hook>, Error> {
    macro_rules! own {
        () => {
            hook::table
                .find(DbUuid(id.0))
                .filter(hook::account_id.eq(account.0))
                .select(HookRow::as_select())
        };
    }
    let row = match db {
        Db::Sqlite(conn, ..) => own!().get_result(&mut **conn).optional()?,
        Db::Pg(conn, ..) => own!().for_update().get_result(&mut **conn).optional()?,
    };
    row.map(|row| from_row(cipher, row)).transpose()
}

pub fn add_hook(db: &mut Db<'_>, cipher: &Cipher, new: &Hook) -> Result<(), Error> {
    let row = (
        hook::id.eq(DbUuid(new.id.0)),
        hook::account_id.eq(new.account.0),
        hook::name.eq(&new.name),
        hook::flow.eq(flow_of(&new.target)),
        hook::pipeline_id.eq(pipeline_of(&new.target)),
        hook::method.eq(new.authentication.method().as_str()),
        hook::username.eq(new.authentication.username()),
        hook::secret.eq(cipher.encrypt(new.secret.current.expose_secret())),
        hook::mapping.eq(mapping_text(&new.mapping)),
        hook::created_by.eq(new
            .created_by
            .as_ref()
            .map_or_else(String::new, Principal::stored)),
        hook::created_at.eq(DbTime(new.created_at)),
        hook::updated_at.eq(DbTime(new.updated_at)),
    );
    on!(db, |conn| diesel::insert_into(hook::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

/// Writes what a user can change, without the secrets.
pub fn put_hook(db: &mut Db<'_>, changed: &Hook) -> Result<(), Error> {
    on!(db, |conn| diesel::update(
        hook::table.find(DbUuid(changed.id.0))
    )
    .set((
        hook::name.eq(&changed.name),
        hook::flow.eq(flow_of(&changed.target)),
        hook::pipeline_id.eq(pipeline_of(&changed.target)),
        hook::username.eq(changed.authentication.username()),
        hook::mapping.eq(mapping_text(&changed.mapping)),
        hook::updated_at.eq(DbTime(changed.updated_at)),
    ))
    .execute(conn))?;
    Ok(())
}

pub fn put_hook_secrets(db: &mut Db<'_>, cipher: &Cipher, changed: &Hook) -> Result<(), Error> {
    let old = changed.secret.old.as_ref();
    on!(db, |conn| diesel::update(
        hook::table.find(DbUuid(changed.id.0))
    )
    .set((
        hook::secret.eq(cipher.encrypt(changed.secret.current.expose_secret())),
        hook::old_secret.eq(old.map(|old| cipher.encrypt(old.secret.expose_secret()))),
        hook::old_secret_until.eq(old.map(|old| DbTime(old.until))),
        hook::updated_at.eq(DbTime(changed.updated_at)),
    ))
    .execute(conn))?;
    Ok(())
}

/// Deletes a hook with its messages. The caller has locked it.
pub fn delete_hook(db: &mut Db<'_>, id: HookId) -> Result<(), Error> {
    on!(db, |conn| {
        diesel::delete(hook_message::table.filter(hook_message::hook_id.eq(DbUuid(id.0))))
            .execute(conn)?;
        diesel::delete(hook::table.find(DbUuid(id.0))).execute(conn)
    })?;
    Ok(())
}

/// Deletes the hooks of a flow that is deleted, so that they do not start another flow with the same slug later. The caller has
/// locked the flow.
pub fn delete_hooks_of_flow(db: &mut Db<'_>, account: AccountId, slug: &str) -> Result<(), Error> {
    let ids: Vec<DbUuid> = on!(db, |conn| hook::table
        .filter(hook::account_id.eq(account.0))
        .filter(hook::flow.eq(slug))
        .order(hook::id)
        .select(hook::id)
        .load(conn))?;
    for id in ids {
        delete_hook(db, HookId(id.0))?;
    }
    Ok(())
}

pub fn set_hook_last_used(db: &mut Db<'_>, id: HookId, now: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::update(hook::table.find(DbUuid(id.0)))
        .set(hook::last_used_at.eq(DbTime(now)))
        .execute(conn))?;
    Ok(())
}

/// Whether the hook exists; until the transaction ends, it is not deleted.
pub fn keep_hook(db: &mut Db<'_>, id: HookId) -> Result<bool, Error> {
    let own = hook::table.find(DbUuid(id.0)).select(hook::id);
    let found: Option<DbUuid> = match db {
        Db::Sqlite(conn, ..) => own.get_result(&mut **conn).optional()?,
        Db::Pg(conn, ..) => own.for_key_share().get_result(&mut **conn).optional()?,
    };
    Ok(found.is_some())
}

/// What the message with this id started, if the hook has received it.
pub fn started_by_message(
    db: &mut Db<'_>,
    hook: HookId,
    id: &str,
) -> Result<Option<StartedByHook>, Error> {
    let row: Option<(Option<i64>, Option<i64>)> = on!(db, |conn| hook_message::table
        .find((DbUuid(hook.0), id))
        .select((hook_message::task_id, hook_message::flow_run_id))
        .get_result(conn)
        .optional())?;
    Ok(row.and_then(|(task, run)| {
        let task = task.map(|task| StartedByHook::Task(TaskId(task)));
        task.or_else(|| run.map(|run| StartedByHook::FlowRun(FlowRunId(run))))
    }))
}

/// Stores a message, and deletes some of those before `since`, of any hook.
pub fn add_hook_message(
    db: &mut Db<'_>,
    new: &NewHookMessage<'_>,
    since: DateTime<Utc>,
) -> Result<(), Error> {
    delete_old_messages(db, since)?;
    let (task, run) = match new.started {
        StartedByHook::Task(task) => (Some(task.0), None),
        StartedByHook::FlowRun(run) => (None, Some(run.0)),
    };
    let row = (
        hook_message::hook_id.eq(DbUuid(new.hook.0)),
        hook_message::message_id.eq(new.id),
        hook_message::task_id.eq(task),
        hook_message::flow_run_id.eq(run),
        hook_message::received_at.eq(DbTime(new.at)),
    );
    on!(db, |conn| diesel::insert_into(hook_message::table)
        .values(row)
        .execute(conn))?;
    Ok(())
}

/// Deletes a few at a time and skips rows that another transaction is deleting, so that a message never waits for this.
fn delete_old_messages(db: &mut Db<'_>, since: DateTime<Utc>) -> Result<(), Error> {
    macro_rules! old {
        () => {
            hook_message::table
                .filter(hook_message::received_at.le(DbTime(since)))
                .order(hook_message::received_at)
                .limit(DELETED_PER_MESSAGE)
                .select((hook_message::hook_id, hook_message::message_id))
        };
    }
    let old: Vec<(DbUuid, String)> = match db {
        Db::Sqlite(conn, ..) => old!().load(&mut **conn)?,
        Db::Pg(conn, ..) => old!().for_update().skip_locked().load(&mut **conn)?,
    };
    for (hook, id) in old {
        on!(db, |conn| diesel::delete(
            hook_message::table.find((hook, &id))
        )
        .execute(conn))?;
    }
    Ok(())
}

fn flow_of(target: &HookTarget) -> Option<&str> {
    match target {
        HookTarget::Flow(slug) => Some(slug),
        HookTarget::Pipeline(_) => None,
    }
}

fn pipeline_of(target: &HookTarget) -> Option<DbUuid> {
    match target {
        HookTarget::Flow(_) => None,
        HookTarget::Pipeline(id) => Some(DbUuid(id.0)),
    }
}

fn mapping_text(mapping: &Mapping) -> String {
    serde_json::json!(mapping).to_string()
}

fn from_row(cipher: &Cipher, row: HookRow) -> Result<Hook, Error> {
    let account = AccountId(row.account_id);
    let target = match (row.flow, row.pipeline_id) {
        (Some(slug), _) => HookTarget::Flow(slug),
        (None, Some(id)) => HookTarget::Pipeline(PipelineId(id.0)),
        (None, None) => return Err(Error::Corrupt("hook target")),
    };
    let authentication = Authentication::read(&row.method, row.username);
    let mapping = serde_json::from_str(&row.mapping);
    Ok(Hook {
        id: HookId(row.id.0),
        account,
        name: row.name,
        target,
        authentication: authentication.ok_or(Error::Corrupt("hook method"))?,
        secret: RotatingSecret {
            current: cipher.decrypt(&row.secret)?.into(),
            old: old_secret(cipher, row.old_secret, row.old_secret_until)?,
        },
        mapping: mapping.map_err(|_| Error::Corrupt("hook mapping"))?,
        created_by: Principal::read(account, &row.created_by),
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
        last_used_at: row.last_used_at.map(|at| at.0),
    })
}

pub(super) fn old_secret(
    cipher: &Cipher,
    stored: Option<String>,
    until: Option<DbTime>,
) -> Result<Option<OldSecret>, Error> {
    let Some((stored, until)) = stored.zip(until) else {
        return Ok(None);
    };
    let secret: SecretString = cipher.decrypt(&stored)?.into();
    let until = until.0;
    Ok(Some(OldSecret { secret, until }))
}
