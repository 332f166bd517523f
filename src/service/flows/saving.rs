//! The transaction that saves a version of a flow, with its schedules and triggers.
//!
//! A schedule whose cron and time zone did not change keeps its cursor. Any other one starts from now and fires nothing at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::MOST_FLOWS;
use super::firing::{miss_due_ticks, new_cursor};
use super::versions::{Loaded, Versions};
use crate::domain::flow::document::{
    Event, Fault, FlowDocument, Parsed, Schedule, Trigger, check_triggers,
};
use crate::domain::flow::schedule::first_after;
use crate::domain::ids::{FlowId, PipelineId, ScheduleId, TriggerId};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::service::Error;
use crate::store::Db;
use crate::store::flows::{
    self, Flow, NewFlow, NewVersion, ScheduleRow, TriggerRow, insert_schedule, save_schedule,
    schedules_of_flow, triggers_of_flow,
};

/// A document without faults.
pub struct CheckedDocument {
    pub parsed: Parsed,
    pub warnings: Vec<Fault>,
    /// The ids of its pipelines by their codes.
    pub pipelines: BTreeMap<String, PipelineId>,
}

/// A saved flow.
pub struct SavedFlow {
    pub flow: Flow,
    /// Whether there is a new version. The same text again creates none.
    pub changed: bool,
}

/// A checked document to save.
#[derive(Clone)]
pub struct Saved {
    by: Principal,
    text: String,
    checked: Arc<CheckedDocument>,
    now: DateTime<Utc>,
}

impl Saved {
    pub fn new(by: &Principal, text: String, checked: CheckedDocument, now: DateTime<Utc>) -> Self {
        Self {
            by: by.clone(),
            text,
            checked: Arc::new(checked),
            now,
        }
    }

    fn document(&self) -> &FlowDocument {
        &self.checked.parsed.flow
    }

    pub fn slug(&self) -> &str {
        &self.document().id.value
    }

    fn row(&self) -> NewFlow {
        let name = &self.document().name;
        NewFlow {
            account: self.by.account,
            slug: self.slug().to_owned(),
            search: format!("{}\n{}\n{}", self.slug(), name.en, name.fr).to_lowercase(),
            at: self.now,
            by: self.by.actor.clone(),
        }
    }

    pub fn create(&self, db: &mut Db<'_>) -> Result<Flow, Error> {
        flows::lock_saves_of_flows(db, self.by.account)?;
        self.check_others(db)?;
        if flows::count_flows(db, self.by.account)? >= MOST_FLOWS {
            let sentence = say("flow-account-full").with("most", MOST_FLOWS);
            return Err(Error::OtherRequest(sentence));
        }
        let id = flows::insert_flow(db, &self.row())?;
        self.add_version(db, id, 1)?;
        self.save_starts(db, id, false, None)?;
        flows::flow_by_id(db, id)?.ok_or_else(Error::no_flow)
    }

    pub fn update(
        &self,
        db: &mut Db<'_>,
        versions: &Versions,
        id: FlowId,
        expected: Option<i64>,
    ) -> Result<SavedFlow, Error> {
        if self.document().waits_for_flows() {
            flows::lock_saves_of_flows(db, self.by.account)?;
            self.check_others(db)?;
        }
        let flow = flows::lock_flow(db, id)?.filter(|flow| flow.deleted_at.is_none());
        let flow = flow.ok_or_else(Error::no_flow)?;
        if expected.is_some_and(|expected| expected != flow.version) {
            return Err(Error::Changed);
        }
        let before = versions.load(db, flow.account, id, flow.version)?;
        if before.version.document == self.text {
            let changed = false;
            return Ok(SavedFlow { flow, changed });
        }
        self.add_version(db, id, flow.version + 1)?;
        flows::set_flow_version(db, id, flow.version + 1, &self.row())?;
        self.save_starts(db, id, flow.paused, Some(&before))?;
        let flow = flows::flow_by_id(db, id)?.ok_or_else(Error::no_flow)?;
        let changed = true;
        Ok(SavedFlow { flow, changed })
    }

    /// Two documents that are saved at the same time must not start each other.
    fn check_others(&self, db: &mut Db<'_>) -> Result<(), Error> {
        let account = self.by.account;
        let faults = check_triggers(self.document(), &flows::flows_started_by(db, account)?);
        if faults.is_empty() {
            return Ok(());
        }
        Err(Error::Document(faults))
    }

    fn add_version(&self, db: &mut Db<'_>, flow: FlowId, number: i64) -> Result<(), Error> {
        let new = NewVersion {
            flow,
            number,
            document: &self.text,
            pipelines: &self.checked.pipelines,
            at: self.now,
            by: &self.by,
        };
        Ok(flows::insert_version(db, &new)?)
    }

    fn save_starts(
        &self,
        db: &mut Db<'_>,
        flow: FlowId,
        paused: bool,
        before: Option<&Loaded>,
    ) -> Result<(), Error> {
        self.save_schedules(db, flow, paused, before)?;
        self.save_triggers(db, flow, paused)
    }

    fn save_schedules(
        &self,
        db: &mut Db<'_>,
        flow: FlowId,
        paused: bool,
        before: Option<&Loaded>,
    ) -> Result<(), Error> {
        let mut known = schedules_of_flow(db, flow)?;
        for schedule in &self.document().schedules {
            let code = &schedule.id.value;
            let old = known.iter().position(|row| row.code == *code);
            match old.map(|at| known.remove(at)) {
                Some(row) => {
                    let row = self.kept_schedule(db, (row, schedule), before, paused)?;
                    save_schedule(db, &row)?;
                }
                None => {
                    insert_schedule(db, &self.new_schedule(flow, schedule, paused))?;
                }
            }
        }
        for row in known.into_iter().filter(|row| row.active) {
            if let Some(before) = before {
                miss_due_ticks(db, before, &row, self.now)?;
            }
            save_schedule(db, &row.stopped())?;
        }
        Ok(())
    }

    fn new_schedule(&self, flow: FlowId, schedule: &Schedule, paused: bool) -> ScheduleRow {
        let next_at = first_after(&schedule.firings(), self.now);
        ScheduleRow {
            id: ScheduleId(0),
            account: self.by.account,
            flow,
            code: schedule.id.value.clone(),
            paused: false,
            active: true,
            next_at: next_at.filter(|_| !paused),
        }
    }

    fn kept_schedule(
        &self,
        db: &mut Db<'_>,
        (row, schedule): (ScheduleRow, &Schedule),
        before: Option<&Loaded>,
        flow_is_paused: bool,
    ) -> Result<ScheduleRow, Error> {
        let fires_like = |before: &Schedule| before.fires_like(schedule);
        let old = before.and_then(|before| before.schedule(&row.code));
        let same = row.active && old.is_some_and(fires_like);
        let next_at = if same && row.next_at.is_some() {
            row.next_at
        } else {
            if let Some(before) = before {
                miss_due_ticks(db, before, &row, self.now)?;
            }
            new_cursor(db, &row, schedule, self.now)?
        };
        Ok(ScheduleRow {
            active: true,
            next_at: next_at.filter(|_| !flow_is_paused && !row.paused),
            ..row
        })
    }

    fn save_triggers(&self, db: &mut Db<'_>, flow: FlowId, paused: bool) -> Result<(), Error> {
        let mut known = triggers_of_flow(db, flow)?;
        for trigger in &self.document().triggers {
            let new = self.trigger_row(flow, trigger, paused);
            let old = known.iter().position(|row| row.code == new.code);
            match old.map(|at| known.remove(at)) {
                Some(old) => flows::save_trigger(db, &kept_trigger(old, new))?,
                None => {
                    flows::insert_trigger(db, &new)?;
                }
            }
        }
        for row in known.into_iter().filter(|row| row.active) {
            flows::save_trigger(db, &row.stopped())?;
        }
        Ok(())
    }

    fn trigger_row(&self, flow: FlowId, trigger: &Trigger, paused: bool) -> TriggerRow {
        let (source, pattern) = match &trigger.event {
            Event::Flow { flow, .. } => (Some(flow.value.clone()), None),
            Event::File { pattern, .. } => (None, Some(pattern.clone())),
        };
        TriggerRow {
            id: TriggerId(0),
            account: self.by.account,
            flow,
            code: trigger.id.value.clone(),
            active: true,
            // The first listing finds the files that are there now.
            next_at: pattern.as_ref().filter(|_| !paused).map(|_| self.now),
            source,
            pattern,
            listed_at: None,
        }
    }
}

/// A trigger for other files starts anew: the files that are there now count as seen.
fn kept_trigger(old: TriggerRow, new: TriggerRow) -> TriggerRow {
    let same = old.active && old.pattern == new.pattern;
    TriggerRow {
        id: old.id,
        listed_at: old.listed_at.filter(|_| same),
        ..new
    }
}
