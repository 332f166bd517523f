//! Runs at work: how many at a time, nothing after a cancel, and no change after the end.

use std::collections::{BTreeMap, HashMap};

use super::checks::History;
use super::facts::{FlowFacts, Observed};
use super::rows::RunRow;

pub fn check(facts: &FlowFacts) -> Vec<String> {
    let mut wrong = check_course(facts);
    wrong.extend(check_cancels(facts));
    let stuck = facts.runs.iter().filter(|run| run.row.ended.is_none());
    wrong.extend(stuck.map(|run| format!("run {} is stuck: {:?}", run.row.id, run.steps)));
    wrong
}

fn check_course(facts: &FlowFacts) -> Vec<String> {
    let (mut wrong, mut history) = (Vec::new(), History::new(facts));
    let parallel: BTreeMap<i64, i64> = facts
        .backfills
        .iter()
        .map(|backfill| (backfill.id, backfill.parallel))
        .collect();
    for observed in &facts.log {
        for run in &observed.runs {
            let before = history.runs.get(&run.id).copied();
            if before.is_some_and(|before| before.ended.is_some() && before != run) {
                wrong.push(format!("changed after its end: {before:?} to {run:?}"));
            }
            if let Some(before) = before.filter(|before| before.cancelled && !run.cancelled) {
                wrong.push(format!("its cancel is lost: {before:?} to {run:?}"));
            }
            if before.is_none_or(|before| before.waiting) && !run.waiting {
                wrong.extend(check_overlap(facts, observed, &history, run));
            }
        }
        history.apply(observed);
        let mut active: BTreeMap<i64, i64> = BTreeMap::new();
        for run in history.runs.values().filter(|run| run.ended.is_none()) {
            if let Some(backfill) = run.backfill_id {
                *active.entry(backfill).or_default() += 1;
            }
        }
        let too_many = active.iter().filter(|(id, many)| **many > parallel[*id]);
        wrong.extend(too_many.map(|(id, many)| format!("backfill {id} has {many} active runs")));
    }
    wrong
}

/// A run of a schedule that starts now, and does not overlap by its document: no other run of the schedule is active.
fn check_overlap(
    facts: &FlowFacts,
    observed: &Observed,
    history: &History<'_>,
    run: &RunRow,
) -> Option<String> {
    let schedule = run.schedule_id.filter(|_| run.cause == "schedule")?;
    if run.ended.is_some() || run.cancelled {
        return None;
    }
    let code = &facts.schedules[&schedule].code;
    let document = &facts.documents[&(run.flow_id, run.version)];
    let overlap = document.schedule(code).map(|schedule| schedule.overlap);
    let was_waiting = history.runs.contains_key(&run.id);
    if overlap == Some("parallel") && !was_waiting {
        return None;
    }
    let now = |id: &i64| observed.runs.iter().find(|run| run.id == *id);
    let others = history.runs.values().filter(|other| {
        let other = now(&other.id).unwrap_or(other);
        let same = other.cause == "schedule" && other.schedule_id == Some(schedule);
        same && other.id != run.id && !other.waiting && other.ended.is_none() && !other.cancelled
    });
    let others: Vec<i64> = others.map(|other| other.id).collect();
    (!others.is_empty()).then(|| format!("run {} starts while {others:?} are active", run.id))
}

/// After the response to a cancel, no launch request is sent, and no attempt starts.
fn check_cancels(facts: &FlowFacts) -> Vec<String> {
    let tasks = facts.tasks.tasks.iter();
    let sent: HashMap<i64, &Vec<u64>> = tasks.map(|fact| (fact.task.id.0, &fact.sent)).collect();
    let mut wrong = Vec::new();
    for (id, order) in &facts.cancels {
        let Some(run) = facts.runs.iter().find(|run| run.row.id == *id) else {
            continue;
        };
        if run.row.status == "SUCCESS" {
            wrong.push(format!("run {id} was cancelled and is SUCCESS"));
        }
        for (_, _, task) in &run.attempts {
            let late = sent.get(&task.0).and_then(|sent| sent.last());
            if late.is_some_and(|late| late > order) {
                wrong.push(format!(
                    "run {id} was cancelled, then task {task} was launched"
                ));
            }
        }
    }
    wrong
}
