//! All checks of a world with flows, and its figures.

use std::collections::BTreeMap;

use super::super::checks::check as check_tasks;
use super::super::world::Counts;
use super::documents::{Document, Schedule};
use super::facts::{FlowFacts, Observed};
use super::rows::{FlowRow, RunRow, StartRow};
use super::{check_alerts, check_runs, check_starts, check_steps, check_ticks};

/// All errors, one message each.
pub fn check(facts: &FlowFacts) -> Vec<String> {
    let mut wrong = check_tasks(&facts.tasks);
    wrong.extend(check_ticks::check(facts));
    wrong.extend(check_starts::check(facts));
    wrong.extend(check_runs::check(facts));
    wrong.extend(check_steps::check(facts));
    wrong.extend(check_alerts::check(facts));
    wrong
}

/// The flows, schedules and runs as they were after a step.
pub struct History<'a> {
    facts: &'a FlowFacts,
    pub flows: BTreeMap<i64, &'a FlowRow>,
    schedules: BTreeMap<i64, &'a StartRow>,
    pub runs: BTreeMap<i64, &'a RunRow>,
}

impl<'a> History<'a> {
    pub fn new(facts: &'a FlowFacts) -> Self {
        Self {
            facts,
            flows: BTreeMap::new(),
            schedules: BTreeMap::new(),
            runs: BTreeMap::new(),
        }
    }

    pub fn apply(&mut self, observed: &'a Observed) {
        if let Some((flows, schedules)) = &observed.flows {
            self.flows = flows.iter().map(|row| (row.id, row)).collect();
            self.schedules = schedules.iter().map(|row| (row.id, row)).collect();
        }
        for run in &observed.runs {
            self.runs.insert(run.id, run);
        }
    }

    /// The document of a flow, unless the flow is deleted.
    pub fn document(&self, flow: i64) -> Option<&'a Document> {
        let row = self.flows.get(&flow).filter(|row| !row.deleted)?;
        self.facts.documents.get(&(flow, row.version))
    }

    /// A schedule, while it fires.
    pub fn firing(&self, schedule: i64) -> Option<&'a Schedule> {
        let row = self.schedules.get(&schedule).filter(|row| !row.paused)?;
        let flow = self.flows.get(&row.flow_id)?;
        let document = self.document(row.flow_id).filter(|_| !flow.paused)?;
        document.schedule(&row.code)
    }

    /// The runs of a schedule that have not ended: how many have started, and how many wait.
    pub fn active(&self, schedule: i64) -> (usize, usize) {
        let own = self.runs.values().filter(|run| {
            run.cause == "schedule" && run.schedule_id == Some(schedule) && run.ended.is_none()
        });
        let waiting: Vec<bool> = own.map(|run| run.waiting).collect();
        let waits = waiting.iter().filter(|waits| **waits).count();
        (waiting.len() - waits, waits)
    }
}

pub fn count(facts: &FlowFacts, counts: &mut Counts) {
    for run in &facts.runs {
        counts.add("flow runs");
        counts.add(match run.row.cause.as_str() {
            "schedule" => "flow runs of schedules",
            "manual" => "flow runs started by users",
            "flow" => "flow runs of triggers",
            "backfill" => "flow runs of backfills",
            _ => "flow runs that replay",
        });
        counts.add(match run.row.status.as_str() {
            "SUCCESS" => "flow runs SUCCESS",
            "ERROR" => "flow runs ERROR",
            "CANCELLED" => "flow runs CANCELLED",
            _ => "flow runs not ended",
        });
        let retries = run.attempts.iter().filter(|(_, n, _)| *n > 1);
        retries.for_each(|_| counts.add("attempts that retry"));
        run.attempts.iter().for_each(|_| counts.add("attempts"));
    }
    for tick in &facts.ticks {
        counts.add(match tick.outcome.as_str() {
            "run" => "ticks with a run",
            "overlap" => "ticks that overlap",
            "missed" => "ticks missed",
            _ => "ticks refused",
        });
    }
    for alert in &facts.alerts {
        counts.add(if alert.is_open {
            "alerts open"
        } else {
            "alerts resolved"
        });
    }
    for _ in &facts.backfills {
        counts.add("backfills");
    }
    for request in &facts.requests {
        for _ in 1..request.answers.len() {
            counts.add("requests repeated");
        }
    }
}
