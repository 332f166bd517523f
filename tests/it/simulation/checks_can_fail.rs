//! The checks can fail: they find a world that breaks the rules, and each changed fact.

use chrono::TimeDelta;
use openhexa_bridge::domain::ids::{RunId, TaskId};
use openhexa_bridge::domain::task::{RunEnd, State, Task};
use serde_json::json;
use uuid::Uuid;

use super::checks::{Facts, RunFact, TaskFact, check};
use super::client_view::{AcceptedReport, invalid_changes};
use super::world::OpenhexaBehaviour;
use super::{Base, run_world};

#[test]
fn a_world_whose_runs_appear_too_late_is_found() {
    let mut wrong = (1..=6)
        .flat_map(|seed| run_world(seed, Base::Sqlite, OpenhexaBehaviour::RunsAppearTooLate).wrong);
    assert!(wrong.any(|what| what.contains("duplicate runs") || what.contains("is lost")));
}

/// The facts of a world without errors.
fn good() -> Facts {
    let world = run_world(2, Base::Sqlite, OpenhexaBehaviour::AsExpected);
    assert_eq!(check(&world.facts), Vec::<String>::new());
    world.facts
}

/// The first task that has a run, and a final status and a result that were accepted.
fn with_reports(facts: &mut Facts) -> &mut TaskFact {
    let has_reports = |fact: &&mut TaskFact| {
        let full = |accepted: &AcceptedReport| {
            accepted.final_status.is_some() && accepted.result.is_some()
        };
        fact.accepted.iter().any(full) && fact.task.run.id.is_some()
    };
    facts
        .tasks
        .iter_mut()
        .find(has_reports)
        .expect("a task with reports")
}

fn run_of(facts: &mut Facts) -> &mut RunFact {
    let run = with_reports(facts).task.run.id;
    facts
        .runs
        .iter_mut()
        .find(|made| Some(made.id) == run)
        .unwrap()
}

fn other_final_status(state: &State) -> State {
    let State::Ended { run, report } = state else {
        panic!("the task must have ended");
    };
    let run = match run {
        RunEnd::Success => RunEnd::Failed,
        _ => RunEnd::Success,
    };
    let report = report.clone();
    State::Ended { run, report }
}

#[test]
fn each_changed_fact_is_found() {
    type Falsify = fn(&mut Facts);
    let falsehoods: [(&str, Falsify); 13] = [
        ("duplicate runs", |facts| {
            let twin = RunFact {
                id: RunId(Uuid::from_u128(1)),
                ..run_of(facts).clone()
            };
            facts.runs.push(twin);
        }),
        ("which is not its own", |facts| {
            run_of(facts).made_by = Some(-1);
        }),
        ("does not exist but has a run", |facts| {
            run_of(facts).made_by = Some(-1);
        }),
        ("is lost", |facts| with_reports(facts).task.run.id = None),
        ("wrong final status of its run", |facts| {
            let task = &mut with_reports(facts).task;
            task.state = other_final_status(&task.state);
        }),
        ("its first final status is", |facts| {
            with_reports(facts).accepted.clear();
        }),
        ("wrong final status: ", |facts| {
            let fact = with_reports(facts);
            let is_error = fact.task.status().as_str() == "ERROR";
            let final_status = if is_error { "CANCELLED" } else { "ERROR" };
            fact.accepted.insert(
                0,
                AcceptedReport {
                    final_status: Some(final_status),
                    result: None,
                },
            );
        }),
        ("lost result", |facts| with_reports(facts).task.data = None),
        ("lost result", |facts| {
            with_reports(facts).task.data = Some(json!("another"));
        }),
        ("stuck", |facts| {
            with_reports(facts).task.state = State::Running;
        }),
        ("got a response but does not exist", |facts| {
            facts.answered.push(-7);
        }),
        ("without a known launch", |facts| {
            let mut twin = facts.tasks[0].clone();
            twin.task.id = TaskId(-9);
            facts.tasks.push(twin);
            facts.unanswered = 0;
        }),
        ("asked 99 times", |facts| with_reports(facts).attempts = 99),
    ];
    let good = good();
    for (expected, falsify) in falsehoods {
        let mut facts = good.clone();
        falsify(&mut facts);
        let wrong = check(&facts);
        assert!(
            wrong.iter().any(|what| what.contains(expected)),
            "{expected}: {wrong:?}"
        );
    }
}

#[test]
fn each_invalid_change_is_found() {
    type Change = fn(&mut Task);
    let mut facts = good();
    let before = with_reports(&mut facts).task.clone();
    assert_eq!(invalid_changes(&before, &before), Vec::<String>::new());
    let moves: [(&str, Change); 7] = [
        ("back from", |task| task.state = State::Running),
        ("another final status of its run", |task| {
            task.state = other_final_status(&task.state);
        }),
        ("another run", |task| task.run.id = None),
        ("its result is lost", |task| task.data = None),
        ("revision", |task| task.revision -= 2),
        ("revision", |task| {
            task.revision -= 1;
            task.updated_at += TimeDelta::seconds(1);
        }),
        ("another first status", |task| {
            if let State::Ended { report, .. } = &mut task.state {
                *report = None;
            }
        }),
    ];
    for (expected, change) in moves {
        let mut after = before.clone();
        after.revision += 1;
        change(&mut after);
        let wrong = invalid_changes(&before, &after);
        assert!(
            wrong.iter().any(|what| what.contains(expected)),
            "{expected}: {wrong:?}"
        );
    }
    let mut asked = before.clone();
    asked.cancel_asked_at = Some(before.updated_at);
    let wrong = invalid_changes(&asked, &before);
    assert!(
        wrong
            .iter()
            .any(|what| what == "its cancel is not recorded"),
        "{wrong:?}"
    );
}
