//! The rules for changes of a task, compared with the contract's tables.

mod cancel;
mod conflicts;
mod orders;

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::ids::{AccountId, ConnectionId, PipelineId, RunId, TaskId};
use openhexa_bridge::domain::note::{Note, NoteCode};
use openhexa_bridge::domain::observation::{
    Conflict, Observation, PolledStatus, Report, ReportedStatus,
};
use openhexa_bridge::domain::pipeline::RunStatus;
use openhexa_bridge::domain::task::{
    FinalStatus, PipelineRef, Run, RunEnd, State, Status, Task, outcome,
};
use openhexa_bridge::language::english;
use serde_json::{Value, json};
use uuid::Uuid;

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000).unwrap()
}

fn seconds(after: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(after)
}

/// A task that was just accepted.
fn fresh() -> Task {
    Task {
        id: TaskId(7),
        account: AccountId(1),
        connection: ConnectionId(1),
        name: "OpenHexa Pipeline: Demo".to_owned(),
        pipeline: PipelineRef {
            id: PipelineId(Uuid::from_u128(1)),
            code: "demo".to_owned(),
            name: "Demo".to_owned(),
            version: None,
        },
        launcher: None,
        launched_with: None,
        state: State::Accepted,
        run: Run::default(),
        message: None,
        progress_value: 0,
        end_value: 0,
        data: None,
        unread: None,
        data_late: false,
        note: None,
        called_back: false,
        created_at: start(),
        started_at: None,
        ended_at: None,
        updated_at: start(),
        cancel_asked_at: None,
        relaunch_of: None,
        flow_step: None,
        revision: 1,
    }
}

const FAILED_AFTER_SUCCESS: &str =
    "OpenHEXA: the run failed after the pipeline had reported success";

/// As the API shows it.
fn message(task: &Task) -> Option<String> {
    task.shown_message().map(|shown| shown.text(english))
}

fn after(task: Task, observations: &[Observation]) -> Task {
    observations.iter().fold(task, |task, observation| {
        let observation = decided(&task, observation);
        task.observe(&observation, seconds(1)).unwrap()
    })
}

/// Whether a run is deleted is decided by the state of the task at that moment.
fn decided(task: &Task, observation: &Observation) -> Observation {
    match observation {
        Observation::RunGone { why, .. } => Observation::RunGone {
            why: why.clone(),
            premise: task.premise(),
        },
        other => other.clone(),
    }
}

/// A task whose run is known and running.
fn running() -> Task {
    let run = RunId(Uuid::from_u128(9));
    after(
        fresh(),
        &[
            Observation::LaunchReserved { launched_as: None },
            Observation::RunKnown { run },
            seen(RunStatus::Running),
        ],
    )
}

fn seen(status: RunStatus) -> Observation {
    let why = (status == RunStatus::Failed).then(|| Note::text("ValueError: last line"));
    Observation::RunSeen(PolledStatus {
        status,
        progress: 50,
        why,
    })
}

fn gone() -> Observation {
    Observation::RunGone {
        why: NoteCode::RunGone.into(),
        premise: fresh().premise(),
    }
}

#[test]
fn an_observation_is_ignored_if_the_task_has_changed_since() {
    let launching = after(
        fresh(),
        &[Observation::LaunchReserved { launched_as: None }],
    );
    let never_found = Observation::RunGone {
        why: NoteCode::NeverConfirmed.into(),
        premise: launching.premise(),
    };
    let run = RunId(Uuid::from_u128(9));
    for since in [
        said(report(Some(ReportedStatus::Running))),
        said(report(None)),
        Observation::RunKnown { run },
    ] {
        let known = after(launching.clone(), &[since]);
        assert_eq!(known.clone().observe(&never_found, seconds(9)), Ok(known));
    }
    let ended = launching.observe(&never_found, seconds(9)).unwrap();
    assert_eq!(ended.run_end(), Some(RunEnd::NeverConfirmed));
}

#[test]
fn a_launch_that_may_have_been_sent_is_never_shown_as_unsent() {
    let reserved = Observation::LaunchReserved { launched_as: None };
    let sent = after(fresh(), &[reserved.clone(), Observation::LaunchUnsure]);
    let again = after(sent, &[reserved.clone(), Observation::LaunchPostponed]);
    assert_eq!(
        again.state,
        State::Launching,
        "its run is still searched for"
    );
    let unsent = after(fresh(), &[reserved.clone(), Observation::LaunchPostponed]);
    assert_eq!(unsent.state, State::Accepted);
    // A bridge that crashed before it got a response left no record of it, but may have created a run.
    let died = after(fresh(), std::slice::from_ref(&reserved));
    let again = after(died, &[reserved, Observation::LaunchPostponed]);
    assert_eq!((again.state, again.run.unsure), (State::Launching, true));
}

#[test]
fn a_task_is_not_running_before_its_launch_was_sent() {
    let said_to_run = after(fresh(), &[said(report(Some(ReportedStatus::Running)))]);
    assert_eq!(
        (said_to_run.state, said_to_run.called_back),
        (State::Accepted, false)
    );
}

fn said(report: Report) -> Observation {
    Observation::Reported(report)
}

fn report(status: Option<ReportedStatus>) -> Report {
    Report {
        status,
        ..Report::default()
    }
}

fn word(word: FinalStatus) -> Observation {
    said(report(Some(ReportedStatus::Final(word))))
}

fn result(value: Value) -> Observation {
    said(Report {
        result: Some(value),
        ..Report::default()
    })
}

const WORDS: [Option<FinalStatus>; 4] = [
    None,
    Some(FinalStatus::Success),
    Some(FinalStatus::Error),
    Some(FinalStatus::Cancelled),
];

/// The contract's table, row by row: the run's final status, then the task's status for each of `WORDS`.
const TABLE: [(RunEnd, [Status; 4]); 5] = {
    use Status::{Cancelled as C, Error as E, Success as S};
    [
        (RunEnd::Success, [S, S, E, C]),
        (RunEnd::Failed, [E, E, E, C]),
        (RunEnd::Stopped, [C, C, E, C]),
        (RunEnd::Gone, [E, S, E, C]),
        (RunEnd::NeverConfirmed, [E, S, E, C]),
    ]
};

#[test]
fn the_final_status_matches_the_contracts_table() {
    for (end, row) in TABLE {
        for (word, status) in WORDS.into_iter().zip(row) {
            let found = outcome(Some(end), word, false).unwrap();
            assert_eq!(found.status, status, "{end:?} and {word:?}");
            assert!(found.confirmed, "{end:?} and {word:?}");
        }
    }
}

#[test]
fn a_reported_status_alone_is_shown_but_not_confirmed() {
    assert_eq!(outcome(None, None, false), None);
    for word in [
        FinalStatus::Success,
        FinalStatus::Error,
        FinalStatus::Cancelled,
    ] {
        let found = outcome(None, Some(word), false).unwrap();
        assert_eq!((found.status, found.confirmed), (word.status(), false));
    }
}

#[test]
fn without_a_report_a_failure_or_lost_launch_after_a_cancel_is_a_cancellation() {
    for (end, row) in TABLE {
        for (word, usual) in WORDS.into_iter().zip(row) {
            let expected = match (end, word) {
                (RunEnd::Failed | RunEnd::NeverConfirmed, None) => Status::Cancelled,
                _ => usual,
            };
            let found = outcome(Some(end), word, true).unwrap();
            assert_eq!(found.status, expected, "{end:?} and {word:?}");
        }
    }
}

#[test]
fn only_a_success_that_failed_is_reverted() {
    for (end, _) in TABLE {
        for word in WORDS {
            let reverted = outcome(Some(end), word, false).unwrap().reverted;
            let expected = end == RunEnd::Failed && word == Some(FinalStatus::Success);
            assert_eq!(reverted, expected, "{end:?} and {word:?}");
        }
    }
}

#[test]
fn every_run_status_of_openhexa_has_the_effect_of_the_contract() {
    let submitted = |status: RunStatus| {
        let run = RunId(Uuid::from_u128(9));
        let known = Observation::RunKnown { run };
        after(fresh(), &[known, seen(status)])
    };
    let cases = [
        ("queued", Status::Queued),
        ("running", Status::Running),
        // It was stopped in the queue: a task that was already RUNNING stays RUNNING.
        ("terminating", Status::Queued),
        ("success", Status::Success),
        ("failed", Status::Error),
        ("stopped", Status::Cancelled),
        ("skipped", Status::Cancelled),
    ];
    for (word, status) in cases {
        let task = submitted(RunStatus::parse(word));
        assert_eq!(task.status(), status, "{word}");
        let ended = !matches!(status, Status::Queued | Status::Running);
        assert_eq!(task.is_confirmed(), ended, "{word}");
    }
}

#[test]
fn an_unknown_run_status_does_not_end_a_task() {
    let queued = after(fresh(), &[seen(RunStatus::parse("resting"))]);
    assert_eq!(queued.status(), Status::Queued);
    let task = after(running(), &[seen(RunStatus::parse("resting"))]);
    assert_eq!(task.status(), Status::Running);
    assert!(task.is_live());
    let ended = after(task, &[seen(RunStatus::Success)]);
    assert_eq!(ended.status(), Status::Success);
}

#[test]
fn a_reverted_success_keeps_its_data() {
    let success = said(Report {
        message: Some("Done".to_owned()),
        result: Some(json!({"rows": 3})),
        ..report(Some(ReportedStatus::Final(FinalStatus::Success)))
    });
    let task = after(running(), &[success, seen(RunStatus::Failed)]);
    assert_eq!(task.status(), Status::Error);
    assert_eq!(message(&task).as_deref(), Some(FAILED_AFTER_SUCCESS));
    let shown = json!({
        "result": "ERROR", "message": FAILED_AFTER_SUCCESS, "last_progress_message": "Done", "data": {"rows": 3},
    });
    assert_eq!(task.shown_result(english), Some(shown));
}

#[test]
fn a_success_of_a_stopped_run_is_a_cancellation_with_unwrapped_data() {
    let success = said(Report {
        result: Some(json!([1])),
        ..report(Some(ReportedStatus::Final(FinalStatus::Success)))
    });
    let task = after(running(), &[success.clone(), seen(RunStatus::Stopped)]);
    assert_eq!(task.status(), Status::Cancelled);
    assert_eq!(task.shown_result(english), Some(json!([1])));
    let late = after(running(), &[seen(RunStatus::Skipped), success]);
    assert_eq!(late.status(), Status::Cancelled);
    assert_eq!(late.shown_result(english), Some(json!([1])));
}

#[test]
fn results_are_shown_as_the_contract_says() {
    let rows = || result(json!({"rows": 3}));
    let raw = Some(json!({"rows": 3}));
    let success = Some(json!({"result": "SUCCESS", "data": {"rows": 3}}));
    let error = |message: Value| {
        Some(
            json!({"result": "ERROR", "message": message, "last_progress_message": null, "data": {"rows": 3}}),
        )
    };
    let cases: [(&str, Vec<Observation>, Option<Value>); 11] = [
        ("while it runs", vec![rows()], raw.clone()),
        (
            "before a success",
            vec![rows(), word(FinalStatus::Success)],
            success.clone(),
        ),
        (
            "before an error",
            vec![rows(), word(FinalStatus::Error)],
            error(json!(null)),
        ),
        (
            "before a cancellation",
            vec![rows(), word(FinalStatus::Cancelled)],
            raw.clone(),
        ),
        (
            "after a success",
            vec![word(FinalStatus::Success), rows()],
            raw.clone(),
        ),
        (
            "before an end seen only in OpenHEXA",
            vec![rows(), seen(RunStatus::Success)],
            raw.clone(),
        ),
        (
            "late, after a success seen",
            vec![seen(RunStatus::Success), rows()],
            raw.clone(),
        ),
        (
            "late, after a failure seen",
            vec![seen(RunStatus::Failed), rows()],
            raw.clone(),
        ),
        (
            "late, after a stop seen",
            vec![seen(RunStatus::Stopped), rows()],
            raw,
        ),
        (
            "late and before the first word",
            vec![seen(RunStatus::Success), rows(), word(FinalStatus::Success)],
            success,
        ),
        (
            "late, before a success is taken back",
            vec![word(FinalStatus::Success), rows(), seen(RunStatus::Failed)],
            error(json!(FAILED_AFTER_SUCCESS)),
        ),
    ];
    for (when, observations, shown) in cases {
        assert_eq!(
            after(running(), &observations).shown_result(english),
            shown,
            "{when}"
        );
    }
    assert_eq!(
        after(running(), &[seen(RunStatus::Failed)]).shown_result(english),
        None
    );
}

#[test]
fn a_failure_seen_only_in_openhexa_shows_the_last_log_lines() {
    let task = after(running(), &[seen(RunStatus::Failed)]);
    assert_eq!(message(&task).as_deref(), Some("ValueError: last line"));
}

#[test]
fn progress_seen_in_openhexa_is_a_percentage() {
    for (given, kept) in [
        (-5, 0),
        (0, 0),
        (42, 42),
        (100, 100),
        (250, 100),
        (i64::MAX, 100),
        (i64::MIN, 0),
    ] {
        let sighting = PolledStatus {
            status: RunStatus::Running,
            progress: given,
            why: None,
        };
        assert_eq!(
            after(running(), &[Observation::RunSeen(sighting)])
                .run
                .progress,
            kept
        );
    }
}

#[test]
fn a_poll_that_arrives_too_late_changes_nothing() {
    for end in [seen(RunStatus::Success), seen(RunStatus::Failed), gone()] {
        let task = after(running(), &[end]);
        for late in [
            seen(RunStatus::Queued),
            seen(RunStatus::Running),
            seen(RunStatus::Terminating),
            Observation::RunUnseen,
            gone(),
        ] {
            assert_eq!(
                task.clone().observe(&late, seconds(9)).unwrap(),
                task,
                "{late:?}"
            );
        }
    }
}
