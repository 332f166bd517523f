//! What happens next in a flow run, event by event.

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::flow::advance::{
    Action, AttemptEnd, AttemptOutcome, FlowPlan, FlowState, TaskFacts, Tasks, advance, flow_state,
    next_wake,
};
use openhexa_bridge::domain::flow::step_state::{
    CancelReason, ErrorReason, SkipReason, StepState, Stop,
};
use openhexa_bridge::domain::status::{FinalStatus, Status};

use super::{at, english, french, parsed, steps};

/// A flow run whose actions are applied at once.
pub struct Run {
    pub plan: FlowPlan,
    pub states: Vec<StepState>,
    pub tasks: Tasks,
    pub cancel: bool,
    pub now: DateTime<Utc>,
    ids: Vec<String>,
}

impl Run {
    pub fn new(text: &str) -> Self {
        let parsed = parsed(&steps(text));
        Self {
            states: vec![StepState::Pending; parsed.flow.steps.len()],
            ids: parsed
                .flow
                .steps
                .iter()
                .map(|step| step.id.value.clone())
                .collect(),
            plan: FlowPlan::of(&parsed.flow, parsed.graph),
            tasks: Tasks::new(),
            cancel: false,
            now: at("2027-01-01T00:00:00Z"),
        }
    }

    fn position(&self, id: &str) -> usize {
        self.ids.iter().position(|one| one == id).unwrap()
    }

    pub fn advance(&mut self) -> Vec<Action> {
        let actions = advance(&self.plan, &self.states, &self.tasks, self.cancel, self.now);
        for action in &actions {
            action.apply(&mut self.states);
            if let Action::Start { step, attempt } = action {
                self.tasks.insert(
                    *step,
                    TaskFacts {
                        attempt: *attempt,
                        started_at: Some(self.now),
                        end: None,
                    },
                );
            }
        }
        actions
    }

    fn end(&mut self, id: &str, outcome: AttemptOutcome, confirmed: bool) -> Vec<Action> {
        let step = self.position(id);
        let facts = self.tasks.get_mut(&step).expect("a task");
        facts.end = Some(AttemptEnd {
            outcome,
            confirmed,
            at: self.now,
        });
        self.advance()
    }

    fn ends(&mut self, id: &str, status: FinalStatus) -> Vec<Action> {
        self.end(id, AttemptOutcome::Task(status), true)
    }

    fn later(&mut self, minutes: i64) -> Vec<Action> {
        self.now += TimeDelta::minutes(minutes);
        self.advance()
    }

    fn words(&self) -> Vec<&'static str> {
        self.states.iter().map(StepState::as_str).collect()
    }

    fn state(&self) -> FlowState {
        flow_state(&self.plan, &self.states, self.cancel)
    }

    /// The sentence in both languages; empty where there is none.
    fn reason(&self, id: &str) -> (String, String) {
        let state = &self.states[self.position(id)];
        let reason = state.reason(|step| &self.ids[step]);
        reason
            .map(|message| (english(&message), french(&message)))
            .unwrap_or_default()
    }
}

fn start(step: usize) -> Action {
    Action::Start { step, attempt: 1 }
}

fn finish(status: FinalStatus, warnings: bool) -> Action {
    Action::Finish { status, warnings }
}

fn texts(english: &str, french: &str) -> (String, String) {
    (english.to_owned(), french.to_owned())
}

const CHAIN: &str =
    "- {id: a, pipeline: p}\n- {id: b, pipeline: p, after: a}\n- {id: c, pipeline: p, after: b}";

#[test]
fn steps_start_when_their_parents_have_ended() {
    let mut run = Run::new(
        "- {id: a, pipeline: p}\n- {id: b, pipeline: p}\n- {id: c, pipeline: p, after: [a, b]}",
    );
    assert_eq!(
        run.state(),
        FlowState {
            status: Status::Queued,
            warnings: false
        }
    );
    assert_eq!(run.advance(), [start(0), start(1)]);
    assert_eq!(run.state().status, Status::Running);
    assert_eq!(run.advance(), []);
    run.ends("a", FinalStatus::Success);
    assert_eq!(run.words(), ["SUCCESS", "RUNNING", "PENDING"]);
    assert_eq!(run.ends("b", FinalStatus::Success).last(), Some(&start(2)));
    let last = run.ends("c", FinalStatus::Success);
    assert_eq!(last.last(), Some(&finish(FinalStatus::Success, false)));
    assert_eq!(
        run.state(),
        FlowState {
            status: Status::Success,
            warnings: false
        }
    );
}

#[test]
fn an_end_that_is_not_confirmed_starts_nothing() {
    let mut run = Run::new(CHAIN);
    run.advance();
    for outcome in [
        FinalStatus::Success,
        FinalStatus::Error,
        FinalStatus::Cancelled,
    ] {
        assert_eq!(run.end("a", AttemptOutcome::Task(outcome), false), []);
        assert_eq!(run.words(), ["RUNNING", "PENDING", "PENDING"]);
    }
    assert_eq!(run.ends("a", FinalStatus::Success).len(), 2);
}

#[test]
fn steps_after_a_failed_one_are_skipped_and_name_it() {
    let mut run = Run::new(CHAIN);
    run.advance();
    let actions = run.ends("a", FinalStatus::Error);
    assert_eq!(
        actions,
        [
            Action::End {
                step: 0,
                state: StepState::Error(ErrorReason::Task)
            },
            Action::End {
                step: 1,
                state: StepState::Skipped(SkipReason::ParentFailed { parent: 0 })
            },
            Action::End {
                step: 2,
                state: StepState::Skipped(SkipReason::ParentSkipped { parent: 1 })
            },
            finish(FinalStatus::Error, false),
        ]
    );
    assert_eq!(
        run.reason("b"),
        texts(
            "Skipped, because `a` failed",
            "Ignorée, car `a` est en erreur"
        )
    );
    assert_eq!(
        run.reason("c"),
        texts(
            "Skipped, because `b` was skipped",
            "Ignorée, car `b` a été ignorée"
        )
    );
    assert_eq!(run.reason("a"), texts("", ""));
}

#[test]
fn branches_without_a_failed_parent_go_on() {
    let mut run = Run::new(
        "- {id: a, pipeline: p}\n- {id: b, pipeline: p}\n- {id: c, pipeline: p, after: a}\n- {id: d, pipeline: p, after: b}",
    );
    run.advance();
    run.ends("a", FinalStatus::Error);
    assert_eq!(run.words(), ["ERROR", "RUNNING", "SKIPPED", "PENDING"]);
    assert_eq!(run.ends("b", FinalStatus::Success).last(), Some(&start(3)));
    assert_eq!(
        run.ends("d", FinalStatus::Success).last(),
        Some(&finish(FinalStatus::Error, false))
    );
}

#[test]
fn a_step_that_may_fail_ends_the_flow_with_a_warning() {
    let mut run = Run::new(
        "- {id: a, pipeline: p, allow_failure: true}\n- {id: b, pipeline: p, after: a}\n- {id: c, pipeline: p}",
    );
    run.advance();
    run.ends("a", FinalStatus::Error);
    assert_eq!(run.words(), ["ERROR", "SKIPPED", "RUNNING"]);
    assert_eq!(
        run.ends("c", FinalStatus::Success).last(),
        Some(&finish(FinalStatus::Success, true))
    );
    assert_eq!(
        run.state(),
        FlowState {
            status: Status::Success,
            warnings: true
        }
    );
}

#[test]
fn no_failure_runs_after_a_skip_of_a_skip() {
    let mut run = Run::new(
        "- {id: a, pipeline: p, allow_failure: true}\n- {id: b, pipeline: p, after: a}\n- {id: c, pipeline: p, after: b}\n- {id: d, pipeline: p, after: c, run_if: no_failure}",
    );
    run.advance();
    assert_eq!(run.ends("a", FinalStatus::Error).last(), Some(&start(3)));
    assert_eq!(run.words(), ["ERROR", "SKIPPED", "SKIPPED", "RUNNING"]);
}

#[test]
fn no_failure_does_not_run_after_a_failed_or_cancelled_parent() {
    for (status, english, french) in [
        (
            FinalStatus::Error,
            "Skipped, because `a` failed",
            "Ignorée, car `a` est en erreur",
        ),
        (
            FinalStatus::Cancelled,
            "Skipped, because `a` was stopped",
            "Ignorée, car `a` a été arrêtée",
        ),
    ] {
        let mut run = Run::new(
            "- {id: a, pipeline: p}\n- {id: b, pipeline: p, after: a, run_if: no_failure}",
        );
        run.advance();
        run.ends("a", status);
        assert_eq!(run.reason("b"), texts(english, french));
    }
}

#[test]
fn always_runs_whatever_happened() {
    for status in [
        FinalStatus::Success,
        FinalStatus::Error,
        FinalStatus::Cancelled,
    ] {
        let mut run =
            Run::new("- {id: a, pipeline: p}\n- {id: b, pipeline: p, after: a, run_if: always}");
        run.advance();
        assert_eq!(run.ends("a", status).last(), Some(&start(1)));
        let last = run.ends("b", FinalStatus::Success);
        assert_eq!(last.last(), Some(&finish(status, false)));
    }
}

#[test]
fn a_failed_step_waits_and_starts_again() {
    let mut run =
        Run::new("- {id: a, pipeline: p, retry: {times: 2, wait: 5m, backoff: exponential}}");
    run.advance();
    let first = run.now;
    assert_eq!(
        run.ends("a", FinalStatus::Error),
        [Action::Retry {
            step: 0,
            attempt: 2,
            not_before: first + TimeDelta::minutes(5)
        }]
    );
    assert_eq!(
        (run.words(), run.state().status),
        (vec!["RETRY"], Status::Running)
    );
    assert_eq!(
        next_wake(&run.plan, &run.states, &run.tasks),
        Some(first + TimeDelta::minutes(5))
    );
    assert_eq!(run.later(4), []);
    assert_eq!(
        run.later(1),
        [Action::Start {
            step: 0,
            attempt: 2
        }]
    );
    let second = run.now;
    assert_eq!(
        run.ends("a", FinalStatus::Error),
        [Action::Retry {
            step: 0,
            attempt: 3,
            not_before: second + TimeDelta::minutes(10)
        }]
    );
    run.later(60);
    let last = run.ends("a", FinalStatus::Success);
    assert_eq!(
        last,
        [
            Action::End {
                step: 0,
                state: StepState::Success { attempt: 3 }
            },
            finish(FinalStatus::Success, false)
        ]
    );
}

#[test]
fn after_the_last_retry_the_step_has_failed_once() {
    let mut run = Run::new(
        "- {id: a, pipeline: p, retry: {times: 1, wait: 0s}}\n- {id: b, pipeline: p, after: a}",
    );
    run.advance();
    run.ends("a", FinalStatus::Error);
    assert_eq!(
        run.later(0),
        [Action::Start {
            step: 0,
            attempt: 2
        }]
    );
    let failed = run.ends("a", FinalStatus::Error);
    assert_eq!(failed.len(), 3, "{failed:?}");
    assert_eq!(run.words(), ["ERROR", "SKIPPED"]);
}

#[test]
fn a_refusal_a_wrong_reference_and_a_cancel_are_not_repeated() {
    for (outcome, state) in [
        (
            AttemptOutcome::Refused,
            StepState::Error(ErrorReason::Refused),
        ),
        (
            AttemptOutcome::WrongReference,
            StepState::Error(ErrorReason::WrongReference),
        ),
        (
            AttemptOutcome::Task(FinalStatus::Cancelled),
            StepState::Cancelled(CancelReason::Task),
        ),
    ] {
        let mut run = Run::new("- {id: a, pipeline: p, retry: {times: 5}}");
        run.advance();
        assert_eq!(
            run.end("a", outcome, true)[0],
            Action::End { step: 0, state }
        );
    }
}

#[test]
fn waits_are_at_most_a_day() {
    let mut run =
        Run::new("- {id: a, pipeline: p, retry: {times: 10, wait: 20h, backoff: exponential}}");
    run.advance();
    for attempt in 2..=10 {
        let before = run.now;
        let actions = run.ends("a", FinalStatus::Error);
        let wait = TimeDelta::hours(if attempt == 2 { 20 } else { 24 });
        assert_eq!(
            actions,
            [Action::Retry {
                step: 0,
                attempt,
                not_before: before + wait
            }]
        );
        run.later(24 * 60);
    }
}

#[test]
fn the_wait_counts_from_the_end_also_if_it_is_noticed_late() {
    let mut run = Run::new("- {id: a, pipeline: p, retry: {times: 1, wait: 5m}}");
    run.advance();
    let ended = run.now;
    run.tasks.insert(
        0,
        TaskFacts {
            attempt: 1,
            started_at: None,
            end: Some(AttemptEnd {
                outcome: AttemptOutcome::Task(FinalStatus::Error),
                confirmed: true,
                at: ended,
            }),
        },
    );
    assert_eq!(
        run.later(30),
        [Action::Retry {
            step: 0,
            attempt: 2,
            not_before: ended + TimeDelta::minutes(5)
        }]
    );
    assert_eq!(
        run.later(0),
        [Action::Start {
            step: 0,
            attempt: 2
        }]
    );
}

#[test]
fn facts_about_an_earlier_attempt_are_ignored() {
    let mut run = Run::new("- {id: a, pipeline: p, retry: {times: 3, wait: 0s}}");
    run.advance();
    let failed = run.tasks.clone();
    run.ends("a", FinalStatus::Error);
    let old = run.tasks.clone();
    run.later(0);
    for stale in [failed, old] {
        run.tasks = stale;
        assert_eq!(run.advance(), []);
    }
}

#[test]
fn a_step_that_takes_too_long_is_cancelled_and_has_failed() {
    let mut run = Run::new("- {id: a, pipeline: p, time_limit: 30m}");
    run.advance();
    assert_eq!(
        next_wake(&run.plan, &run.states, &run.tasks),
        Some(run.now + TimeDelta::minutes(30))
    );
    assert_eq!(run.later(29), []);
    assert_eq!(
        run.later(1),
        [Action::CancelTask {
            step: 0,
            why: Stop::TookTooLong
        }]
    );
    assert_eq!(
        run.reason("a"),
        texts(
            "The step takes too long: its task is being stopped",
            "L’étape dure trop longtemps : sa tâche est en cours d’arrêt"
        )
    );
    assert_eq!(
        (run.later(5), next_wake(&run.plan, &run.states, &run.tasks)),
        (vec![], None)
    );
    assert_eq!(
        run.ends("a", FinalStatus::Cancelled).last(),
        Some(&finish(FinalStatus::Error, false))
    );
    assert_eq!(
        run.reason("a"),
        texts(
            "The step took longer than 30m",
            "L’étape a duré plus de 30m"
        )
    );
}

#[test]
fn the_time_limit_counts_from_the_start_of_the_run() {
    let mut run = Run::new("- {id: a, pipeline: p, time_limit: 30m}");
    run.advance();
    run.tasks.insert(
        0,
        TaskFacts {
            attempt: 1,
            started_at: None,
            end: None,
        },
    );
    assert_eq!(run.later(600), []);
}

#[test]
fn a_task_that_reported_its_end_is_not_cancelled_for_taking_long() {
    let mut run = Run::new("- {id: a, pipeline: p, time_limit: 30m}");
    run.advance();
    run.end("a", AttemptOutcome::Task(FinalStatus::Success), false);
    assert_eq!(run.later(60), []);
}

#[test]
fn a_task_that_ends_well_in_spite_of_the_cancel_is_a_success() {
    let mut run = Run::new("- {id: a, pipeline: p, time_limit: 30m}");
    run.advance();
    run.later(31);
    assert_eq!(
        run.ends("a", FinalStatus::Success).last(),
        Some(&finish(FinalStatus::Success, false))
    );
}

#[test]
fn a_step_that_took_too_long_is_repeated_if_it_may_be() {
    let mut run = Run::new("- {id: a, pipeline: p, time_limit: 30m, retry: {times: 1, wait: 0s}}");
    run.advance();
    run.later(30);
    run.ends("a", FinalStatus::Cancelled);
    assert_eq!(run.words(), ["RETRY"]);
}

#[test]
fn a_cancelled_flow_starts_nothing_more_not_even_always() {
    let mut run = Run::new(
        "- {id: a, pipeline: p}\n- {id: b, pipeline: p, after: a, run_if: always}\n- {id: c, pipeline: p, retry: {times: 1}}",
    );
    run.advance();
    run.ends("c", FinalStatus::Error);
    run.cancel = true;
    let actions = run.advance();
    assert!(actions.contains(&Action::CancelTask {
        step: 0,
        why: Stop::FlowCancelled
    }));
    assert_eq!(run.words(), ["RUNNING", "CANCELLED", "CANCELLED"]);
    assert_eq!(run.state().status, Status::Running);
    assert_eq!(
        run.reason("a"),
        texts(
            "The flow was stopped: the task is being stopped",
            "Le flux a été arrêté : la tâche est en cours d’arrêt"
        )
    );
    assert_eq!(
        run.reason("b"),
        texts("The flow was stopped", "Le flux a été arrêté")
    );
    assert_eq!(run.later(60), []);
    assert_eq!(
        run.ends("a", FinalStatus::Cancelled).last(),
        Some(&finish(FinalStatus::Cancelled, false))
    );
}

#[test]
fn a_cancelled_flow_is_never_a_success() {
    for status in [
        FinalStatus::Success,
        FinalStatus::Error,
        FinalStatus::Cancelled,
    ] {
        let mut run = Run::new("- {id: a, pipeline: p, retry: {times: 3}}");
        run.advance();
        run.cancel = true;
        run.advance();
        assert_eq!(
            run.ends("a", status).last(),
            Some(&finish(FinalStatus::Cancelled, false))
        );
        assert_eq!(run.state().status, Status::Cancelled);
    }
}

#[test]
fn a_flow_that_is_cancelled_before_its_first_step_ends_at_once() {
    let mut run = Run::new(CHAIN);
    run.cancel = true;
    assert_eq!(
        run.advance().last(),
        Some(&finish(FinalStatus::Cancelled, false))
    );
    assert_eq!(run.words(), ["CANCELLED"; 3]);
}

#[test]
fn a_step_whose_task_is_cancelled_alone_cancels_the_flow_run() {
    let mut run = Run::new(
        "- {id: a, pipeline: p}\n- {id: b, pipeline: p, after: a}\n- {id: c, pipeline: p}",
    );
    run.advance();
    run.ends("a", FinalStatus::Cancelled);
    assert_eq!(run.words(), ["CANCELLED", "SKIPPED", "RUNNING"]);
    assert_eq!(
        run.reason("a"),
        texts(
            "The task of this step was stopped",
            "La tâche de cette étape a été arrêtée"
        )
    );
    assert_eq!(
        run.ends("c", FinalStatus::Success).last(),
        Some(&finish(FinalStatus::Cancelled, false))
    );
}

#[test]
fn reused_results_count_as_success() {
    let mut run = Run::new(CHAIN);
    run.states[0] = StepState::Success { attempt: 0 };
    assert_eq!(run.advance(), [start(1)]);
    assert_eq!(run.state().status, Status::Running);
}
