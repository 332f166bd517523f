//! The checks can fail: each finds one changed fact in correct data.

use serde_json::{Value, json};

use super::checks::{Evidence, Verdict};
use super::flows;
use super::load_balancer::Outcome;
use super::watcher::Seen;

/// The result of the checks after one fact of the evidence was changed.
fn check_after(evidence: &Evidence, falsify: impl FnOnce(&mut Evidence)) -> Verdict {
    let mut changed = evidence.clone();
    falsify(&mut changed);
    changed.check()
}

/// A task that a client launched, with a result that was accepted.
fn with_result(evidence: &Evidence) -> i64 {
    let taken = |id: &&i64| {
        let reports = evidence.reports.get(*id).into_iter().flatten();
        let mut results = reports.filter(|report| report.result.is_some());
        results.any(|report| report.outcome == Outcome::Accepted)
    };
    let mut tasks = evidence.launches.values().map(|(_, task)| task);
    *tasks.find(taken).expect("a result")
}

pub fn every_change_is_found(evidence: &Evidence) {
    let task = with_result(evidence);
    let run = evidence.tasks[&task].shown["run"]["id"].clone();
    let run = run.as_str().unwrap().to_owned();
    let show = |key: &'static str, value: Value| {
        check_after(evidence, |all| {
            all.tasks.get_mut(&task).unwrap().shown[key] = value;
        })
    };
    assert_eq!(show("status", json!("RUNNING")).wrong_ends.len(), 1);
    assert_eq!(show("confirmed", json!(false)).wrong_ends.len(), 1);
    assert_eq!(show("result", Value::Null).lost_results.len(), 1);
    assert_eq!(
        show("run", json!({"id": "nobody's"})).duplicate_runs.len(),
        1
    );
    let second = check_after(evidence, |all| {
        all.runs.insert("second".to_owned(), all.runs[&run].clone());
    });
    assert_eq!(
        (second.duplicate_runs.len(), second.wrong_counts.len()),
        (1, 1)
    );
    let swapped = check_after(evidence, |all| {
        all.runs.get_mut(&run).unwrap()["config"]["mark"] = json!(-1);
    });
    assert_eq!(swapped.wrong_ends.len(), 1);
    let other_end = check_after(evidence, |all| {
        all.tasks.get_mut(&task).unwrap().events.clear();
    });
    assert!(!other_end.lost_results.is_empty());
    let unknown = check_after(evidence, |all| {
        all.launches.pop_last();
    });
    assert!(!unknown.wrong_counts.is_empty());
    the_watcher_notices_an_earlier_state();
    flows::checks_can_fail::every_change_is_found(evidence);
}

fn the_watcher_notices_an_earlier_state() {
    let ended =
        json!({"id": 1, "status": "SUCCESS", "confirmed": true, "result": 3, "run": {"id": "a"}});
    let moves = [
        ("confirmed", json!(false)),
        ("run", json!({"id": "b"})),
        ("result", Value::Null),
    ];
    let found = moves.map(|(key, value)| {
        let (mut seen, mut after) = (Seen::default(), ended.clone());
        after[key] = value;
        seen.observe(&ended);
        seen.observe(&after);
        (seen.invalid.len(), seen.lost_results.len())
    });
    assert_eq!(found, [(1, 0), (1, 0), (0, 1)]);
}
