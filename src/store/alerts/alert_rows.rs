//! Rows of `alert`, and their conversion from and to the domain's type.

use diesel::prelude::*;

use crate::domain::alert::{Alert, AlertCause, AlertFacts, AlertKey, AlertState, AlertSubject};
use crate::domain::ids::{AccountId, AlertId, FlowId, FlowRunId, PipelineId, TaskId};
use crate::domain::principal::Actor;
use crate::store::Error;
use crate::store::alert_schema::alert;
use crate::store::flows::{problems_of, problems_text};
use crate::store::types::{DbTime, DbUuid};

const MILLION: f64 = 1_000_000.0;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = alert)]
pub struct KeyColumns {
    account_id: i64,
    flow_id: Option<i64>,
    pipeline_id: Option<DbUuid>,
    cause: String,
    part: String,
    opened_at: DbTime,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = alert, treat_none_as_null = true)]
pub struct StateColumns {
    name: String,
    updated_at: DbTime,
    resolved_at: Option<DbTime>,
    notified: bool,
    notify_at: Option<DbTime>,
    muted_until: Option<DbTime>,
    muted_by: Option<String>,
    figure: Option<i64>,
    limit_value: Option<i64>,
    sample: Option<String>,
    flow_run_id: Option<i64>,
    task_id: Option<i64>,
    scheduled_for: Option<DbTime>,
    occurrences: i64,
}

pub type AlertRow = (i64, KeyColumns, StateColumns);

macro_rules! columns {
    () => {
        (
            alert::id,
            KeyColumns::as_select(),
            StateColumns::as_select(),
        )
    };
}
pub(super) use columns;

impl From<&Alert> for KeyColumns {
    fn from(alert: &Alert) -> Self {
        let (flow_id, pipeline_id) = match alert.key.subject {
            AlertSubject::Flow(id) => (Some(id.0), None),
            AlertSubject::Pipeline(id) => (None, Some(DbUuid(id.0))),
        };
        Self {
            account_id: alert.key.account.0,
            flow_id,
            pipeline_id,
            cause: alert.key.cause.as_str().to_owned(),
            part: alert.key.part.clone(),
            opened_at: DbTime(alert.state.opened_at),
        }
    }
}

impl From<&Alert> for StateColumns {
    fn from(alert: &Alert) -> Self {
        let (state, facts) = (&alert.state, &alert.facts);
        Self {
            name: alert.name.clone(),
            updated_at: DbTime(alert.updated_at),
            resolved_at: state.resolved_at.map(DbTime),
            notified: state.notified,
            notify_at: state.notify_at.map(DbTime),
            muted_until: state.muted_until.map(DbTime),
            muted_by: alert.muted_by.as_ref().map(Actor::stored),
            figure: facts.figure.and_then(millionths),
            limit_value: facts.limit.and_then(millionths),
            sample: problems_text(&facts.sample),
            flow_run_id: facts.flow_run.map(|id| id.0),
            task_id: facts.task.map(|id| id.0),
            scheduled_for: facts.scheduled_for.map(DbTime),
            occurrences: alert.occurrences,
        }
    }
}

pub fn alert_of((id, key, state): AlertRow) -> Result<Alert, Error> {
    let subject = match (key.flow_id, key.pipeline_id) {
        (Some(id), _) => AlertSubject::Flow(FlowId(id)),
        (None, Some(id)) => AlertSubject::Pipeline(PipelineId(id.0)),
        (None, None) => return Err(Error::Corrupt("subject of an alert")),
    };
    Ok(Alert {
        id: AlertId(id),
        key: AlertKey {
            account: AccountId(key.account_id),
            subject,
            cause: AlertCause::parse(&key.cause).ok_or(Error::Corrupt("cause of an alert"))?,
            part: key.part,
        },
        facts: AlertFacts {
            figure: state.figure.map(number),
            limit: state.limit_value.map(number),
            sample: problems_of(state.sample.as_deref())?,
            flow_run: state.flow_run_id.map(FlowRunId),
            task: state.task_id.map(TaskId),
            scheduled_for: state.scheduled_for.map(|at| at.0),
        },
        state: AlertState {
            opened_at: key.opened_at.0,
            resolved_at: state.resolved_at.map(|at| at.0),
            notified: state.notified,
            notify_at: state.notify_at.map(|at| at.0),
            muted_until: state.muted_until.map(|at| at.0),
        },
        name: state.name,
        occurrences: state.occurrences,
        updated_at: state.updated_at.0,
        muted_by: state.muted_by.as_deref().map(Actor::read),
    })
}

/// The databases store whole numbers only, so that both give the same results. None: it is too large.
#[expect(clippy::cast_possible_truncation, reason = "checked before")]
fn millionths(number: f64) -> Option<i64> {
    let scaled = (number * MILLION).round();
    (scaled.abs() < 9.0e18).then_some(scaled as i64)
}

#[expect(clippy::cast_precision_loss, reason = "figures are shown rounded")]
fn number(millionths: i64) -> f64 {
    millionths as f64 / MILLION
}
