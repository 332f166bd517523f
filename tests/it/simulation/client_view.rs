//! What clients saw: each task as it was shown, each report that was accepted.
//!
//! The rules are repeated here from the contract, without the tested code.

use std::collections::BTreeMap;

use openhexa_bridge::domain::observation::{Report, ReportedStatus};
use openhexa_bridge::domain::task::{State, Task};
use serde_json::Value;

/// A report that got 200.
#[derive(Clone, Debug, PartialEq)]
pub struct AcceptedReport {
    /// Its final status.
    pub final_status: Option<&'static str>,
    pub result: Option<Value>,
}

/// What clients know of one task.
#[derive(Default)]
pub struct Known {
    pub last: Option<Task>,
    pub accepted: Vec<AcceptedReport>,
    /// When each launch request was sent, in the order of the world's facts.
    pub sent: Vec<u64>,
    /// The number of launch requests to OpenHEXA.
    pub attempts: u64,
    /// A cancel got 202.
    pub cancelled: bool,
    /// Its launch got a response.
    pub answered: bool,
}

#[derive(Default)]
pub struct Witness {
    pub tasks: BTreeMap<i64, Known>,
    /// Launches whose bridge crashed before the response: they may have created a task.
    pub unanswered: u64,
    pub problems: Vec<String>,
}

impl Witness {
    pub fn of(&mut self, task: i64) -> &mut Known {
        self.tasks.entry(task).or_default()
    }

    pub fn saw(&mut self, task: &Task) {
        let known = self.tasks.entry(task.id.0).or_default();
        if let Some(before) = known.last.replace(task.clone()) {
            let wrong = invalid_changes(&before, task);
            let line = |wrong| format!("task {}: invalid change: {wrong}", task.id);
            self.problems.extend(wrong.into_iter().map(line));
        }
    }

    pub fn took(&mut self, task: &Task, report: &Report) {
        self.saw(task);
        self.of(task.id.0).accepted.push(AcceptedReport {
            final_status: terminal(report),
            result: report.result.clone(),
        });
    }

    /// A report got 409.
    pub fn refused(&mut self, task: i64, report: &Report) {
        let known = self.of(task);
        let spoken = known
            .accepted
            .iter()
            .any(|accepted| accepted.final_status.is_some());
        let wrong = match (terminal(report), &report.result) {
            (Some(final_status), _) if !spoken => {
                format!("its first final status {final_status} was refused")
            }
            (None, Some(_))
                if known
                    .accepted
                    .iter()
                    .all(|accepted| accepted.result.is_none()) =>
            {
                "its first result was refused".to_owned()
            }
            _ => return,
        };
        self.problems.push(format!("task {task}: {wrong}"));
    }
}

pub fn terminal(report: &Report) -> Option<&'static str> {
    match report.status {
        Some(ReportedStatus::Final(final_status)) => Some(final_status.status().as_str()),
        Some(ReportedStatus::Queued | ReportedStatus::Running) | None => None,
    }
}

/// The position of a state in the order of states.
fn rank(state: &State) -> u8 {
    match state {
        // A launch that was not sent returns to an earlier state and is sent later.
        State::Accepted | State::Launching => 0,
        State::Submitted => 1,
        State::Running => 2,
        State::Reported(_) => 3,
        State::Ended { .. } => 4,
    }
}

/// Changes between two states of one task that are not allowed.
pub fn invalid_changes(before: &Task, after: &Task) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut must = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };
    let moved = format!("{:?} to {:?}", before.state, after.state);
    must(
        rank(&after.state) >= rank(&before.state),
        format!("back from {moved}"),
    );
    must(
        before.final_report().is_none() || before.final_report() == after.final_report(),
        format!("another first status: {moved}"),
    );
    must(
        before.run_end().is_none() || before.run_end() == after.run_end(),
        format!("another final status of its run: {moved}"),
    );
    let is_final = before.final_report().is_some() && before.run_end().is_some();
    must(
        !is_final || before.status() == after.status(),
        format!(
            "from {} to {} after its end",
            before.status().as_str(),
            after.status().as_str()
        ),
    );
    must(
        before.run.id.is_none() || before.run.id == after.run.id,
        format!("another run: {:?} to {:?}", before.run.id, after.run.id),
    );
    must(
        before.data.is_none() || after.data.is_some(),
        "its result is lost".to_owned(),
    );
    must(
        before.cancel_asked_at.is_none() || after.cancel_asked_at.is_some(),
        "its cancel is not recorded".to_owned(),
    );
    must(
        after.revision > before.revision || (after.revision == before.revision && after == before),
        format!(
            "revision {} to {}: {moved}",
            before.revision, after.revision
        ),
    );
    wrong
}
