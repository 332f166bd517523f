//! Each run has what started it, and each of these started one run.

use std::collections::{BTreeMap, BTreeSet};

use super::Start;
use super::checks::History;
use super::facts::{FlowFacts, Observed, Request};
use super::rows::{RunRow, TickRow};

/// How long idempotency keys are kept.
const KEPT: i64 = 24 * 3_600_000;

pub fn check(facts: &FlowFacts) -> Vec<String> {
    let mut wrong = check_causes(facts);
    wrong.extend(check_triggers(facts));
    wrong.extend(check_requests(facts));
    wrong.extend(check_backfills(facts));
    wrong
}

/// Each run belongs to exactly one tick, request or backfill, and appeared together with it.
fn check_causes(facts: &FlowFacts) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut of_runs: BTreeMap<i64, Vec<&TickRow>> = BTreeMap::new();
    for tick in &facts.ticks {
        if let Some(run) = tick.flow_run_id {
            of_runs.entry(run).or_default().push(tick);
        }
    }
    for fact in &facts.runs {
        let (run, ticks) = (&fact.row, of_runs.remove(&fact.row.id).unwrap_or_default());
        let backfills = facts.backfill_ticks.iter();
        let own = |tick: &&super::rows::BackfillTickRow| tick.flow_run_id == Some(run.id);
        let own: Vec<_> = backfills.filter(own).collect();
        let is_right = match run.cause.as_str() {
            "schedule" => {
                let fits = |tick: &&TickRow| {
                    tick.schedule_id == run.schedule_id && Some(tick.at) == run.tick
                };
                ticks.len() == 1 && ticks.iter().all(fits) && own.is_empty()
            }
            "flow" => ticks.len() == 1 && ticks[0].trigger_id.is_some(),
            "backfill" => {
                let fits = own.iter().all(|tick| {
                    Some(tick.backfill_id) == run.backfill_id && Some(tick.at) == run.tick
                });
                own.len() == 1 && fits && ticks.is_empty()
            }
            "manual" => ticks.is_empty() && own.is_empty() && run.replay_of.is_none(),
            _ => ticks.is_empty() && own.is_empty() && run.replay_of.is_some(),
        };
        if !is_right {
            wrong.push(format!("run {} has no cause: {run:?}", run.id));
        }
    }
    let mut ticks = BTreeSet::new();
    for tick in facts.ticks.iter().filter(|tick| tick.schedule_id.is_some()) {
        if !ticks.insert((tick.schedule_id, tick.at)) {
            wrong.push(format!("two rows for a tick: {tick:?}"));
        }
        let has_run = ["run", "refused"].contains(&tick.outcome.as_str());
        if has_run != tick.flow_run_id.is_some() {
            wrong.push(format!("{tick:?} and its run do not fit"));
        }
    }
    let gone = of_runs
        .keys()
        .map(|run| format!("run {run} of a tick does not exist"));
    wrong.extend(gone);
    wrong
}

/// The end of each run starts exactly the flows that wait for it.
fn check_triggers(facts: &FlowFacts) -> Vec<String> {
    let (mut wrong, mut history) = (Vec::new(), History::new(facts));
    for observed in &facts.log {
        let ended = observed.runs.iter().filter(|run| {
            let before = history.runs.get(&run.id);
            run.ended.is_some() && before.is_none_or(|before| before.ended.is_none())
        });
        let mut expected: BTreeSet<(i64, String)> = ended
            .flat_map(|run| started_by(facts, &history, run))
            .collect();
        for tick in observed
            .ticks
            .iter()
            .filter(|tick| tick.trigger_id.is_some())
        {
            let event = tick.event.clone().unwrap_or_default();
            if !expected.remove(&(tick.trigger_id.unwrap_or_default(), event)) {
                wrong.push(format!("tick of a trigger without an event: {tick:?}"));
            }
        }
        let missing = expected.into_iter();
        wrong.extend(missing.map(|what| format!("trigger {what:?} did not start a run")));
        wrong.extend(check_new_runs(observed, &history));
        history.apply(observed);
    }
    wrong
}

/// By trigger, the event that the end of a run is.
fn started_by(facts: &FlowFacts, history: &History<'_>, run: &RunRow) -> Vec<(i64, String)> {
    // The cancelled runs of a deleted flow start no other flow.
    if history
        .flows
        .get(&run.flow_id)
        .is_none_or(|flow| flow.deleted)
    {
        return Vec::new();
    }
    let source = &facts.slugs[&run.flow_id];
    let live = history.flows.values().filter(|flow| !flow.paused);
    let wants = live.filter(|flow| {
        let document = history.document(flow.id);
        let trigger = document.and_then(|document| document.trigger.as_ref());
        trigger.is_some_and(|(other, any)| other == source && (*any || run.status == "SUCCESS"))
    });
    let triggers = wants.filter_map(|flow| {
        let mut triggers = facts.triggers.iter();
        triggers.find(|trigger| trigger.flow_id == flow.id)
    });
    triggers
        .map(|trigger| (trigger.id, run.id.to_string()))
        .collect()
}

/// A run that a user starts appears while a request is processed.
fn check_new_runs(observed: &Observed, history: &History<'_>) -> Option<String> {
    let new = observed.runs.iter().filter(|run| {
        ["manual", "replay"].contains(&run.cause.as_str()) && !history.runs.contains_key(&run.id)
    });
    let new = new.count();
    (new > observed.starting).then(|| format!("{new} new runs, but {} requests", observed.starting))
}

fn check_requests(facts: &FlowFacts) -> Vec<String> {
    let mut wrong = Vec::new();
    let rows: BTreeMap<i64, &RunRow> = facts
        .runs
        .iter()
        .map(|run| (run.row.id, &run.row))
        .collect();
    let mut named = BTreeSet::new();
    for request in &facts.requests {
        for (run, _) in &request.answers {
            match rows.get(run) {
                None => wrong.push(format!("run {run} got a response but does not exist")),
                Some(row) if !fits(request, row) => {
                    wrong.push(format!("{request:?} got another run: {row:?}"));
                }
                Some(_) => {}
            }
            named.insert(*run);
        }
        wrong.extend(check_key(request));
    }
    let lost: u64 = facts.requests.iter().map(|request| request.lost).sum();
    let by_users = rows.values();
    let by_users = by_users.filter(|run| ["manual", "replay"].contains(&run.cause.as_str()));
    let unknown = by_users.filter(|run| !named.contains(&run.id)).count() as u64;
    if unknown > lost {
        wrong.push(format!(
            "{unknown} runs without a request, {lost} responses lost"
        ));
    }
    wrong
}

fn fits(request: &Request, run: &RunRow) -> bool {
    match &request.start {
        Some(Start::Manual(_)) => run.cause == "manual",
        Some(Start::Replay(of)) => run.cause == "replay" && run.replay_of == Some(*of),
        None => false,
    }
}

/// While the key is kept, each response names the same run. Without a key there is one response.
fn check_key(request: &Request) -> Option<String> {
    let mut answers = request.answers.clone();
    answers.sort_by_key(|(_, at)| *at);
    let pairs = answers.windows(2);
    let mut other = pairs.filter(|pair| pair[0].0 != pair[1].0 && pair[1].1 - pair[0].1 < KEPT / 2);
    let first = answers.first().map(|(_, at)| *at);
    let late = answers
        .last()
        .zip(first)
        .is_some_and(|((_, last), first)| last - first >= KEPT);
    let wrong = other.next().is_some() && !late;
    wrong.then(|| format!("two runs for a key: {request:?}"))
}

fn check_backfills(facts: &FlowFacts) -> Vec<String> {
    let mut wrong = Vec::new();
    for backfill in &facts.backfills {
        if !backfill.ended {
            wrong.push(format!("backfill {} is stuck", backfill.id));
        }
        let own = facts.backfill_ticks.iter();
        let own = own.filter(|tick| tick.backfill_id == backfill.id);
        let without = own
            .clone()
            .filter(|tick| tick.flow_run_id.is_none())
            .count();
        if without > 0 && !backfill.cancelled {
            wrong.push(format!(
                "backfill {} has {without} ticks without a run",
                backfill.id
            ));
        }
        let mut requested = facts.requested_backfills.iter();
        let requested = requested.find(|requested| requested.id == backfill.id);
        let ticks: Vec<i64> = own.map(|tick| tick.at).collect();
        if let Some(requested) = requested.filter(|requested| requested.expected != ticks) {
            let (id, expected) = (backfill.id, &requested.expected);
            wrong.push(format!(
                "backfill {id} has the ticks {ticks:?}, not {expected:?}"
            ));
        }
    }
    wrong
}
