//! The reconciler's side of a run: what is due, who holds it, and the secrets of a launch under way.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde_json::{Map, Value};

use super::connection::{Db, on};
use super::error::Error;
use super::rows::{RunRow, object_of};
use super::schema::{run, task};
use super::types::{At, Id};
use super::vault::Vault;
use crate::domain::ids::{AccountId, LaunchId, PipelineId, RunId, TaskId};
use crate::domain::task::Task;

/// The run of a new task, before OpenHEXA has created it.
pub struct NewRun<'a> {
    pub task: &'a Task,
    /// The OpenHEXA instance, see `Connection::instance`.
    pub instance: &'a str,
    /// Encrypted.
    pub secrets: String,
    /// Of the config, if it does not contain the id of the task.
    pub fingerprint: Option<String>,
    /// The lease of the process that sends the launch.
    pub held: Due,
}

/// Which tasks are due to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Their run's id is known: many are asked for in one request.
    Followed,
    /// To be launched or looked for, each with questions of its own.
    Searched,
}

/// A claim on what is due: until `until`, nobody else looks at it. Each claim has an owner of its own.
#[derive(Clone, Debug)]
pub struct Due {
    pub now: DateTime<Utc>,
    pub until: DateTime<Utc>,
    pub owner: String,
    pub limit: usize,
}

pub fn insert_run(db: &mut Db<'_>, new: &NewRun<'_>) -> Result<(), Error> {
    let row = RunRow::from(&new.task.run);
    let own = (
        run::task_id.eq(new.task.id.0),
        run::account_id.eq(new.task.account.0),
        run::connection_id.eq(new.task.connection.0),
        run::instance.eq(new.instance),
        run::secrets.eq(&new.secrets),
        run::fingerprint.eq(&new.fingerprint),
        run::next_poll_at.eq(At(new.held.now)),
        run::lease_until.eq(At(new.held.until)),
        run::lease_owner.eq(&new.held.owner),
    );
    on!(db, |conn| diesel::insert_into(run::table)
        .values((&row, own))
        .execute(conn))?;
    Ok(())
}

/// Claims the tasks whose next look is due and unclaimed, the longest overdue first.
pub fn claim_due(db: &mut Db<'_>, kind: Kind, due: &Due) -> Result<Vec<TaskId>, Error> {
    let ids = unclaimed(db, kind, due)?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    on!(db, |conn| diesel::update(run::table)
        .filter(run::task_id.eq_any(&ids))
        .set((
            run::lease_until.eq(At(due.until)),
            run::lease_owner.eq(&due.owner),
        ))
        .execute(conn))?;
    Ok(ids.into_iter().map(TaskId).collect())
}

fn unclaimed(db: &mut Db<'_>, kind: Kind, due: &Due) -> Result<Vec<i64>, Error> {
    macro_rules! query {
        () => {
            run::table
                .filter(run::next_poll_at.le(At(due.now)))
                .filter(
                    run::lease_until
                        .is_null()
                        .or(run::lease_until.le(At(due.now))),
                )
                .filter(run::run_id.is_not_null().eq(kind == Kind::Followed))
                // Each database would break a tie in its own way.
                .order((run::next_poll_at, run::task_id))
                .limit(i64::try_from(due.limit).unwrap_or(i64::MAX))
                .select(run::task_id)
        };
    }
    Ok(match db {
        // The whole file is ours.
        Db::Sqlite(conn) => query!().load(&mut **conn)?,
        Db::Pg(conn, _) => query!().for_update().skip_locked().load(&mut **conn)?,
    })
}

/// Says when to look next; never, when the run's end is known.
pub fn schedule(
    db: &mut Db<'_>,
    task: TaskId,
    next_poll: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    on!(db, |conn| diesel::update(run::table.find(task.0))
        .set(run::next_poll_at.eq(next_poll.map(At)))
        .execute(conn))?;
    Ok(())
}

/// Brings the next look forward; one that is sooner stays.
pub fn poll_by(db: &mut Db<'_>, task: TaskId, at: DateTime<Utc>) -> Result<(), Error> {
    on!(db, |conn| diesel::update(run::table.find(task.0))
        .filter(run::next_poll_at.is_null().or(run::next_poll_at.gt(At(at))))
        .set(run::next_poll_at.eq(At(at)))
        .execute(conn))?;
    Ok(())
}

/// Makes a claim last until `until`; false when it is not held any more.
pub fn renew(
    db: &mut Db<'_>,
    task: TaskId,
    owner: &str,
    until: DateTime<Utc>,
) -> Result<bool, Error> {
    let renewed = on!(db, |conn| diesel::update(run::table.find(task.0))
        .filter(run::lease_owner.eq(owner))
        .set(run::lease_until.eq(At(until)))
        .execute(conn))?;
    Ok(renewed == 1)
}

/// Gives a claim back, each task with its next look, if there is to be one; where it is not held any more, or something
/// was set meanwhile for sooner, nothing changes.
///
/// Each row is written once: at a second write in a transaction PostgreSQL checks the row's foreign key, and so waits for
/// whoever holds the task, who may be waiting for this very row.
pub fn plan(
    db: &mut Db<'_>,
    owner: &str,
    now: DateTime<Utc>,
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
            .le(At(now))
            .or(run::next_poll_at.gt(At(*next)));
        on!(db, |conn| diesel::update(run::table)
            .filter(run::task_id.eq_any(tasks))
            .filter(run::lease_owner.eq(owner))
            .filter(replaced)
            .set((
                run::next_poll_at.eq(At(*next)),
                run::lease_until.eq(None::<At>),
                run::lease_owner.eq(None::<String>),
            ))
            .execute(conn))?;
    }
    // Those that have given their claim back are no longer its owner's.
    let all: Vec<i64> = planned.iter().map(|(task, _)| task.0).collect();
    on!(db, |conn| diesel::update(run::table)
        .filter(run::task_id.eq_any(&all))
        .filter(run::lease_owner.eq(owner))
        .set((
            run::lease_until.eq(None::<At>),
            run::lease_owner.eq(None::<String>),
        ))
        .execute(conn))?;
    Ok(())
}

/// Whether the task of this launch is in the database, as long as its run is still polled.
pub fn is_launch_stored(db: &mut Db<'_>, launch: LaunchId) -> Result<bool, Error> {
    let found: Option<i64> = on!(db, |conn| run::table
        .filter(run::next_poll_at.is_not_null())
        .filter(run::launch_id.eq(Id(launch.0)))
        .select(run::task_id)
        .first(conn)
        .optional())?;
    Ok(found.is_some())
}

/// What a launch must send but nobody may read, encrypted; it is kept until the run's id is known.
pub fn sealed(vault: &Vault, secrets: &Map<String, Value>) -> String {
    vault.seal(&Value::Object(secrets.clone()).to_string())
}

/// Keeps them with the fingerprint of what is sent.
pub fn put_secrets(
    db: &mut Db<'_>,
    vault: &Vault,
    task: TaskId,
    secrets: &Map<String, Value>,
    fingerprint: Option<&str>,
) -> Result<(), Error> {
    let sealed = sealed(vault, secrets);
    on!(db, |conn| diesel::update(run::table.find(task.0))
        .set((run::secrets.eq(sealed), run::fingerprint.eq(fingerprint)))
        .execute(conn))?;
    Ok(())
}

pub fn secrets_of(
    db: &mut Db<'_>,
    vault: &Vault,
    task: TaskId,
) -> Result<Option<Map<String, Value>>, Error> {
    let sealed: Option<String> = on!(db, |conn| run::table
        .find(task.0)
        .select(run::secrets)
        .get_result::<Option<String>>(conn))?;
    sealed
        .map(|sealed| object_of(&vault.open(&sealed)?))
        .transpose()
}

pub fn forget_secrets(db: &mut Db<'_>, task: TaskId) -> Result<(), Error> {
    on!(db, |conn| diesel::update(run::table.find(task.0))
        .set(run::secrets.eq(None::<String>))
        .execute(conn))?;
    Ok(())
}

/// Which of these runs of an instance belong to tasks of ours already.
pub fn owned_runs(db: &mut Db<'_>, instance: &str, runs: &[RunId]) -> Result<Vec<RunId>, Error> {
    let ids: Vec<Id> = runs.iter().map(|id| Id(id.0)).collect();
    let owned: Vec<Option<Id>> = on!(db, |conn| run::table
        .filter(run::instance.eq(instance))
        .filter(run::run_id.eq_any(&ids))
        .select(run::run_id)
        .load(conn))?;
    Ok(owned.into_iter().flatten().map(|id| RunId(id.0)).collect())
}

/// Which of an account's tasks own these runs of an instance.
pub fn owners(
    db: &mut Db<'_>,
    account: AccountId,
    instance: &str,
    runs: &[RunId],
) -> Result<HashMap<RunId, TaskId>, Error> {
    let ids: Vec<Id> = runs.iter().map(|id| Id(id.0)).collect();
    let owned: Vec<(Option<Id>, i64)> = on!(db, |conn| run::table
        .filter(run::account_id.eq(account.0))
        .filter(run::instance.eq(instance))
        .filter(run::run_id.eq_any(&ids))
        .select((run::run_id, run::task_id))
        .load(conn))?;
    let pair = |(run, task): (Option<Id>, i64)| Some((RunId(run?.0), TaskId(task)));
    Ok(owned.into_iter().filter_map(pair).collect())
}

/// Whether this launch has to wait for another one of its pipeline that does not name its task either: for one that is
/// still searched for, since its run and a new one could be mistaken for each other, and for an older one of the same
/// account that has not been sent yet, so that their order is kept. A launch that is searched for counts whatever its
/// account: two accounts may share a workspace and OpenHEXA's user. One of another account that was never sent has no run,
/// and its account's token may stay refused for a long time.
///
/// `key` is the beginning of every fingerprint made with the key of now; one made with another key could be any.
pub fn must_wait(
    db: &mut Db<'_>,
    pipeline: PipelineId,
    of: TaskId,
    key: &str,
) -> Result<bool, Error> {
    one_at_a_time(db, pipeline)?;
    let own = likeness(db, of)?;
    let could_be_any = own.drops_config || own.fingerprint.is_none();
    let found: Option<i64> = on!(db, |conn| {
        let alike = run::drops_config
            .eq(true)
            .or(run::fingerprint.is_null())
            .or(run::fingerprint.not_like(format!("{key}%")))
            .or(run::fingerprint.eq(own.fingerprint.clone()))
            .or(could_be_any.into_sql::<Bool>());
        run::table
            .inner_join(task::table)
            .filter(run::instance.eq(&own.instance))
            .filter(task::pipeline_id.eq(Id(pipeline.0)))
            .filter(task::id.ne(of.0))
            .filter(task::run_end.is_null())
            .filter(run::names_task.eq(false))
            .filter(run::run_id.is_null())
            .filter(
                task::state
                    .ne("accepted")
                    .or(task::id.lt(of.0).and(run::account_id.eq(own.account))),
            )
            .filter(alike)
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
pub fn wake_next(
    db: &mut Db<'_>,
    pipeline: PipelineId,
    of: TaskId,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let own = likeness(db, of)?;
    macro_rules! query {
        () => {
            run::table
                .filter(run::instance.eq(&own.instance))
                .filter(run::names_task.eq(false))
                .filter(run::fingerprint.eq(&own.fingerprint))
                // Not a join: its rows of tasks would be locked too.
                .filter(
                    run::task_id.eq_any(
                        task::table
                            .filter(task::pipeline_id.eq(Id(pipeline.0)))
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
        Db::Sqlite(conn) => query!().get_result(&mut **conn).optional()?,
        Db::Pg(conn, _) => query!()
            .for_update()
            .skip_locked()
            .get_result(&mut **conn)
            .optional()?,
    };
    next.map_or(Ok(()), |next| poll_by(db, TaskId(next), at))
}

/// What tells a launch without a task id from others.
struct Likeness {
    account: i64,
    instance: String,
    drops_config: bool,
    fingerprint: Option<String>,
}

fn likeness(db: &mut Db<'_>, of: TaskId) -> Result<Likeness, Error> {
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
    Ok(Likeness {
        account,
        instance,
        drops_config,
        fingerprint,
    })
}

/// Launches of one pipeline that ask [`must_wait`] wait for each other's transactions, or two could each miss the
/// other. SQLite has one writer anyway.
fn one_at_a_time(db: &mut Db<'_>, pipeline: PipelineId) -> Result<(), Error> {
    if let Db::Pg(conn, _) = db {
        let (high, low) = pipeline.0.as_u64_pair();
        let key = i64::from_ne_bytes((high ^ low).to_ne_bytes());
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<diesel::sql_types::BigInt, _>(key)
            .execute(&mut **conn)?;
    }
    Ok(())
}
