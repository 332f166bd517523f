//! Raises and resolves alerts. The caller's transaction has locked the run, task or tick that is the cause, so that an alert is not
//! raised after its cause has ended.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::texts::{alert_title, cause_path, resolved_title};
use crate::domain::alert::{
    Alert, AlertCause, AlertFacts, AlertKey, AlertState, AlertSubject, Told,
};
use crate::domain::flow::Problem;
use crate::domain::flow::document::FlowDocument;
use crate::domain::ids::{AccountId, AlertId, FlowId, PipelineId};
use crate::domain::notification::{Both, Level, Notice, NoticeKind, Subject};
use crate::service::Error;
use crate::service::notifications::{self, in_both};
use crate::store::alerts::{self, add_alert, lock_alert, lock_newest_alert, save_alert};
use crate::store::{self, Db};

/// The flow or pipeline that an alert is about, and the channels that a flow's document names.
#[derive(Clone, Debug)]
pub struct Alerted {
    pub account: AccountId,
    pub subject: Subject,
    pub channels: Vec<(String, Level)>,
    of: AlertSubject,
    /// The slug of the flow, or the name of the pipeline.
    name: String,
}

impl Alerted {
    pub fn pipeline(account: AccountId, id: PipelineId, name: String) -> Self {
        Self {
            account,
            of: AlertSubject::Pipeline(id),
            subject: Subject::Pipeline {
                id,
                name: name.clone(),
            },
            name,
            channels: Vec::new(),
        }
    }

    pub fn flow(account: AccountId, id: FlowId, flow: &FlowDocument) -> Self {
        let slug = &flow.id.value;
        let channels = flow.notify.iter();
        Self {
            account,
            of: AlertSubject::Flow(id),
            subject: Subject::Flow {
                id,
                slug: slug.clone(),
                name_en: flow.name.en.clone(),
                name_fr: flow.name.fr.clone(),
            },
            name: slug.clone(),
            channels: channels
                .map(|one| (one.channel.value.clone(), one.level))
                .collect(),
        }
    }

    fn key(&self, cause: AlertCause, part: &str) -> AlertKey {
        AlertKey {
            account: self.account,
            subject: self.of,
            cause,
            part: part.to_owned(),
        }
    }
}

/// Opens an alert, or counts the cause if it is open. The same facts again change nothing.
pub fn raise(
    db: &mut Db<'_>,
    about: &Alerted,
    cause: AlertCause,
    part: &str,
    facts: AlertFacts,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let key = about.key(cause, part);
    let newest = lock_newest_alert(db, &key)?;
    let muted_until = match newest {
        Some(open) if open.state.is_open() => return raise_again(db, open, facts, now),
        Some(mut before) if before.state.can_reopen(now) => {
            before.state.reopen();
            return raise_again(db, before, facts, now);
        }
        Some(before) => before.state.muted_until,
        None => None,
    };
    let (state, told) = AlertState::opened(now, muted_until);
    let mut alert = Alert {
        id: AlertId(0),
        key,
        name: about.name.clone(),
        facts,
        state,
        occurrences: 1,
        updated_at: now,
        muted_by: None,
    };
    match add_alert(db, &alert)? {
        Some(id) => alert.id = id,
        // Another transaction has opened it, and has notified.
        None => return raise_opened(db, alert, now),
    }
    tell(db, about, &alert, told, now)
}

fn raise_opened(db: &mut Db<'_>, new: Alert, now: DateTime<Utc>) -> Result<(), Error> {
    match lock_newest_alert(db, &new.key)? {
        Some(open) => raise_again(db, open, new.facts, now),
        None => Err(store::Error::Corrupt("open alert").into()),
    }
}

fn raise_again(
    db: &mut Db<'_>,
    mut alert: Alert,
    facts: AlertFacts,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let is_same = alert.facts.flow_run == facts.flow_run
        && alert.facts.task == facts.task
        && alert.facts.scheduled_for == facts.scheduled_for;
    alert.occurrences += i64::from(!is_same);
    alert.facts = facts;
    alert.updated_at = now;
    Ok(save_alert(db, &alert)?)
}

/// Resolves the open alert with this key, if there is one that `wanted` accepts.
pub fn resolve_if(
    db: &mut Db<'_>,
    about: &Alerted,
    cause: AlertCause,
    part: &str,
    now: DateTime<Utc>,
    wanted: impl FnOnce(&AlertFacts) -> bool,
) -> Result<(), Error> {
    let newest = lock_newest_alert(db, &about.key(cause, part))?;
    let open = newest.filter(|alert| alert.state.is_open() && wanted(&alert.facts));
    let Some(mut alert) = open else {
        return Ok(());
    };
    let told = alert.state.resolve(now);
    alert.updated_at = now;
    save_alert(db, &alert)?;
    tell(db, about, &alert, told, now)
}

/// Resolves all alerts of a flow that is deleted, without messages.
pub fn resolve_silently(db: &mut Db<'_>, flow: FlowId, now: DateTime<Utc>) -> Result<(), Error> {
    for open in alerts::open_alerts_of_flow(db, flow)? {
        let Some(mut alert) = lock_alert(db, open.id)? else {
            continue;
        };
        let _without_message = alert.state.resolve(now);
        alert.updated_at = now;
        save_alert(db, &alert)?;
    }
    Ok(())
}

/// Notifies of an alert that was muted, or had opened again, if it is still open.
pub fn notify_due(
    db: &mut Db<'_>,
    about: &Alerted,
    id: AlertId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let Some(mut alert) = lock_alert(db, id)? else {
        return Ok(());
    };
    let told = alert.state.due(now);
    if told.is_some() {
        save_alert(db, &alert)?;
    }
    tell(db, about, &alert, told, now)
}

fn tell(
    db: &mut Db<'_>,
    about: &Alerted,
    alert: &Alert,
    told: Option<Told>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (kind, title) = match told {
        Some(Told::Opened) => {
            let title = in_both(|language| alert_title(alert, language));
            (NoticeKind::AlertOpened, title)
        }
        Some(Told::Resolved) => {
            let title = in_both(|language| resolved_title(alert, language));
            (NoticeKind::AlertResolved, title)
        }
        None => return Ok(()),
    };
    let notice = Notice {
        account: about.account,
        kind,
        subject: about.subject.clone(),
        level: Level::Error,
        title,
        details: alert.facts.sample.iter().map(detail).collect(),
        data: data(alert),
        path: format!("/dashboard{}", cause_path(alert)),
    };
    notifications::notify(db, &notice, &about.channels, now)
}

fn detail(problem: &Problem) -> Both {
    let with_field = |text: &str| match &problem.field {
        Some(field) if !text.contains(field.as_str()) => format!("{field}: {text}"),
        Some(_) | None => text.to_owned(),
    };
    Both {
        en: with_field(&problem.en),
        fr: with_field(&problem.fr),
    }
}

/// What programs need of an alert.
fn data(alert: &Alert) -> Map<String, Value> {
    let facts = &alert.facts;
    let time = |at: Option<DateTime<Utc>>| at.map(|at| at.to_rfc3339());
    let mut data = Map::new();
    data.insert(
        "alert".to_owned(),
        json!({
            "id": alert.id.0,
            "cause": alert.key.cause.as_str(),
            "part": alert.key.part,
            "figure": facts.figure,
            "limit": facts.limit,
            "flow_run": facts.flow_run.map(|id| id.0),
            "task": facts.task.map(|id| id.0),
            "scheduled_for": time(facts.scheduled_for),
            "opened_at": time(Some(alert.state.opened_at)),
            "resolved_at": time(alert.state.resolved_at),
        }),
    );
    data
}
