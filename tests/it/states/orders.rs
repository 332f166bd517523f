//! Properties that hold for observations in any order, repeated or late.

use openhexa_bridge::domain::ids::{RunId, UserId};
use openhexa_bridge::domain::observation::{MergedProgress, Progress};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn any_word() -> impl Strategy<Value = FinalStatus> {
    select(vec![
        FinalStatus::Success,
        FinalStatus::Error,
        FinalStatus::Cancelled,
    ])
}

fn any_report() -> impl Strategy<Value = Report> {
    let word = prop_oneof![
        Just(None),
        Just(Some(ReportedStatus::Queued)),
        Just(Some(ReportedStatus::Running)),
        any_word().prop_map(|word| Some(ReportedStatus::Final(word))),
    ];
    let message = option::of(select(vec!["one", "two"]).prop_map(str::to_owned));
    let result = option::of((0..3).prop_map(|number| json!(number)));
    (word, message, option::of(0..9), option::of(0..9), result).prop_map(
        |(status, message, progress_value, end_value, result)| Report {
            status,
            message,
            progress_value,
            end_value,
            result,
        },
    )
}

/// Merged progress may come from an earlier state of the task.
fn any_kept() -> impl Strategy<Value = MergedProgress> {
    (any_report(), any_report()).prop_map(|(before, report)| MergedProgress {
        before: Progress {
            message: before.message,
            value: before.progress_value.unwrap_or_default(),
            end: before.end_value.unwrap_or_default(),
        },
        report: Report {
            status: None,
            result: None,
            ..report
        },
    })
}

fn any_sighting() -> impl Strategy<Value = PolledStatus> {
    let words = [
        "queued",
        "running",
        "terminating",
        "success",
        "failed",
        "stopped",
        "skipped",
        "resting",
    ];
    (select(words.to_vec()), -300_i64..300).prop_map(|(word, progress)| PolledStatus {
        status: RunStatus::parse(word),
        progress,
        why: (word == "failed").then(|| Note::text("the last line")),
    })
}

fn any_observation() -> impl Strategy<Value = Observation> {
    let id = (0_u128..3).prop_map(Uuid::from_u128);
    let why = || Note::from(NoteCode::RunGone);
    prop_oneof![
        2 => id.clone().prop_map(|id| Observation::LaunchReserved { launched_as: Some(UserId(id)) }),
        1 => Just(Observation::LaunchPostponed),
        1 => Just(Observation::LaunchUnsure),
        1 => Just(Observation::LaunchRefused { why: why() }),
        2 => id.prop_map(|id| Observation::RunKnown { run: RunId(id) }),
        4 => any_sighting().prop_map(Observation::RunSeen),
        1 => Just(Observation::RunUnseen),
        1 => Just(Observation::PollFailed),
        1 => Just(Observation::RunHidden { within: TimeDelta::seconds(60) }),
        2 => Just(Observation::CancelRequested),
        1 => Just(Observation::CancelRepeated),
        1 => Just(Observation::StopRequested),
        1 => Just(Observation::StopNotAnswered),
        1 => Just(Observation::RunGone { why: why(), premise: fresh().premise() }),
        5 => any_report().prop_map(Observation::Reported),
        2 => any_kept().prop_map(Observation::ProgressMerged),
    ]
}

/// A random sequence of observations, some of them repeated.
fn any_life() -> impl Strategy<Value = Vec<Observation>> {
    vec((any_observation(), any::<bool>()), 0..25).prop_map(|steps| {
        let twice = |(step, twice): (Observation, bool)| vec![step; 1 + usize::from(twice)];
        steps.into_iter().flat_map(twice).collect()
    })
}

/// The states of a task after each observation.
fn live(cancelled: bool, life: &[Observation]) -> Vec<Task> {
    let first = Task {
        cancel_asked_at: cancelled.then(start),
        ..fresh()
    };
    let mut tasks = vec![first];
    for (step, observation) in life.iter().enumerate() {
        let before = tasks.last().unwrap().clone();
        let now = seconds(i64::try_from(step).unwrap() + 1);
        let observation = super::decided(&before, observation);
        let next = before.clone().observe(&observation, now).unwrap_or(before);
        tasks.push(next);
    }
    tasks
}

/// The position of a shown status; all final statuses are equal.
fn place(status: Status) -> u8 {
    match status {
        Status::Queued => 0,
        Status::Running => 1,
        Status::Success | Status::Error | Status::Cancelled => 2,
    }
}

fn is_final(task: &Task) -> bool {
    task.final_report().is_some() && task.run_end().is_some()
}

/// What clients see of a task's end.
fn shown(task: &Task) -> (Status, bool, Option<Value>, Option<String>) {
    (
        task.status(),
        task.is_confirmed(),
        task.shown_result(english),
        message(task),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_task_never_returns_to_an_earlier_status(cancelled: bool, life in any_life()) {
        for pair in live(cancelled, &life).windows(2) {
            prop_assert!(place(pair[0].status()) <= place(pair[1].status()));
            prop_assert!(pair[0].is_confirmed() <= pair[1].is_confirmed());
        }
    }

    #[test]
    fn a_confirmed_status_never_changes(cancelled: bool, life in any_life()) {
        for pair in live(cancelled, &life).windows(2).filter(|pair| is_final(&pair[0])) {
            prop_assert_eq!(pair[0].status(), pair[1].status());
            prop_assert_eq!(message(&pair[0]), message(&pair[1]));
            prop_assert_eq!(pair[0].ended_at, pair[1].ended_at);
        }
    }

    #[test]
    fn a_confirmed_end_changes_only_by_the_first_final_report(cancelled: bool, life in any_life()) {
        for pair in live(cancelled, &life).windows(2).filter(|pair| pair[0].is_confirmed()) {
            let first_word = pair[0].final_report().is_none() && pair[1].final_report().is_some();
            prop_assert!(first_word || pair[0].status() == pair[1].status());
            prop_assert_eq!(pair[0].run_end(), pair[1].run_end());
            prop_assert_eq!(&pair[0].run.status, &pair[1].run.status);
        }
    }

    #[test]
    fn a_first_final_report_is_never_replaced(cancelled: bool, life in any_life()) {
        for pair in live(cancelled, &life).windows(2).filter(|pair| pair[0].final_report().is_some()) {
            prop_assert_eq!(pair[0].final_report(), pair[1].final_report());
        }
    }

    #[test]
    fn a_result_is_never_erased(cancelled: bool, life in any_life()) {
        for pair in live(cancelled, &life).windows(2).filter(|pair| pair[0].data.is_some()) {
            prop_assert!(pair[1].data.is_some());
            if pair[0].final_report().is_some() {
                prop_assert_eq!(&pair[0].data, &pair[1].data);
            }
        }
    }

    #[test]
    fn a_known_run_never_changes(cancelled: bool, life in any_life()) {
        for pair in live(cancelled, &life).windows(2).filter(|pair| pair[0].run.id.is_some()) {
            prop_assert_eq!(pair[0].run.id, pair[1].run.id);
        }
    }

    #[test]
    fn the_revision_grows_with_each_change_and_only_then(cancelled: bool, life in any_life()) {
        for pair in live(cancelled, &life).windows(2) {
            let changed = pair[0] != pair[1];
            prop_assert_eq!(pair[1].revision, pair[0].revision + i64::from(changed));
            prop_assert_eq!(pair[0].updated_at < pair[1].updated_at, changed);
        }
    }

    #[test]
    fn numbers_stay_in_their_ranges(cancelled: bool, life in any_life()) {
        for task in live(cancelled, &life) {
            prop_assert!((0..=100).contains(&task.run.progress));
            prop_assert!(task.progress_value >= 0 && task.end_value >= 0);
        }
    }

    #[test]
    fn times_are_set_with_their_status(cancelled: bool, life in any_life()) {
        for task in live(cancelled, &life) {
            prop_assert_eq!(task.ended_at.is_some(), place(task.status()) == 2);
            prop_assert!(task.status() != Status::Running || task.started_at.is_some());
        }
    }

    /// The same start, then the same first final report and the same final status of the run: their order,
    /// repetitions and late observations make no difference.
    #[test]
    fn the_order_of_report_and_run_status_does_not_matter(
        start in vec(any_report().prop_filter("no end", |report| !matches!(report.status, Some(ReportedStatus::Final(_)))), 0..4),
        first in any_report(),
        word in any_word(),
        end in select(vec!["success", "failed", "stopped", "skipped", "gone"]),
        cancelled: bool,
        late in vec(any_observation(), 0..6),
        places in vec(0_usize..3, 6),
    ) {
        let first = said(Report { status: Some(ReportedStatus::Final(word)), ..first });
        let end = if end == "gone" { gone() } else { seen(RunStatus::parse(end)) };
        let start: Vec<Observation> = start.into_iter().map(said).collect();
        let task = live(false, &start).pop().unwrap();
        let task = after(task, &[Observation::RunKnown { run: RunId(Uuid::from_u128(9)) }]);
        let task = Task { cancel_asked_at: cancelled.then(super::start), ..task };
        let outcomes = [[&first, &end], [&end, &first]].map(|pair| {
            let mut order: Vec<Observation> = pair.into_iter().cloned().collect();
            // Late observations come after the final status was reported and polled; repetitions come
            // anywhere after the first one.
            order.push(pair[1].clone());
            order.insert(1, pair[0].clone());
            for (observation, place) in late.iter().zip(&places) {
                if !matches!(observation, Observation::Reported(Report { result: Some(_), .. })) {
                    order.insert(order.len() - place.min(&1), observation.clone());
                }
            }
            shown(&order.iter().fold(task.clone(), |task, observation| {
                task.clone().observe(observation, seconds(5)).unwrap_or(task)
            }))
        });
        prop_assert_eq!(&outcomes[0], &outcomes[1]);
    }

    /// The reported final status, the final status of the run and the cancel come in any order, among other
    /// observations. Only the two statuses count, and whether the cancel came before the end.
    #[test]
    fn only_report_run_status_and_cancel_decide(
        word in option::of(any_word()),
        end in select(vec![
            (RunEnd::Success, seen(RunStatus::Success)),
            (RunEnd::Failed, seen(RunStatus::Failed)),
            (RunEnd::Stopped, seen(RunStatus::Stopped)),
            (RunEnd::Gone, gone()),
        ]),
        asked in 0_usize..3,
        order in Just((0..9).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let wishes = vec![Observation::CancelRequested; asked];
        let among = [
            seen(RunStatus::Queued), seen(RunStatus::Running), seen(RunStatus::Terminating), Observation::StopRequested,
            Observation::StopNotAnswered,
        ];
        let mut all: Vec<Observation> = word.map(super::word).into_iter().chain([end.1.clone()]).chain(wishes).collect();
        all.extend(among.into_iter().take(9 - all.len()));
        let life: Vec<Observation> = order.iter().filter_map(|place| all.get(*place)).cloned().collect();
        let place = |wanted: &Observation| life.iter().position(|one| one == wanted);
        let wished = place(&Observation::CancelRequested).is_some_and(|wish| Some(wish) < place(&end.1));
        let known = Observation::RunKnown { run: RunId(Uuid::from_u128(9)) };
        let lived = [vec![Observation::LaunchReserved { launched_as: None }, known], life].concat();
        let task = live(false, &lived).pop().unwrap();
        let expected = outcome(Some(end.0), word, wished).unwrap();
        prop_assert_eq!((task.status(), task.is_confirmed(), task.run_end()), (expected.status, true, Some(end.0)));
    }

    #[test]
    fn a_cancel_is_kept_and_no_launch_follows(life in any_life()) {
        for pair in live(false, &life).windows(2).filter(|pair| pair[0].cancel_asked_at.is_some()) {
            prop_assert_eq!(pair[0].cancel_asked_at, pair[1].cancel_asked_at);
            prop_assert_eq!(pair[0].run.attempts, pair[1].run.attempts);
            prop_assert!(pair[1].state != State::Accepted, "it would be launched");
        }
    }

    #[test]
    fn late_observations_do_not_change_the_end(life in any_life(), late in any_life()) {
        let both = [life.clone(), late].concat();
        let before = live(false, &life).pop().unwrap();
        let after = live(false, &both).pop().unwrap();
        if is_final(&before) && before.data.is_some() {
            prop_assert_eq!(shown(&before), shown(&after));
        }
    }
}
