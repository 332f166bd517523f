//! Alerts at the end of a world, when all runs have ended: those about failures fit the run that ended last.

use std::collections::BTreeMap;

use openhexa_bridge::domain::flow::run::StepRun;
use openhexa_bridge::domain::flow::step_state::StepState;

use super::checks::History;
use super::facts::{FlowFacts, RunFact};
use super::rows::AlertRow;

pub fn check(facts: &FlowFacts) -> Vec<String> {
    let mut wrong = check_open(facts);
    for (flow, run) in last_runs(facts) {
        let failed: Vec<&str> = open(facts, flow)
            .filter(|alert| alert.cause == "failed")
            .map(|alert| alert.part.as_str())
            .collect();
        for step in &run.steps {
            let is_open = failed.contains(&step.code.as_str());
            if is_open != fails(step) && !says_nothing(step) {
                let (id, code) = (run.row.id, &step.code);
                wrong.push(format!(
                    "the alert of {code} is open: {is_open}, but run {id} ended last: {step:?}"
                ));
            }
        }
    }
    wrong
}

fn open(facts: &FlowFacts, flow: i64) -> impl Iterator<Item = &AlertRow> {
    let alerts = facts.alerts.iter();
    alerts.filter(move |alert| alert.is_open && alert.flow_id == Some(flow))
}

fn fails(step: &StepRun) -> bool {
    matches!(step.state, StepState::Error(_))
}

/// A step that did not run leaves its alert as it is.
fn says_nothing(step: &StepRun) -> bool {
    let succeeds = step.state.is_success() && step.reused_from.is_none();
    !(fails(step) || succeeds)
}

/// An open alert has its cause, and no run is slow any more.
fn check_open(facts: &FlowFacts) -> Vec<String> {
    let runs: BTreeMap<i64, &RunFact> = facts.runs.iter().map(|run| (run.row.id, run)).collect();
    let deleted = deleted_flows(facts);
    let all = facts.alerts.iter().filter(|alert| alert.is_open);
    let lacks_cause = |alert: &&AlertRow| {
        if alert.flow_id.is_some_and(|flow| deleted.contains(&flow)) {
            return true;
        }
        let run = alert.flow_run_id.and_then(|id| runs.get(&id));
        match alert.cause.as_str() {
            "failed" if alert.flow_id.is_some() => !run.is_some_and(|run| {
                let of_step = |step: &StepRun| step.code == alert.part && fails(step);
                let is_of_run = alert.part.is_empty() && run.row.status == "ERROR";
                run.row.cause != "backfill" && (is_of_run || run.steps.iter().any(of_step))
            }),
            "duration" => true,
            _ => false,
        }
    };
    all.filter(lacks_cause)
        .map(|alert| format!("an alert has no cause: {alert:?}"))
        .collect()
}

fn deleted_flows(facts: &FlowFacts) -> Vec<i64> {
    let mut history = History::new(facts);
    facts
        .log
        .iter()
        .for_each(|observed| history.apply(observed));
    let deleted = history.flows.values().filter(|flow| flow.deleted);
    deleted.map(|flow| flow.id).collect()
}

/// By flow, the run that ended last, without backfills. Flows of which two ended in the same step, and deleted ones, are left out.
fn last_runs(facts: &FlowFacts) -> BTreeMap<i64, &RunFact> {
    let (mut ended, mut last) = (Vec::new(), BTreeMap::<i64, Vec<i64>>::new());
    for observed in &facts.log {
        let mut now = BTreeMap::<i64, Vec<i64>>::new();
        for run in observed.runs.iter().filter(|run| run.ended.is_some()) {
            if run.cause != "backfill" && !ended.contains(&run.id) {
                ended.push(run.id);
                now.entry(run.flow_id).or_default().push(run.id);
            }
        }
        last.append(&mut now);
    }
    let deleted = deleted_flows(facts);
    let known = |id: i64| facts.runs.iter().find(|run| run.row.id == id);
    last.into_iter()
        .filter(|(flow, runs)| runs.len() == 1 && !deleted.contains(flow))
        .filter_map(|(flow, runs)| Some((flow, known(runs[0])?)))
        .collect()
}
