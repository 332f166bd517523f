//! Each tick has its outcome, each scheduled time and each key one run.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde_json::Value;

use super::documents::{BRANCHES, PAST};
use super::evidence::FlowEvidence;

pub fn check(flows: &FlowEvidence) -> Vec<String> {
    let mut wrong = check_ticks(flows);
    wrong.extend(check_times(flows));
    wrong.extend(check_backfill(flows));
    wrong.extend(check_requests(flows));
    wrong
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Each minute while the schedule fired has one tick, with a run. Only the last ones can be missed, because of the pause.
fn check_ticks(flows: &FlowEvidence) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut found: BTreeMap<DateTime<Utc>, u32> = BTreeMap::new();
    for tick in &flows.ticks {
        let at = time(&tick["scheduled_for"]);
        *found.entry(at).or_default() += 1;
        let run = tick["run"].as_i64().and_then(|run| flows.runs.get(&run));
        let fits = match tick["outcome"].as_str() {
            Some("run") => run.is_some_and(|run| {
                run["trigger"] == "schedule" && run["scheduled_for"] == tick["scheduled_for"]
            }),
            Some("missed") => run.is_none() && at > flows.paused.0 - TimeDelta::minutes(1),
            _ => false,
        };
        if !fits {
            wrong.push(format!("the tick has no right outcome: {tick}, {run:?}"));
        }
    }
    let minute = TimeDelta::minutes(1);
    let first = flows.saved_at.duration_trunc(minute).unwrap() + minute;
    let due = std::iter::successors(Some(first), |at| Some(*at + minute));
    for at in due.take_while(|at| *at <= flows.paused.0) {
        if found.remove(&at) != Some(1) {
            wrong.push(format!("{at} has not one tick: {:?}", flows.ticks));
        }
    }
    let others = found
        .into_keys()
        .filter(|at| *at > flows.paused.1 || *at < first);
    wrong.extend(others.map(|at| format!("{at} has a tick, but was not due")));
    wrong
}

/// No scheduled time has two runs, and each run of a schedule has its tick.
fn check_times(flows: &FlowEvidence) -> Vec<String> {
    let mut wrong = Vec::new();
    for (slug, trigger) in [
        (BRANCHES.slug, "schedule"),
        (PAST.slug, "backfill"),
        (PAST.slug, "schedule"),
    ] {
        let mut times = BTreeSet::new();
        for run in flows.runs_of(slug, trigger) {
            if !times.insert(run["scheduled_for"].as_str().unwrap()) {
                wrong.push(format!("two runs for the same time: {run}"));
            }
        }
    }
    let ticks: BTreeSet<i64> = flows
        .ticks
        .iter()
        .filter_map(|tick| tick["run"].as_i64())
        .collect();
    let runs = flows.runs_of(BRANCHES.slug, "schedule").into_iter();
    let without = runs.filter(|run| !ticks.contains(&run["id"].as_i64().unwrap()));
    wrong.extend(without.map(|run| format!("a run without a tick: {run}")));
    wrong
}

/// Each day has one run. Requests that were repeated have created backfills without a day.
fn check_backfill(flows: &FlowEvidence) -> Vec<String> {
    let from: DateTime<Utc> = "2024-01-01T01:00:00Z".parse().unwrap();
    let days = 0..i64::try_from(flows.days).unwrap();
    let expected: BTreeSet<_> = days.map(|day| from + TimeDelta::days(day)).collect();
    let runs = flows.runs_of(PAST.slug, "backfill");
    let found: BTreeSet<_> = runs.iter().map(|run| time(&run["scheduled_for"])).collect();
    let mut wrong = Vec::new();
    if found != expected {
        wrong.push(format!("the backfill ran {found:?}, not {expected:?}"));
    }
    let totals = flows
        .backfills
        .iter()
        .map(|one| one["total"].as_u64().unwrap());
    if totals.sum::<u64>() != flows.days as u64 {
        wrong.push(format!(
            "a day is in no or two backfills: {:?}",
            flows.backfills
        ));
    }
    let stuck = flows
        .backfills
        .iter()
        .filter(|one| one["ended_at"].is_null() || one["waiting"] != 0 || one["running"] != 0);
    wrong.extend(stuck.map(|one| format!("the backfill has not ended: {one}")));
    wrong
}

/// Each key has one run, with its values, and there are no other runs of clients.
fn check_requests(flows: &FlowEvidence) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut manual: BTreeSet<i64> = flows
        .runs
        .iter()
        .filter(|(_, run)| run["trigger"] == "manual")
        .map(|(id, _)| *id)
        .collect();
    for (key, (flow, id)) in &flows.requested {
        let run = flows.runs.get(id);
        let fits = run.is_some_and(|run| run["flow"] == *flow && run["inputs"]["mark"] == *key);
        if !manual.remove(id) || !fits {
            wrong.push(format!("the key {key} has no run of its own: {run:?}"));
        }
    }
    wrong.extend(
        manual
            .iter()
            .map(|id| format!("no client started the run {id}")),
    );
    for id in &flows.cancelled {
        if flows.runs[id]["cancel_asked_at"].is_null() {
            wrong.push(format!("the cancel of the run {id} is not recorded"));
        }
    }
    wrong
}
