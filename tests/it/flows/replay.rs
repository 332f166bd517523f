//! Replays: which results are reused.

use openhexa_bridge::domain::flow::advance::FlowPlan;
use openhexa_bridge::domain::flow::replay::{first_states, reused, reused_in};
use openhexa_bridge::domain::flow::step_state::{ErrorReason, SkipReason, StepState};

use super::{parsed, steps};

const DIAMOND: &str = "- {id: a, pipeline: p}\n- {id: b, pipeline: p, after: a}\n- {id: c, pipeline: p, after: a}\n- {id: d, pipeline: p, after: [b, c], run_if: always}";

fn plan(text: &str) -> FlowPlan {
    let parsed = parsed(&steps(text));
    FlowPlan::of(&parsed.flow, parsed.graph)
}

fn success() -> StepState {
    StepState::Success { attempt: 1 }
}

fn failed() -> StepState {
    StepState::Error(ErrorReason::Task)
}

#[test]
fn successful_results_are_reused_and_the_rest_runs() {
    let states = [
        success(),
        success(),
        failed(),
        StepState::Skipped(SkipReason::ParentFailed { parent: 2 }),
    ];
    let reused = reused(&plan(DIAMOND), &states);
    assert_eq!(reused, [true, true, false, false]);
    let first = first_states(&reused);
    assert_eq!(
        first,
        [
            StepState::Success { attempt: 0 },
            StepState::Success { attempt: 0 },
            StepState::Pending,
            StepState::Pending
        ]
    );
}

#[test]
fn a_success_after_a_step_that_runs_again_runs_again_too() {
    let states = [success(), success(), failed(), success()];
    assert_eq!(reused(&plan(DIAMOND), &states), [true, true, false, false]);
    let states = [failed(), success(), success(), success()];
    assert_eq!(reused(&plan(DIAMOND), &states), [false; 4]);
}

#[test]
fn a_later_version_is_replayed_if_the_reused_steps_are_the_same_in_it() {
    let earlier = parsed(&steps(DIAMOND)).flow;
    let moved = DIAMOND.replace(
        "- {id: a, pipeline: p}\n",
        "- {id: new, pipeline: q}\n- {pipeline: p, retry: {times: 2}, id: a}\n",
    );
    let later = parsed(&steps(&moved.replace("d, pipeline: p", "d, pipeline: q"))).flow;
    let kept = [true, true, false, false];
    assert_eq!(
        reused_in(&earlier, &kept, &later),
        Ok(vec![false, true, true, false, false])
    );
}

#[test]
fn reused_steps_that_the_later_version_changes_are_named() {
    let earlier = parsed(&steps(DIAMOND)).flow;
    let later = parsed(&steps(
        "- {id: a, pipeline: p, parameters: {x: 1}}\n- {id: c, pipeline: p, after: a}",
    ))
    .flow;
    let kept = [true, true, false, false];
    assert_eq!(
        reused_in(&earlier, &kept, &later),
        Err(vec!["a".to_owned(), "b".to_owned()])
    );
}
