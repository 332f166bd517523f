//! Finds the tasks that launched given runs of OpenHEXA, to link a run with its task and to show the same duration for both.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::connection::{Db, on};
use super::error::Error;
use super::schema::{run, task};
use super::types::{DbTime, DbUuid};
use crate::domain::ids::{AccountId, RunId, TaskId};

/// The task that launched a run, with its times.
#[derive(Clone, Copy, Debug)]
pub struct RunOwner {
    pub task: TaskId,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
}

/// Which tasks of an account these runs of an instance belong to.
pub fn tasks_of_runs(
    db: &mut Db<'_>,
    account: AccountId,
    instance: &str,
    runs: &[RunId],
) -> Result<HashMap<RunId, RunOwner>, Error> {
    type OwnerRow = (Option<DbUuid>, i64, DbTime, Option<DbTime>, Option<DbTime>);
    let ids: Vec<DbUuid> = runs.iter().map(|id| DbUuid(id.0)).collect();
    let owned: Vec<OwnerRow> = on!(db, |conn| run::table
        .inner_join(task::table)
        .filter(run::account_id.eq(account.0))
        .filter(run::instance.eq(instance))
        .filter(run::run_id.eq_any(&ids))
        .select((
            run::run_id,
            run::task_id,
            task::created_at,
            task::started_at,
            task::ended_at,
        ))
        .load(conn))?;
    let pair = |(run, task, created, started, ended): OwnerRow| {
        let owner = RunOwner {
            task: TaskId(task),
            created_at: created.0,
            started_at: started.map(|at| at.0),
            ended_at: ended.map(|at| at.0),
        };
        Some((RunId(run?.0), owner))
    };
    Ok(owned.into_iter().filter_map(pair).collect())
}
