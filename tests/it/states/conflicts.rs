//! Which observations change a task after its final status was reported or polled, or after a cancel.

use super::*;

#[test]
fn after_the_end_the_same_status_changes_nothing_and_another_conflicts() {
    let ways = [
        vec![word(FinalStatus::Error)],
        vec![word(FinalStatus::Error), seen(RunStatus::Failed)],
        vec![word(FinalStatus::Error), gone()],
    ];
    for way in ways {
        let task = after(running(), &way);
        let again = task
            .clone()
            .observe(&word(FinalStatus::Error), seconds(9))
            .unwrap();
        assert_eq!(again, task);
        let shown = Conflict::Ended(Status::Error);
        for other in [
            word(FinalStatus::Success),
            word(FinalStatus::Cancelled),
            said(report(Some(ReportedStatus::Running))),
            said(report(Some(ReportedStatus::Queued))),
            said(Report {
                message: Some("still here".to_owned()),
                ..Report::default()
            }),
            said(Report {
                progress_value: Some(3),
                ..Report::default()
            }),
        ] {
            assert_eq!(
                task.clone().observe(&other, seconds(9)),
                Err(shown),
                "{other:?}"
            );
        }
    }
}

#[test]
fn a_first_result_is_kept_and_a_second_conflicts() {
    let task = after(running(), &[word(FinalStatus::Success), result(json!(1))]);
    assert_eq!(task.data, Some(json!(1)));
    let second = task.clone().observe(&result(json!(2)), seconds(9));
    assert_eq!(second, Err(Conflict::Ended(Status::Success)));
    let again = said(Report {
        result: Some(json!(2)),
        ..report(Some(ReportedStatus::Final(FinalStatus::Success)))
    });
    assert_eq!(task.clone().observe(&again, seconds(9)).unwrap(), task);
}

#[test]
fn after_a_polled_end_the_first_final_report_is_accepted_once() {
    for (end, row) in [
        (seen(RunStatus::Success), TABLE[0].1),
        (seen(RunStatus::Failed), TABLE[1].1),
        (seen(RunStatus::Stopped), TABLE[2].1),
        (gone(), TABLE[3].1),
    ] {
        for (first, status) in WORDS.into_iter().zip(row).skip(1) {
            let task = after(running(), &[end.clone(), word(first.unwrap())]);
            assert_eq!(
                (task.status(), task.is_confirmed()),
                (status, true),
                "{end:?} then {first:?}"
            );
            let shown = Conflict::Ended(status);
            let other = WORDS[1..]
                .iter()
                .flatten()
                .find(|other| Some(**other) != first && other.status() != status);
            assert_eq!(task.observe(&word(*other.unwrap()), seconds(9)), Err(shown));
        }
    }
}

#[test]
fn after_a_cancel_only_final_reports_and_results_are_accepted() {
    let task = Task {
        cancel_asked_at: Some(seconds(2)),
        ..running()
    };
    for live in [
        said(report(Some(ReportedStatus::Running))),
        said(report(Some(ReportedStatus::Queued))),
        said(Report {
            progress_value: Some(3),
            ..Report::default()
        }),
    ] {
        let refused = Err(Conflict::CancelRequested(Status::Running));
        assert_eq!(task.clone().observe(&live, seconds(9)), refused, "{live:?}");
    }
    for end in [
        FinalStatus::Success,
        FinalStatus::Error,
        FinalStatus::Cancelled,
    ] {
        assert_eq!(after(task.clone(), &[word(end)]).status(), end.status());
    }
    let found = after(task, &[result(json!(1))]);
    assert_eq!(
        (found.status(), found.data),
        (Status::Running, Some(json!(1)))
    );
}

#[test]
fn a_refused_launch_ignores_reports() {
    let refused = Observation::LaunchRefused {
        why: NoteCode::RefusedPipeline.into(),
    };
    let task = after(
        fresh(),
        &[Observation::LaunchReserved { launched_as: None }, refused],
    );
    assert_eq!((task.status(), task.is_confirmed()), (Status::Error, true));
    let success = task.observe(&word(FinalStatus::Success), seconds(9));
    assert_eq!(success, Err(Conflict::Ended(Status::Error)));
}
