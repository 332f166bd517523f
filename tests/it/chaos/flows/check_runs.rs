//! The end of each run follows from its steps, and each task of a flow belongs to one attempt.

use std::collections::BTreeMap;

use serde_json::Value;

use super::check_starts;
use super::check_steps::Checked;
use super::documents::Flow;
use crate::chaos::checks::Evidence;

/// The violations.
pub fn check(all: &Evidence) -> Vec<String> {
    let flows = &all.flows;
    let mut wrong = check_starts::check(flows);
    wrong.extend(flows.unknown().map(|run| format!("an unknown flow: {run}")));
    wrong.extend(check_owners(all));
    for run in flows.runs.values() {
        let flow = Flow::of(run["flow"].as_str().unwrap());
        let steps = run["steps"].as_array().unwrap();
        if steps.len() != flow.steps.len() || run["ended_at"].is_null() {
            wrong.push(format!("the run is stuck: {run}"));
            continue;
        }
        for (step, shown) in flow.steps.iter().zip(steps) {
            let checked = Checked {
                all,
                run,
                step,
                shown,
            };
            wrong.extend(checked.check());
        }
        wrong.extend(check_end(flow, run, steps));
    }
    wrong
}

fn check_end(flow: Flow, run: &Value, steps: &[Value]) -> Option<String> {
    let steps = flow.steps.iter().zip(steps);
    let any = |status: &str, may_fail: bool| {
        let mut steps = steps.clone();
        steps.any(|(step, shown)| shown["status"] == status && step.allow_failure == may_fail)
    };
    let status = if !run["cancel_asked_at"].is_null() {
        "CANCELLED"
    } else if any("ERROR", false) {
        "ERROR"
    } else if any("CANCELLED", false) || any("CANCELLED", true) {
        "CANCELLED"
    } else {
        "SUCCESS"
    };
    let fits = run["status"] == status && run["warnings"] == any("ERROR", true);
    (!fits).then(|| format!("the end of the run should be {status}: {run}"))
}

/// Each task of a flow belongs to one attempt.
fn check_owners(all: &Evidence) -> Vec<String> {
    let mut owners: BTreeMap<i64, u32> = BTreeMap::new();
    for run in all.flows.runs.values() {
        let steps = run["steps"].as_array().unwrap().iter();
        let attempts = steps.flat_map(|step| step["attempts"].as_array().unwrap());
        for attempt in attempts {
            *owners
                .entry(attempt["task_id"].as_i64().unwrap())
                .or_default() += 1;
        }
    }
    let tasks = all.tasks.iter().filter(|(_, task)| task.is_of_flow());
    let wrong = tasks.filter(|(id, _)| owners.get(id) != Some(&1));
    wrong
        .map(|(id, task)| format!("task {id} has not one attempt: {}", task.shown))
        .collect()
}
