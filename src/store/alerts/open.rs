//! Alerts by key: the newest one is open or the last one that was.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::alert_rows::{AlertRow, KeyColumns, StateColumns, alert_of, columns};
use crate::domain::alert::{Alert, AlertKey, AlertSubject};
use crate::domain::ids::{AlertId, FlowId};
use crate::store::Error;
use crate::store::alert_schema::alert;
use crate::store::connection::{Db, on};
use crate::store::types::{DbTime, DbUuid};

/// Inserts an open alert; its id is not used. None: another transaction has opened one with this key.
pub fn add_alert(db: &mut Db<'_>, new: &Alert) -> Result<Option<AlertId>, Error> {
    let row = (KeyColumns::from(new), StateColumns::from(new));
    let id: Option<i64> = on!(db, |conn| diesel::insert_into(alert::table)
        .values(row)
        .on_conflict_do_nothing()
        .returning(alert::id)
        .get_result(conn)
        .optional())?;
    Ok(id.map(AlertId))
}

/// Locks and reads the newest alert with this key.
pub fn lock_newest_alert(db: &mut Db<'_>, key: &AlertKey) -> Result<Option<Alert>, Error> {
    let id: Option<i64> = on!(db, |conn| {
        let own = alert::table
            .filter(alert::cause.eq(key.cause.as_str()))
            .filter(alert::part.eq(&key.part))
            .order(alert::id.desc())
            .select(alert::id);
        match key.subject {
            AlertSubject::Flow(flow) => own.filter(alert::flow_id.eq(flow.0)).first(conn),
            AlertSubject::Pipeline(pipeline) => own
                .filter(alert::account_id.eq(key.account.0))
                .filter(alert::pipeline_id.eq(DbUuid(pipeline.0)))
                .first(conn),
        }
        .optional()
    })?;
    match id {
        Some(id) => lock_alert(db, AlertId(id)),
        None => Ok(None),
    }
}

/// Locks and reads an alert of any account.
pub fn lock_alert(db: &mut Db<'_>, id: AlertId) -> Result<Option<Alert>, Error> {
    if let Db::Pg(conn, ..) = db {
        alert::table
            .find(id.0)
            .select(alert::id)
            .for_no_key_update()
            .get_result::<i64>(&mut **conn)
            .optional()?;
    }
    let row: Option<AlertRow> = on!(db, |conn| alert::table
        .find(id.0)
        .select(columns!())
        .get_result(conn)
        .optional())?;
    row.map(alert_of).transpose()
}

/// Saves an alert that this transaction has locked.
pub fn save_alert(db: &mut Db<'_>, changed: &Alert) -> Result<(), Error> {
    on!(db, |conn| diesel::update(alert::table.find(changed.id.0))
        .set(StateColumns::from(changed))
        .execute(conn))?;
    Ok(())
}

/// The open alerts of a flow, by id. They are not locked.
pub fn open_alerts_of_flow(db: &mut Db<'_>, flow: FlowId) -> Result<Vec<Alert>, Error> {
    let rows: Vec<AlertRow> = on!(db, |conn| alert::table
        .filter(alert::flow_id.eq(flow.0))
        .filter(alert::resolved_at.is_null())
        .order(alert::id)
        .select(columns!())
        .load(conn))?;
    rows.into_iter().map(alert_of).collect()
}

/// Alerts whose subscribers are to be notified now.
pub fn alerts_to_notify(
    db: &mut Db<'_>,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<AlertId>, Error> {
    let ids: Vec<i64> = on!(db, |conn| alert::table
        .filter(alert::notify_at.le(DbTime(now)))
        .filter(
            alert::muted_until
                .is_null()
                .or(alert::muted_until.le(DbTime(now)))
        )
        .order((alert::notify_at, alert::id))
        .limit(limit)
        .select(alert::id)
        .load(conn))?;
    Ok(ids.into_iter().map(AlertId).collect())
}

/// What an alert of any account is about, and its name.
pub fn alert_subject(db: &mut Db<'_>, id: AlertId) -> Result<Option<(AlertKey, String)>, Error> {
    let row: Option<AlertRow> = on!(db, |conn| alert::table
        .find(id.0)
        .select(columns!())
        .get_result(conn)
        .optional())?;
    let found = row.map(alert_of).transpose()?;
    Ok(found.map(|alert| (alert.key, alert.name)))
}
