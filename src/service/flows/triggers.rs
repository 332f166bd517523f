//! The end of a run starts the flows that wait for it, in the transaction that stores the end.

use chrono::{DateTime, Utc};

use super::inputs::defaults;
use super::new_runs::NewRun;
use super::versions::{Loaded, Versions};
use crate::domain::flow::document::{Event, When};
use crate::domain::flow::run::{Cause, FlowRun, Outcome, Start};
use crate::domain::status::Status;
use crate::service::Error;
use crate::store::Db;
use crate::store::flows::{self, NewTick, TickSource, TriggerRow};

/// A flow that is paused or deleted is not started, and the cancelled runs of a deleted flow start no other one.
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
        let flow = flows::flow_by_id(db, trigger.flow)?;
        let Some(flow) = flow.filter(|flow| !flow.paused && flow.deleted_at.is_none()) else {
            continue;
        };
        let loaded = versions.load(db, account, flow.id, flow.version)?;
        if wants(&loaded, &trigger, ended.status) {
            start(db, &loaded, &trigger, ended, now)?;
        }
    }
    Ok(())
}

fn wants(loaded: &Loaded, trigger: &TriggerRow, status: Status) -> bool {
    let mut triggers = loaded.flow.triggers.iter();
    let declared = triggers.find(|one| one.id.value == trigger.code);
    match declared.map(|one| &one.event) {
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

fn start(
    db: &mut Db<'_>,
    loaded: &Loaded,
    trigger: &TriggerRow,
    ended: &FlowRun,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let event = ended.id.0.to_string();
    let new = NewRun {
        loaded,
        start: Start {
            account: trigger.account,
            flow: trigger.flow,
            version: loaded.version.number,
            cause: Cause::Flow,
            launcher: loaded.version.saved_by.clone(),
            schedule: None,
            // The time for which the other run was scheduled, so that both write the same periods.
            scheduled_for: ended.start.scheduled_for,
            interval: ended.start.interval,
            inputs: defaults(&loaded.flow),
            file: None,
            ignored: Vec::new(),
            replay_of: None,
            backfill: None,
        },
        waiting: false,
        pinned: None,
        now,
    };
    let run = new.insert(db)?;
    let tick = NewTick {
        account: trigger.account,
        flow: trigger.flow,
        source: TickSource::Trigger(trigger.id, event),
        scheduled_for: now,
        outcome: Outcome::Run,
        why: Vec::new(),
        run: Some(run),
    };
    Ok(flows::add_tick(db, &tick)?)
}
