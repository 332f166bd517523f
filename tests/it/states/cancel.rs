//! The effect of a cancel in each state of a task.

use super::*;

fn cancelled(task: Task) -> Task {
    after(task, &[Observation::CancelRequested])
}

fn reserved() -> Observation {
    Observation::LaunchReserved { launched_as: None }
}

fn known() -> Observation {
    let run = RunId(Uuid::from_u128(9));
    Observation::RunKnown { run }
}

#[test]
fn a_launch_that_was_not_sent_ends_at_once_and_ignores_reports() {
    let task = cancelled(fresh());
    assert_eq!(
        (task.status(), task.is_confirmed(), task.run_end()),
        (Status::Cancelled, true, Some(RunEnd::NeverSent))
    );
    assert_eq!(
        message(&task).as_deref(),
        Some("Stopped before anything was sent to OpenHEXA")
    );
    assert_eq!(after(task.clone(), &[reserved()]), task);
    let success = task.observe(&word(FinalStatus::Success), seconds(9));
    assert_eq!(success, Err(Conflict::Ended(Status::Cancelled)));
}

#[test]
fn a_launch_in_progress_is_not_ended_and_not_repeated() {
    let task = cancelled(after(fresh(), &[reserved()]));
    assert_eq!((task.status(), task.run_end()), (Status::Queued, None));
    let again = after(task.clone(), &[reserved()]);
    assert_eq!(again, task);
    let unsent = after(task.clone(), &[Observation::LaunchPostponed]);
    assert_eq!(unsent.run_end(), Some(RunEnd::NeverSent));
    let doubted = after(
        task.clone(),
        &[Observation::LaunchUnsure, Observation::LaunchPostponed],
    );
    assert_eq!(
        doubted.state,
        State::Launching,
        "its run is still searched for"
    );
    let run = RunId(Uuid::from_u128(9));
    assert!(after(task, &[Observation::RunKnown { run }]).wants_stop());
}

#[test]
fn a_launch_never_confirmed_is_a_cancellation_only_after_a_cancel() {
    let unsure = after(fresh(), &[reserved(), Observation::LaunchUnsure]);
    assert_eq!(after(unsure.clone(), &[gone()]).status(), Status::Error);
    let task = after(cancelled(unsure), &[gone()]);
    assert_eq!(
        (task.status(), task.is_confirmed()),
        (Status::Cancelled, true)
    );
    assert_eq!(
        message(&task).as_deref(),
        Some("The run no longer exists in OpenHEXA")
    );
    // A known run that was deleted: its final status is unknown.
    let task = after(cancelled(running()), &[gone()]);
    assert_eq!(task.status(), Status::Error);
}

#[test]
fn a_refused_launch_keeps_its_reason() {
    let refused = Observation::LaunchRefused {
        why: NoteCode::RefusedPipeline.into(),
    };
    let task = after(cancelled(after(fresh(), &[reserved()])), &[refused]);
    assert_eq!(task.status(), Status::Error);
    assert_eq!(
        message(&task).as_deref(),
        Some("OpenHEXA refused the launch: the pipeline does not exist")
    );
}

#[test]
fn a_second_cancel_changes_nothing_and_a_late_one_conflicts() {
    let task = cancelled(running());
    let again = task
        .clone()
        .observe(&Observation::CancelRequested, seconds(9));
    assert_eq!(again, Ok(task));
    for end in [
        vec![word(FinalStatus::Success)],
        vec![seen(RunStatus::Failed)],
        vec![word(FinalStatus::Error), seen(RunStatus::Failed)],
    ] {
        let ended = after(running(), &end);
        let late = ended
            .clone()
            .observe(&Observation::CancelRequested, seconds(9));
        assert_eq!(late, Err(Conflict::Ended(ended.status())));
    }
}

#[test]
fn a_reported_success_and_a_run_that_terminates_are_not_stopped() {
    let task = cancelled(running());
    assert!(task.wants_stop());
    assert!(after(task.clone(), &[word(FinalStatus::Error)]).wants_stop());
    for last in [
        word(FinalStatus::Success),
        seen(RunStatus::Terminating),
        seen(RunStatus::Failed),
    ] {
        assert!(!after(task.clone(), &[last]).wants_stop());
    }
}

#[test]
fn polls_of_a_hidden_run_count_only_if_consecutive() {
    let hidden = Observation::RunHidden {
        within: TimeDelta::seconds(10),
    };
    let look = |task: Task, at: i64| task.observe(&hidden, seconds(at)).unwrap();
    let row = look(look(running(), 10), 20);
    assert_eq!(row.run.hidden_since, Some(seconds(10)));
    assert_eq!(look(row.clone(), 31).run.hidden_since, Some(seconds(31)));
    for between in [
        Observation::PollFailed,
        Observation::RunUnseen,
        seen(RunStatus::Running),
        said(report(None)),
    ] {
        let broken = row.clone().observe(&between, seconds(21)).unwrap();
        assert_eq!(broken.run.hidden_since, None, "{between:?}");
    }
    assert_eq!(row.clone().contacted().run.hidden_since, None);
}

#[test]
fn a_failed_poll_does_not_restart_the_grace_of_a_launch() {
    let task = after(
        fresh(),
        &[
            Observation::LaunchReserved { launched_as: None },
            Observation::LaunchUnsure,
        ],
    );
    let unseen = task.observe(&Observation::RunUnseen, seconds(10)).unwrap();
    assert_eq!(unseen.run.unseen_since, Some(seconds(10)));
    let failed = unseen
        .clone()
        .observe(&Observation::PollFailed, seconds(20))
        .unwrap();
    assert_eq!(failed, unseen, "a failed poll changes nothing");
    let again = failed
        .observe(&Observation::RunUnseen, seconds(30))
        .unwrap();
    assert_eq!(again.run.unseen_since, Some(seconds(10)));
    // Another attempt may create a run that appears later.
    let reserved = Observation::LaunchReserved { launched_as: None };
    let sent = again.observe(&reserved, seconds(80)).unwrap();
    assert_eq!(sent.run.unseen_since, None);
}

#[test]
fn a_run_that_terminates_in_the_queue_never_started() {
    let stopped = after(
        fresh(),
        &[
            reserved(),
            known(),
            Observation::CancelRequested,
            seen(RunStatus::Queued),
            seen(RunStatus::Terminating),
        ],
    );
    assert_eq!(
        (stopped.status(), stopped.started_at),
        (Status::Queued, None)
    );
    let ended = after(stopped, &[seen(RunStatus::Stopped)]);
    assert_eq!(
        (ended.status(), ended.started_at),
        (Status::Cancelled, None)
    );
    let ran = after(running(), &[seen(RunStatus::Terminating)]);
    assert_eq!(ran.status(), Status::Running);
    assert!(ran.started_at.is_some());
}

#[test]
fn a_refused_report_that_proves_a_run_is_a_change() {
    let task = after(
        fresh(),
        &[Observation::LaunchReserved { launched_as: None }],
    );
    let heard = task.clone().contacted();
    assert!(heard.called_back);
    assert_eq!(heard.revision, task.revision + 1);
    assert_eq!(heard.clone().contacted(), heard, "it is recorded once");
}

#[test]
fn a_refused_report_proves_a_run_only_if_one_was_requested() {
    assert_eq!(fresh().contacted(), fresh(), "nothing was ever sent");
    let launching = after(fresh(), &[reserved()]).contacted();
    assert!(launching.called_back);
}
