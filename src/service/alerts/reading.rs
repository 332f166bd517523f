//! Lists alerts, and mutes them.

use chrono::{DateTime, TimeDelta, Utc};

use super::Alerts;
use crate::domain::alert::{Alert, AlertCause, LONGEST_MUTE};
use crate::domain::ids::{AccountId, AlertId, PipelineId};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::service::list_pages::{self, List, Page, PageQuery};
use crate::service::{Error, Seal};
use crate::store::Db;
use crate::store::alerts::{
    AlertPosition, AlertQuery, alert_of_account, alerts_of_account, lock_alert, save_alert,
};

/// How long an alert is muted, unless the user says.
const USUAL_MUTE: TimeDelta = TimeDelta::hours(24);

/// Which alerts to list.
#[derive(Clone, Debug, Default)]
pub struct AlertFilter {
    pub open: Option<bool>,
    pub cause: Option<AlertCause>,
    pub flow: Option<String>,
    pub pipeline: Option<PipelineId>,
}

impl Alerts {
    /// The last opened first.
    pub async fn page(
        &self,
        account: AccountId,
        filter: AlertFilter,
        part: &PageQuery,
    ) -> Result<Page<Alert>, Error> {
        let list = list_of(&self.seal, account, &filter);
        let after = list.read(&part.cursor, list_pages::time_and_id)?;
        let query = AlertQuery {
            account,
            open: filter.open,
            cause: filter.cause,
            flow: filter.flow,
            pipeline: filter.pipeline,
            after: after.map(|(opened_at, id)| AlertPosition {
                opened_at,
                id: AlertId(id),
            }),
            limit: part.read(),
        };
        let reading = self
            .store
            .read(move |db| Ok::<_, Error>(alerts_of_account(db, &query)?));
        let rows = reading.await?;
        let position = |alert: &Alert| list_pages::place(alert.state.opened_at, alert.id.0);
        Ok(part.page(&list, rows, position))
    }

    /// For pages that show whether a mute has ended.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub async fn get(&self, account: AccountId, id: AlertId) -> Result<Alert, Error> {
        self.store.read(move |db| find(db, account, id)).await
    }

    /// Stops the messages of an alert until a time.
    pub async fn mute(
        &self,
        who: &Principal,
        id: AlertId,
        until: Option<DateTime<Utc>>,
    ) -> Result<Alert, Error> {
        let now = self.clock.now();
        let until = until.unwrap_or(now + USUAL_MUTE);
        if until <= now || until > now + LONGEST_MUTE {
            let sentence = say("alert-mute-range").with("days", LONGEST_MUTE.num_days());
            return Err(Error::field("until", sentence));
        }
        let by = who.actor.clone();
        self.change(who, id, move |alert| {
            alert.state.muted_until = Some(until);
            alert.muted_by = Some(by);
        })
        .await
    }

    /// Ends a mute. If the alert is open and no message was sent, it is sent soon.
    pub async fn unmute(&self, who: &Principal, id: AlertId) -> Result<Alert, Error> {
        self.change(who, id, |alert| {
            alert.state.muted_until = None;
            alert.muted_by = None;
        })
        .await
    }

    async fn change(
        &self,
        who: &Principal,
        id: AlertId,
        change: impl FnOnce(&mut Alert) + Clone + Send + 'static,
    ) -> Result<Alert, Error> {
        let account = who.account;
        self.store
            .write(move |db| {
                find(db, account, id)?;
                let mut alert = lock_alert(db, id)?.ok_or_else(no_alert)?;
                change(&mut alert);
                save_alert(db, &alert)?;
                Ok(alert)
            })
            .await
    }
}

fn find(db: &mut Db<'_>, account: AccountId, id: AlertId) -> Result<Alert, Error> {
    alert_of_account(db, account, id)?.ok_or_else(no_alert)
}

fn no_alert() -> Error {
    Error::NotFound(say("alert-not-found"))
}

fn list_of<'a>(seal: &'a Seal, account: AccountId, filter: &AlertFilter) -> List<'a> {
    List {
        seal,
        of: format!("alerts {} {filter:?}", account.0),
    }
}
