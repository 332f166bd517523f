//! Runs: polls that are due, leases, the secrets of a launch until its run is known, and the order of launches that could be
//! confused with each other.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::{Map, Value};

use super::connection::{Db, on};
use super::encryption::Cipher;
use super::error::Error;
use super::rows::object_of;
use super::schema::{run, task};
use super::types::{DbTime, DbUuid};
use crate::domain::ids::{LaunchId, PipelineId, RunId, TaskId};

/// Which tasks to lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueKind {
    /// The run id is known: one request polls many runs.
    WithRunId,
    /// The run id is not known: the launch is sent or searched for, with requests for each task.
    WithoutRunId,
}

/// A lease to take on due tasks: until `until`, no other replica polls them. Each lease has its own owner.
#[derive(Clone, Debug)]
pub struct LeaseRequest {
    pub now: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub owner: String,
    pub limit: usize,
}

/// Takes a lease on tasks whose poll is due and that have no lease, the longest overdue first.
pub fn lease_due_tasks(
    db: &mut Db<'_>,
    kind: DueKind,
    lease: &LeaseRequest,
) -> Result<Vec<TaskId>, Error> {
    let ids = due_without_lease(db, kind, lease)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    on!(db, |conn| diesel::update(run::table)
        .filter(run::task_id.eq_any(&ids))
        .set((
            run::lease_until.eq(DbTime(lease.until)),
            run::lease_owner.eq(&lease.owner),
        ))
        .execute(conn))?;
    Ok(ids.into_iter().map(TaskId).collect())
}

fn due_without_lease(
    db: &mut Db<'_>,
    kind: DueKind,
    lease: &LeaseRequest,
) -> Result<Vec<i64>, Error> {
    macro_rules! query {
        () => {
            run::table
                .filter(run::next_poll_at.le(DbTime(lease.now)))
                .filter(
                    run::lease_until
                        .is_null()
                        .or(run::lease_until.le(DbTime(lease.now))),
                )
                .filter(run::run_id.is_not_null().eq(kind == DueKind::WithRunId))
                // By task too, because the databases order equal times differently.
                .order((run::next_poll_at, run::task_id))
                .limit(i64::try_from(lease.limit).unwrap_or(i64::MAX))
                .select(run::task_id)
        };
    }
    Ok(match db {
        // No row locks: a write transaction locks the whole database.
        Db::Sqlite(conn, ..) => query!().load(&mut **conn)?,
        Db::Pg(conn, ..) => query!().for_update().skip_locked().load(&mut **conn)?,
    })
}

/// Sets the time of the next poll. None if the final status of the run is known.
pub fn set_next_poll(
    db: &mut Db<'_>,
    task: TaskId,
    next_poll: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    on!(db, |conn| diesel::update(run::table.find(task.0))
        .set(run::next_poll_at.eq(next_poll.map(DbTime)))
        .execute(conn))?;
    Ok(())
}

/// Sets the next poll to this time, unless it is earlier already. While the task has a lease, its next poll is not planned yet:
/// the time that is set is kept at the end of the lease (`release_leases`).
pub fn poll_no_later_than(db: &mut Db<'_>, task: TaskId, at: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::update(run::table.find(task.0))
        .filter(
            run::next_poll_at
                .is_null()
                .or(run::next_poll_at.gt(DbTime(at)))
                .or(run::lease_until.is_not_null())
        )
        .set(run::next_poll_at.eq(DbTime(at)))
        .execute(conn))?;
    Ok(())
}

/// Extends a lease until `until`. False if the owner no longer has it.
pub fn renew_lease(
    db: &mut Db<'_>,
    task: TaskId,
    owner: &str,
    until: DateTime<Utc>,
) -> Result<bool, Error> {
    let renewed = on!(db, |conn| diesel::update(run::table.find(task.0))
        .filter(run::lease_owner.eq(owner))
        .set(run::lease_until.eq(DbTime(until)))
        .execute(conn))?;
    Ok(renewed == 1)
}

/// Releases leases and sets the next poll of each task, if it has one. A task whose lease the owner no longer has is not
/// changed. A next poll that was set after `since` to an earlier time is kept.
///
/// Each row is written only once: at the second write of a row in one transaction, PostgreSQL checks its foreign key and waits
/// for the transaction that has locked the task, which can be waiting for this row.
pub fn release_leases(
    db: &mut Db<'_>,
    owner: &str,
    since: DateTime<Utc>,
    planned: &[(TaskId, Option<DateTime<Utc>>)],
) -> Result<(), Error> {
    let mut by_time: BTreeMap<DateTime<Utc>, Vec<i64>> = BTreeMap::new();
    for (task, next) in planned {
        if let Some(next) = next {
            by_time.entry(*next).or_default().push(task.0);
        }
    }
    for (next, tasks) in &by_time {
        let replaced = run::next_poll_at
            .le(DbTime(since))
            .or(run::next_poll_at.gt(DbTime(*next)));
        on!(db, |conn| diesel::update(run::table)
            .filter(run::task_id.eq_any(tasks))
            .filter(run::lease_owner.eq(owner))
            .filter(replaced)
            .set((
                run::next_poll_at.eq(DbTime(*next)),
                run::lease_until.eq(None::<DbTime>),
                run::lease_owner.eq(None::<String>),
            ))
            .execute(conn))?;
    }
    // The rows above have no owner any more, so they are not written again.
    let all: Vec<i64> = planned.iter().map(|(task, _)| task.0).collect();
    on!(db, |conn| diesel::update(run::table)
        .filter(run::task_id.eq_any(&all))
        .filter(run::lease_owner.eq(owner))
        .set((
            run::lease_until.eq(None::<DbTime>),
            run::lease_owner.eq(None::<String>),
        ))
        .execute(conn))?;
    Ok(())
}

/// Whether the task of this launch is stored. Only found while its run is still polled.
pub fn is_launch_stored(db: &mut Db<'_>, launch: LaunchId) -> Result<bool, Error> {
    let found: Option<i64> = on!(db, |conn| run::table
        .filter(run::next_poll_at.is_not_null())
        .filter(run::launch_id.eq(DbUuid(launch.0)))
        .select(run::task_id)
        .first(conn)
        .optional())?;
    Ok(found.is_some())
}

/// Encrypts the secret parameters of a launch. They are stored until the run id is known.
pub fn encrypt_secrets(cipher: &Cipher, secrets: &Map<String, Value>) -> String {
    cipher.encrypt(&Value::Object(secrets.clone()).to_string())
}

/// Stores the secrets of a launch, and the fingerprint of its config.
pub fn put_secrets(
    db: &mut Db<'_>,
    cipher: &Cipher,
    task: TaskId,
    secrets: &Map<String, Value>,
    fingerprint: Option<&str>,
) -> Result<(), Error> {
    let encrypted = encrypt_secrets(cipher, secrets);
    on!(db, |conn| diesel::update(run::table.find(task.0))
        .set((run::secrets.eq(encrypted), run::fingerprint.eq(fingerprint)))
        .execute(conn))?;
    Ok(())
}

pub fn secrets_of(
    db: &mut Db<'_>,
    cipher: &Cipher,
    task: TaskId,
) -> Result<Option<Map<String, Value>>, Error> {
    let encrypted: Option<String> = on!(db, |conn| run::table
        .find(task.0)
        .select(run::secrets)
        .get_result::<Option<String>>(conn))?;
    encrypted
        .map(|text| object_of(&cipher.decrypt(&text)?))
        .transpose()
}

pub fn delete_secrets(db: &mut Db<'_>, task: TaskId) -> Result<(), Error> {
    on!(db, |conn| diesel::update(run::table.find(task.0))
        .set(run::secrets.eq(None::<String>))
        .execute(conn))?;
    Ok(())
}

/// Which of these runs of an instance already belong to tasks.
pub fn known_runs(db: &mut Db<'_>, instance: &str, runs: &[RunId]) -> Result<Vec<RunId>, Error> {
    let ids: Vec<DbUuid> = runs.iter().map(|id| DbUuid(id.0)).collect();
    let known: Vec<Option<DbUuid>> = on!(db, |conn| run::table
        .filter(run::instance.eq(instance))
        .filter(run::run_id.eq_any(&ids))
        .select(run::run_id)
        .load(conn))?;
    Ok(known.into_iter().flatten().map(|id| RunId(id.0)).collect())
}

/// Whether this launch, whose config has no task id, must wait for another such launch of the same pipeline:
/// * one whose run is still searched for, because its run and the new one could be confused. This includes launches of other
///   accounts, because two accounts can use the same workspace and OpenHEXA user.
/// * an older one of the same account that was not sent yet, so that launches are sent in order. Launches of other accounts that
///   were not sent do not count: they have no run, and their account's token can be rejected for a long time.
///
/// `key` is the prefix of all fingerprints that were made with the current key. A fingerprint made with another key cannot be
/// compared, so it counts as the same.
pub fn must_wait_for_other_launch(
    db: &mut Db<'_>,
    pipeline: PipelineId,
    of: TaskId,
    key: &str,
) -> Result<bool, Error> {
    lock_pipeline_launches(db, pipeline)?;
    let own = launch_identity(db, of)?;
    let matches_any = own.drops_config || own.fingerprint.is_none();
    let found: Option<i64> = on!(db, |conn| {
        let same_config = run::drops_config
            .eq(true)
            .or(run::fingerprint.is_null())
            .or(run::fingerprint.not_like(format!("{key}%")))
            .or(run::fingerprint.eq(own.fingerprint.clone()))
            .or(matches_any.into_sql::<Bool>());
        run::table
            .inner_join(task::table)
            .filter(run::instance.eq(&own.instance))
            .filter(task::pipeline_id.eq(DbUuid(pipeline.0)))
            .filter(task::id.ne(of.0))
            .filter(task::run_end.is_null())
            .filter(run::names_task.eq(false))
            .filter(run::run_id.is_null())
            .filter(
                task::state
                    .ne("accepted")
                    .or(task::id.lt(of.0).and(run::account_id.eq(own.account))),
            )
            .filter(same_config)
            .select(task::id)
            .first(conn)
            .optional()?
    });
    Ok(found.is_some())
}

/// Brings forward the next poll of the launch that has waited longest for this one, of the same account if there is one.
///
/// The caller holds the row of its own run. A row that another transaction holds is skipped and polled at its usual time:
/// two launches that end at the same time would otherwise wait for each other's row.
pub fn wake_next_launch(
    db: &mut Db<'_>,
    pipeline: PipelineId,
    of: TaskId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let own = launch_identity(db, of)?;
    macro_rules! query {
        () => {
            run::table
                .filter(run::instance.eq(&own.instance))
                .filter(run::names_task.eq(false))
                .filter(run::fingerprint.eq(&own.fingerprint))
                // Not a join, because the rows of its tasks would be locked too.
                .filter(
                    run::task_id.eq_any(
                        task::table
                            .filter(task::pipeline_id.eq(DbUuid(pipeline.0)))
                            .filter(task::id.ne(of.0))
                            .filter(task::state.eq("accepted"))
                            .select(task::id),
                    ),
                )
                .order((run::account_id.ne(own.account), run::task_id))
                .limit(1)
                .select(run::task_id)
        };
    }
    let next: Option<i64> = match db {
        Db::Sqlite(conn, ..) => query!().get_result(&mut **conn).optional()?,
        Db::Pg(conn, ..) => query!()
            .for_update()
            .skip_locked()
            .get_result(&mut **conn)
            .optional()?,
    };
    next.map_or(Ok(()), |next| poll_no_later_than(db, TaskId(next), at))
}

/// What distinguishes launches without a task id.
struct LaunchIdentity {
    account: i64,
    instance: String,
    drops_config: bool,
    fingerprint: Option<String>,
}

fn launch_identity(db: &mut Db<'_>, of: TaskId) -> Result<LaunchIdentity, Error> {
    let own = (
        run::account_id,
        run::instance,
        run::drops_config,
        run::fingerprint,
    );
    let (account, instance, drops_config, fingerprint) = on!(db, |conn| run::table
        .find(of.0)
        .select(own)
        .get_result(conn))?;
    Ok(LaunchIdentity {
        account,
        instance,
        drops_config,
        fingerprint,
    })
}

/// Transactions that call [`must_wait_for_other_launch`] for the same pipeline run one after the other; otherwise two launches
/// could miss each other. Not needed on SQLite, which has one writer.
fn lock_pipeline_launches(db: &mut Db<'_>, pipeline: PipelineId) -> Result<(), Error> {
    if let Db::Pg(conn, ..) = db {
        let (high, low) = pipeline.0.as_u64_pair();
        let key = i64::from_ne_bytes((high ^ low).to_ne_bytes());
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(key)
            .execute(&mut **conn)?;
    }
    Ok(())
}
