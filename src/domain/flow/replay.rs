//! A replay: a new run of a flow that reuses the successful results of an earlier run and runs the rest.

use super::advance::FlowPlan;
use super::document::FlowDocument;
use super::step_state::StepState;
use crate::domain::words::words;

words! {
    /// Which version of the flow a replay has.
    pub enum ReplayVersion {
        /// That of the earlier run.
        Same = "same";
        /// The current one, if it does not change a reused step.
        Latest = "latest";
    }
}

/// Which steps of the earlier run are reused: those that ended as SUCCESS and whose parents are all reused. A step after one that
/// runs again must run again too, because it may use the new result.
pub fn reused(plan: &FlowPlan, states: &[StepState]) -> Vec<bool> {
    let mut reused = vec![false; plan.steps.len()];
    for step in plan.graph.order() {
        let is_success = states.get(*step).is_some_and(StepState::is_success);
        reused[*step] = is_success && plan.graph.parents(*step).all(|parent| reused[parent]);
    }
    reused
}

/// The states with which the replay starts.
pub fn first_states(reused: &[bool]) -> Vec<StepState> {
    let state = |reused: &bool| match reused {
        true => StepState::Success { attempt: 0 },
        false => StepState::Pending,
    };
    reused.iter().map(state).collect()
}

/// For a replay with a later version: the reused steps in the order of the later version, or the ids of the reused steps that it
/// changes or no longer has.
pub fn reused_in(
    earlier: &FlowDocument,
    reused: &[bool],
    later: &FlowDocument,
) -> Result<Vec<bool>, Vec<String>> {
    let steps = earlier.steps.iter().zip(reused);
    let kept: Vec<_> = steps
        .filter(|(_, reused)| **reused)
        .map(|(step, _)| step)
        .collect();
    let is_same = |id: &str| {
        let step = later.steps.iter().find(|step| step.id.value == id);
        step.zip(kept.iter().find(|step| step.id.value == id))
            .is_some_and(|(later, kept)| kept.does_the_same(later))
    };
    let ids = kept.iter().map(|step| step.id.value.clone());
    let changed: Vec<String> = ids.filter(|id| !is_same(id)).collect();
    if !changed.is_empty() {
        return Err(changed);
    }
    Ok(later
        .steps
        .iter()
        .map(|step| is_same(&step.id.value))
        .collect())
}
