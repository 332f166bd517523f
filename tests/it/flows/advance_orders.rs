//! Properties of flow runs: random graphs, with ends in any order.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use openhexa_bridge::domain::flow::advance::{
    Action, AttemptEnd, AttemptOutcome, FlowPlan, TaskFacts, Tasks, advance, flow_state, next_wake,
};
use openhexa_bridge::domain::flow::graph::Graph;
use openhexa_bridge::domain::flow::step_state::{Backoff, Retry, RunIf, StepPlan, StepState};
use openhexa_bridge::domain::status::{FinalStatus, Status};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestCaseError;

use super::at;

const MOST_STEPS: usize = 9;

/// A flow, and how the attempts of each step end.
#[derive(Clone, Debug)]
struct Story {
    plan: FlowPlan,
    outcomes: Vec<Vec<AttemptOutcome>>,
}

/// What happens from outside, as numbers that choose among what is possible.
#[derive(Clone, Debug)]
struct Course {
    choices: Vec<u32>,
    cancel_after: Option<usize>,
}

fn any_plan(step: impl Strategy<Value = StepPlan> + Clone) -> impl Strategy<Value = FlowPlan> {
    (1..MOST_STEPS).prop_flat_map(move |count| {
        let edges = prop::collection::vec(any::<[bool; MOST_STEPS]>(), count);
        let names = Just((0..count).collect::<Vec<_>>()).prop_shuffle();
        (prop::collection::vec(step.clone(), count), edges, names).prop_map(
            |(steps, edges, names)| {
                let mut parents = vec![BTreeSet::new(); steps.len()];
                for (late, row) in edges.iter().enumerate() {
                    // Every second edge is left out, so that there are independent branches.
                    let early = (0..late).filter(|early| row[*early] && (early + late) % 2 == 1);
                    parents[names[late]] = early.map(|early| names[early]).collect();
                }
                let graph = Graph::new(parents).expect("no cycle");
                FlowPlan { steps, graph }
            },
        )
    })
}

fn any_step() -> impl Strategy<Value = StepPlan> + Clone {
    let retry = (0..3_u32, select(Backoff::ALL)).prop_map(|(times, backoff)| Retry {
        times,
        wait: TimeDelta::minutes(7),
        backoff,
    });
    let limit = prop::option::weighted(0.3, Just(TimeDelta::minutes(30)));
    (select(RunIf::ALL), any::<bool>(), retry, limit).prop_map(
        |(run_if, allow_failure, retry, time_limit)| StepPlan {
            run_if,
            allow_failure,
            retry,
            time_limit,
        },
    )
}

fn any_outcome() -> impl Strategy<Value = AttemptOutcome> {
    prop_oneof![
        5 => Just(AttemptOutcome::Task(FinalStatus::Success)),
        3 => Just(AttemptOutcome::Task(FinalStatus::Error)),
        1 => Just(AttemptOutcome::Task(FinalStatus::Cancelled)),
        1 => Just(AttemptOutcome::Refused),
        1 => Just(AttemptOutcome::WrongReference),
    ]
}

fn any_story() -> impl Strategy<Value = Story> {
    let outcomes = prop::collection::vec(prop::collection::vec(any_outcome(), 4), MOST_STEPS);
    (any_plan(any_step()), outcomes).prop_map(|(plan, outcomes)| Story { plan, outcomes })
}

fn any_course() -> impl Strategy<Value = Course> {
    let choices = prop::collection::vec(any::<u32>(), 120);
    (choices, prop::option::weighted(0.3, 0..12_usize)).prop_map(|(choices, cancel_after)| Course {
        choices,
        cancel_after,
    })
}

/// A flow run that receives events and checks the rules after each one.
struct World<'a> {
    story: &'a Story,
    states: Vec<StepState>,
    tasks: Tasks,
    cancel: bool,
    now: DateTime<Utc>,
    starts: BTreeMap<(usize, u32), usize>,
    finished: Option<FinalStatus>,
}

impl<'a> World<'a> {
    fn new(story: &'a Story) -> Self {
        Self {
            story,
            states: vec![StepState::Pending; story.plan.steps.len()],
            tasks: Tasks::new(),
            cancel: false,
            now: at("2027-01-01T00:00:00Z"),
            starts: BTreeMap::new(),
            finished: None,
        }
    }

    fn advance(&mut self) -> Result<(), TestCaseError> {
        let actions = advance(
            &self.story.plan,
            &self.states,
            &self.tasks,
            self.cancel,
            self.now,
        );
        for action in &actions {
            self.check(action)?;
            action.apply(&mut self.states);
        }
        let again = advance(
            &self.story.plan,
            &self.states,
            &self.tasks,
            self.cancel,
            self.now,
        );
        let is_finish = |action: &Action| matches!(action, Action::Finish { .. });
        prop_assert!(
            again.iter().all(is_finish),
            "not idempotent: {actions:?} then {again:?}"
        );
        self.check_status()
    }

    fn check(&mut self, action: &Action) -> Result<(), TestCaseError> {
        prop_assert!(self.finished.is_none(), "{action:?} after the end");
        match action {
            Action::Start { step, attempt } => {
                prop_assert!(!self.cancel, "a start after the cancel");
                let parents: Vec<usize> = self.story.plan.graph.parents(*step).collect();
                for parent in parents {
                    prop_assert!(
                        self.states[parent].has_ended(),
                        "{step} before its parent {parent}"
                    );
                    let end = self.tasks.get(&parent).and_then(|facts| facts.end);
                    prop_assert!(
                        end.is_none_or(|end| end.confirmed),
                        "{parent} is not confirmed"
                    );
                }
                *self.starts.entry((*step, *attempt)).or_default() += 1;
                prop_assert_eq!(
                    self.starts[&(*step, *attempt)],
                    1,
                    "an attempt starts twice"
                );
                prop_assert!(*attempt <= self.story.plan.steps[*step].retry.times + 1);
                let facts = TaskFacts {
                    attempt: *attempt,
                    started_at: Some(self.now),
                    end: None,
                };
                self.tasks.insert(*step, facts);
            }
            Action::Retry {
                step, not_before, ..
            } => {
                prop_assert!(!self.cancel && !self.states[*step].has_ended());
                prop_assert!(*not_before > self.now - TimeDelta::days(1));
            }
            Action::CancelTask { step, .. } => {
                let runs = matches!(
                    self.states[*step],
                    StepState::Running { stopping: None, .. }
                );
                prop_assert!(runs, "{step} is cancelled but does not run, or twice");
            }
            Action::End { step, state } => {
                prop_assert!(!self.states[*step].has_ended(), "{step} is decided twice");
                prop_assert!(state.has_ended());
            }
            Action::Finish { status, .. } => self.finished = Some(*status),
        }
        Ok(())
    }

    fn check_status(&self) -> Result<(), TestCaseError> {
        let shown = flow_state(&self.story.plan, &self.states, self.cancel);
        let has_ended = self.states.iter().all(StepState::has_ended);
        prop_assert_eq!(self.finished.is_some(), has_ended);
        prop_assert_eq!(
            self.finished.map(FinalStatus::status),
            has_ended.then_some(shown.status)
        );
        prop_assert!(!self.cancel || shown.status != Status::Success);
        Ok(())
    }

    /// The steps whose task has not ended for sure.
    fn open(&self) -> Vec<usize> {
        let is_open = |step: &usize| match (&self.states[*step], self.tasks.get(step)) {
            (StepState::Running { .. }, Some(facts)) => !facts.end.is_some_and(|end| end.confirmed),
            _ => false,
        };
        (0..self.states.len()).filter(is_open).collect()
    }

    fn end(&mut self, step: usize, confirmed: bool) {
        let Some(facts) = self.tasks.get_mut(&step) else {
            return;
        };
        let own = self.story.outcomes[step][facts.attempt as usize - 1];
        let is_stopped = matches!(
            self.states[step],
            StepState::Running {
                stopping: Some(_),
                ..
            }
        );
        let outcome = match own {
            AttemptOutcome::Task(_) if is_stopped => AttemptOutcome::Task(FinalStatus::Cancelled),
            other => other,
        };
        facts.end = Some(AttemptEnd {
            outcome,
            confirmed,
            at: self.now,
        });
    }

    /// Something happens: an unconfirmed end, one or several confirmed ends, or time passes.
    fn happen(&mut self, choice: u32) {
        let open = self.open();
        let pick = |of: &[usize], number: u32| of[number as usize % of.len()];
        match choice % 5 {
            _ if open.is_empty() => self.wait(),
            0 => self.end(pick(&open, choice / 5), false),
            1 => self.now += TimeDelta::minutes(i64::from(choice / 5 % 20)),
            2 => open.iter().for_each(|step| self.end(*step, true)),
            _ => self.end(pick(&open, choice / 5), true),
        }
    }

    fn wait(&mut self) {
        if let Some(wake) = next_wake(&self.story.plan, &self.states, &self.tasks) {
            self.now = self.now.max(wake);
        }
    }

    fn run(&mut self, course: &Course) -> Result<(), TestCaseError> {
        self.advance()?;
        for (count, choice) in course.choices.iter().enumerate() {
            if self.finished.is_some() {
                return Ok(());
            }
            self.cancel |= course.cancel_after.is_some_and(|after| count >= after);
            self.happen(*choice);
            self.advance()?;
        }
        // What is still open ends in order, so a run always ends.
        for _ in 0..200 {
            if self.finished.is_some() {
                return Ok(());
            }
            self.happen(2);
            self.advance()?;
        }
        prop_assert!(false, "the run does not end: {:?}", self.states);
        Ok(())
    }
}

/// A step's end without what depends on the time.
fn word(state: &StepState) -> String {
    format!("{state:?}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_run_ends_and_keeps_the_rules(story in any_story(), course in any_course()) {
        let mut world = World::new(&story);
        world.run(&course)?;
        if course.cancel_after.is_some() && world.cancel {
            prop_assert_eq!(world.finished, Some(FinalStatus::Cancelled));
        }
        for (step, state) in world.states.iter().enumerate() {
            let started = world.starts.contains_key(&(step, 1));
            let was_skipped = matches!(state, StepState::Skipped(_));
            prop_assert!(!was_skipped || !started, "{step} started and was skipped");
        }
    }

    #[test]
    fn the_result_does_not_depend_on_the_order_of_the_ends(
        story in any_story(),
        one in any_course(),
        other in any_course(),
    ) {
        let mut story = story;
        // Time limits and cancels depend on when they happen.
        story.plan.steps.iter_mut().for_each(|step| step.time_limit = None);
        let run = |course: &Course| {
            let mut world = World::new(&story);
            world.run(&Course { cancel_after: None, ..course.clone() })?;
            let words: Vec<String> = world.states.iter().map(word).collect();
            Ok::<_, TestCaseError>((words, world.finished, world.starts))
        };
        prop_assert_eq!(run(&one)?, run(&other)?);
    }
}
