//! The end of a run starts the flows that wait for it, in the transaction that stores the end.

use chrono::{DateTime, Utc};

use super::MOST_ACTIVE;
use super::alerting::{Missed, tick_missed, tick_started};
use super::new_runs::NewRun;
use super::problems::problem;
use super::versions::{Loaded, Versions};
use crate::domain::flow::document::{Event, When};
use crate::domain::flow::run::{Cause, FlowRun, Outcome, Start};
use crate::domain::message::{Message, say};
use crate::domain::status::Status;
use crate::service::Error;
use crate::store::flows::{self, NewTick, TickSource, TriggerRow};
use crate::store::{self, Db};

/// A flow that is paused or deleted is not started, and the cancelled runs of a deleted flow start no other one. The caller has
/// locked the run that has ended.
pub fn start_other_flows(
    db: &mut Db<'_>,
    versions: &Versions,
    ended: &FlowRun,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let account = ended.start.account;
    let own = flows::flow_by_id(db, ended.start.flow)?;
    if own.is_none_or(|flow| flow.deleted_at.is_some()) {
        return Ok(());
    }
    for trigger in flows::active_flow_triggers(db, account, &ended.slug)? {
        // With this lock, a flow that was paused or deleted meanwhile is not started. Flows do not start each other in a circle,
        // so the locks do not either.
        let flow = flows::lock_flow(db, trigger.flow)?;
        let Some(flow) = flow.filter(|flow| !flow.paused && flow.deleted_at.is_none()) else {
            continue;
        };
        match versions.load(db, account, flow.id, flow.version) {
            Ok(loaded) if wants(&loaded, &trigger, ended.status) => {
                start(db, &loaded, &trigger, ended, now)?;
            }
            Ok(_) => {}
            // The end of this run must be stored although the other flow cannot be read.
            Err(Error::Internal(store::Error::Corrupt(_))) => {
                refuse(db, &trigger, ended, say("flow-document-unreadable"), now)?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn wants(loaded: &Loaded, trigger: &TriggerRow, status: Status) -> bool {
    match loaded.event(&trigger.code) {
        Some(Event::Flow {
            when: When::Success,
            ..
        }) => status == Status::Success,
        Some(Event::Flow {
            when: When::Any, ..
        }) => true,
        Some(Event::File { .. }) | None => false,
    }
}

/// With the time and the interval of the other run, so that both write the same periods. A flow with too many active runs gets none.
fn start(
    db: &mut Db<'_>,
    loaded: &Loaded,
    trigger: &TriggerRow,
    ended: &FlowRun,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    if flows::count_active_runs(db, trigger.flow)? >= MOST_ACTIVE {
        let why = say("flow-too-many-runs").with("most", MOST_ACTIVE);
        let missed = Missed {
            part: &trigger.code,
            scheduled_for: now,
            why: why.clone(),
        };
        tick_missed(db, loaded, &missed, now)?;
        return refuse(db, trigger, ended, why, now);
    }
    tick_started(db, loaded, &trigger.code, now)?;
    let new = NewRun {
        loaded,
        start: Start {
            scheduled_for: ended.start.scheduled_for,
            interval: ended.start.interval,
            ..loaded.start(Cause::Flow)
        },
        waiting: false,
        pinned: None,
        now,
    };
    new.insert_with_tick(db, source(trigger, ended), now)
}

fn source(trigger: &TriggerRow, ended: &FlowRun) -> TickSource {
    TickSource::Trigger(trigger.id, ended.id.0.to_string())
}

/// The event has a tick without a run.
fn refuse(
    db: &mut Db<'_>,
    trigger: &TriggerRow,
    ended: &FlowRun,
    why: Message,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let tick = NewTick {
        account: trigger.account,
        flow: trigger.flow,
        source: source(trigger, ended),
        scheduled_for: now,
        outcome: Outcome::Refused,
        why: vec![problem(None, &why)],
        run: None,
    };
    Ok(flows::add_tick(db, &tick)?)
}
