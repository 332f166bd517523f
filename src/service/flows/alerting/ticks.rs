//! Ticks that are missed or late.

use chrono::{DateTime, Utc};

use super::alerted;
use crate::domain::alert::{AlertCause, AlertFacts};
use crate::domain::flow::document::Schedule;
use crate::domain::ids::ScheduleId;
use crate::domain::message::{Message, say};
use crate::service::Error;
use crate::service::alerts::{raise, resolve_if};
use crate::service::flows::problems::problem;
use crate::service::flows::versions::Loaded;
use crate::store::Db;
use crate::store::alerts::{CheckKind, add_check};

/// A tick without a run.
pub struct Missed<'a> {
    /// The id of the schedule or trigger.
    pub part: &'a str,
    pub scheduled_for: DateTime<Utc>,
    pub why: Message,
}

/// Plans the check of whether a tick has ended by the time of its schedule's `finish_by`, also if it has no run.
pub fn tick_added(
    db: &mut Db<'_>,
    id: ScheduleId,
    schedule: &Schedule,
    tick: DateTime<Utc>,
) -> Result<(), Error> {
    let finish_by = schedule.finish_by;
    let due = finish_by.and_then(|time| time.next_after(tick, &schedule.timezone));
    match due {
        Some(due) => Ok(add_check(db, CheckKind::Tick(id, tick), due)?),
        None => Ok(()),
    }
}

/// The schedule or trigger starts runs again.
pub fn tick_started(
    db: &mut Db<'_>,
    loaded: &Loaded,
    part: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let about = alerted(loaded);
    resolve_if(db, &about, AlertCause::Missed, part, now, |_| true)
}

pub fn tick_missed(
    db: &mut Db<'_>,
    loaded: &Loaded,
    missed: &Missed<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let facts = AlertFacts {
        sample: vec![problem(None, &missed.why)],
        scheduled_for: Some(missed.scheduled_for),
        ..AlertFacts::default()
    };
    let about = alerted(loaded);
    raise(db, &about, AlertCause::Missed, missed.part, facts, now)
}

/// A tick that has not ended in time.
pub fn tick_late(
    db: &mut Db<'_>,
    loaded: &Loaded,
    schedule: &Schedule,
    facts: AlertFacts,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let local = |at: DateTime<Utc>| {
        let time = schedule.timezone.local(at);
        time.strftime("%Y-%m-%d %H:%M").to_string()
    };
    let why = if facts.flow_run.is_some() {
        say("alert-late-running")
    } else {
        say("alert-late-not-started")
    };
    let why = why
        .with("tick", facts.scheduled_for.map(local).unwrap_or_default())
        .with(
            "finish_by",
            schedule
                .finish_by
                .map(|time| time.to_string())
                .unwrap_or_default(),
        )
        .with("zone", schedule.timezone.name());
    let facts = AlertFacts {
        sample: vec![problem(None, &why)],
        ..facts
    };
    let (about, part) = (alerted(loaded), schedule.id.value.as_str());
    raise(db, &about, AlertCause::Late, part, facts, now)
}
