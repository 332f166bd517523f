//! Responses in a world's log, without random parts such as tokens or the order of a map.

use openhexa_bridge::domain::run::RecentRuns;
use openhexa_bridge::openhexa::PollResults;

#[allow(clippy::ref_option, reason = "a response is shown unchanged")]
pub fn there<T>(answer: &Option<T>) -> String {
    if answer.is_some() { "there" } else { "none" }.to_owned()
}

#[allow(clippy::ptr_arg, reason = "a response is shown unchanged")]
pub fn listed<T>(answer: &Vec<T>) -> String {
    answer.len().to_string()
}

pub fn candidates(answer: &RecentRuns) -> String {
    match answer {
        RecentRuns::Runs(runs) => {
            format!("{:?}", runs.iter().map(|run| run.id).collect::<Vec<_>>())
        }
        RecentRuns::NoPipeline(absence) => format!("{absence:?}"),
    }
}

pub fn debugged<T: std::fmt::Debug>(answer: &T) -> String {
    format!("{answer:?}")
}

/// In the order of the run ids, because a map has no order.
pub fn looked(answer: &PollResults) -> String {
    let mut looks: Vec<_> = answer.iter().collect();
    looks.sort_by_key(|(run, _)| **run);
    format!("{looks:?}")
}
