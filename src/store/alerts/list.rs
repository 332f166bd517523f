//! Lists of alerts.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::alert_rows::{AlertRow, KeyColumns, StateColumns, alert_of, columns};
use crate::domain::alert::{Alert, AlertCause};
use crate::domain::ids::{AccountId, AlertId, PipelineId};
use crate::store::Error;
use crate::store::alert_schema::alert;
use crate::store::connection::{Db, on};
use crate::store::types::{DbTime, DbUuid};

/// The position of an alert in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertPosition {
    pub opened_at: DateTime<Utc>,
    pub id: AlertId,
}

/// Which alerts of an account, the last opened first.
#[derive(Clone, Debug)]
pub struct AlertQuery {
    pub account: AccountId,
    /// Only open ones, or only resolved ones.
    pub open: Option<bool>,
    pub cause: Option<AlertCause>,
    /// The slug of a flow.
    pub flow: Option<String>,
    pub pipeline: Option<PipelineId>,
    pub after: Option<AlertPosition>,
    pub limit: i64,
}

pub fn alerts_of_account(db: &mut Db<'_>, query: &AlertQuery) -> Result<Vec<Alert>, Error> {
    let rows: Vec<AlertRow> = on!(db, |conn| {
        let mut all = alert::table
            .filter(alert::account_id.eq(query.account.0))
            .into_boxed();
        match query.open {
            Some(true) => all = all.filter(alert::resolved_at.is_null()),
            Some(false) => all = all.filter(alert::resolved_at.is_not_null()),
            None => {}
        }
        if let Some(cause) = query.cause {
            all = all.filter(alert::cause.eq(cause.as_str()));
        }
        if let Some(slug) = &query.flow {
            all = all
                .filter(alert::flow_id.is_not_null())
                .filter(alert::name.eq(slug));
        }
        if let Some(pipeline) = query.pipeline {
            all = all.filter(alert::pipeline_id.eq(DbUuid(pipeline.0)));
        }
        if let Some(after) = query.after {
            let at = DbTime(after.opened_at);
            all = all.filter(
                alert::opened_at
                    .lt(at)
                    .or(alert::opened_at.eq(at).and(alert::id.lt(after.id.0))),
            );
        }
        all.order((alert::opened_at.desc(), alert::id.desc()))
            .limit(query.limit)
            .select(columns!())
            .load(conn)
    })?;
    rows.into_iter().map(alert_of).collect()
}

pub fn alert_of_account(
    db: &mut Db<'_>,
    account: AccountId,
    id: AlertId,
) -> Result<Option<Alert>, Error> {
    let row: Option<AlertRow> = on!(db, |conn| alert::table
        .find(id.0)
        .filter(alert::account_id.eq(account.0))
        .select(columns!())
        .get_result(conn)
        .optional())?;
    row.map(alert_of).transpose()
}
