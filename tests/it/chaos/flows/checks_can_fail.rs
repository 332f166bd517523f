//! The checks of flows can fail: each finds one changed fact in correct data.

use serde_json::{Value, json};

use super::check;
use super::evidence::FlowEvidence;
use crate::chaos::checks::Evidence;

/// The checks after one fact was changed.
fn found(evidence: &Evidence, expected: &str, falsify: impl FnOnce(&mut Evidence)) {
    let mut changed = evidence.clone();
    falsify(&mut changed);
    let wrong = check(&changed);
    let is_found = wrong.iter().any(|what| what.contains(expected));
    assert!(is_found, "{expected} is not found: {wrong:#?}");
}

fn run_of(evidence: &Evidence, trigger: &str) -> i64 {
    let mut runs = evidence.flows.runs.values();
    let run = runs.find(|run| run["trigger"] == trigger);
    run.expect("a run")["id"].as_i64().unwrap()
}

/// A run that a client started and did not cancel, whose first step has a task.
fn usual(evidence: &Evidence) -> (i64, i64) {
    let mut runs = evidence.flows.runs.values();
    let run = runs.find(|run| {
        let first = &run["steps"][0];
        run["cancel_asked_at"].is_null() && !first["attempts"][0].is_null()
    });
    let run = run.expect("a run");
    let task = &run["steps"][0]["attempts"][0]["task_id"];
    (run["id"].as_i64().unwrap(), task.as_i64().unwrap())
}

pub fn every_change_is_found(evidence: &Evidence) {
    assert_eq!(check(evidence), [""; 0]);
    starts(evidence);
    ends(evidence);
}

fn starts(evidence: &Evidence) {
    let flows = |falsify: fn(&mut FlowEvidence)| move |all: &mut Evidence| falsify(&mut all.flows);
    found(
        evidence,
        "has not one tick",
        flows(|all| drop(all.ticks.pop())),
    );
    let twice = |all: &mut FlowEvidence| all.ticks.push(all.ticks[0].clone());
    found(evidence, "has not one tick", flows(twice));
    let overlap = |all: &mut FlowEvidence| all.ticks[0]["outcome"] = json!("overlap");
    found(evidence, "no right outcome", flows(overlap));
    for trigger in ["schedule", "backfill"] {
        let run = run_of(evidence, trigger);
        found(evidence, "two runs for the same time", |all| {
            let second = all.flows.runs[&run].clone();
            all.flows.runs.insert(i64::MAX, second);
        });
    }
    let run = run_of(evidence, "schedule");
    found(evidence, "a run without a tick", |all| {
        all.flows.runs.get_mut(&run).unwrap()["id"] = json!(i64::MAX);
    });
    let run = run_of(evidence, "backfill");
    found(evidence, "the backfill ran", |all| {
        drop(all.flows.runs.remove(&run));
    });
    let more = |all: &mut FlowEvidence| all.backfills.push(all.backfills[0].clone());
    let waits = |all: &mut FlowEvidence| all.backfills[0]["waiting"] = json!(1);
    found(evidence, "the backfill has not ended", flows(waits));
    if evidence.flows.backfills[0]["total"] != 0 {
        found(evidence, "in no or two backfills", flows(more));
    }
    let run = run_of(evidence, "manual");
    found(evidence, "has no run of its own", |all| {
        drop(all.flows.runs.remove(&run));
    });
    let unknown = |all: &mut FlowEvidence| all.requested.clear();
    found(evidence, "no client started", flows(unknown));
}

fn ends(evidence: &Evidence) {
    let (run, task) = usual(evidence);
    let show = |place: &'static str, value: Value| {
        move |all: &mut Evidence| {
            *all.flows
                .runs
                .get_mut(&run)
                .unwrap()
                .pointer_mut(place)
                .unwrap() = value;
        }
    };
    found(evidence, "stuck", show("/ended_at", Value::Null));
    found(
        evidence,
        "end of the run",
        show("/status", json!("RUNNING")),
    );
    found(
        evidence,
        "not one of",
        show("/steps/0/status", json!("SKIPPED")),
    );
    found(evidence, "not one of", show("/steps/0/attempts", json!([])));
    found(
        evidence,
        "has not one attempt",
        show("/steps/0/attempts", json!([])),
    );
    let other = show("/steps/0/attempts/0/task_id", json!(i64::MAX));
    found(evidence, "an attempt without a task", other);
    found(
        evidence,
        "another attempt",
        show("/steps/0/attempts/0/n", json!(7)),
    );
    found(evidence, "another attempt", |all| {
        all.tasks.get_mut(&task).unwrap().shown["flow_run"]["attempt"] = json!(7);
    });
    // The true end of the run in OpenHEXA is another one.
    let shown = &evidence.tasks[&task].shown;
    if let Some(own) = shown["run"]["id"].as_str() {
        let end = match evidence.runs[own]["status"].as_str() {
            Some("success") => "failed",
            _ => "success",
        };
        found(evidence, "not one of", |all| {
            all.tasks.get_mut(&task).unwrap().events.clear();
            all.reports.remove(&task);
            all.runs.get_mut(own).unwrap()["status"] = json!(end);
        });
    }
    let late = evidence.flows.runs.values().find(|run| {
        let join = &run["steps"][3];
        join["id"] == "join" && !join["attempts"][0].is_null()
    });
    let late = late.map(|run| &run["steps"][3]["attempts"][0]["task_id"]);
    if let Some(late) = late.and_then(Value::as_i64) {
        found(evidence, "before its parents", |all| {
            all.tasks.get_mut(&late).unwrap().shown["created_at"] =
                json!("2020-01-01T00:00:00.000Z");
        });
    }
}
