//! Compares what the bridges show of each task with what really happened.
//!
//! The table of final statuses is repeated here from the contract, so that the tested code does not check itself.

use std::collections::{BTreeMap, HashMap};

use openhexa_bridge::domain::event::{Event, EventKind};
use openhexa_bridge::domain::ids::RunId;
use openhexa_bridge::domain::task::{RunEnd, State, Status, Task};
use serde_json::Value;

use super::client_view::{AcceptedReport, Known};
use super::driver::Driver;
use super::run_life::End;
use super::world::World;

/// The facts about a run.
#[derive(Clone, Debug)]
pub struct RunFact {
    pub id: RunId,
    pub made_by: Option<i64>,
    pub end: Option<End>,
    pub vanished: bool,
    /// Whether a bridge may have received a response with its final status.
    pub end_received: bool,
}

/// A task at the end of the simulation, and everything that clients saw of it.
#[derive(Clone)]
pub struct TaskFact {
    pub task: Task,
    pub events: Vec<Event>,
    pub accepted: Vec<AcceptedReport>,
    pub attempts: u64,
    pub sent: Vec<u64>,
    pub cancelled: bool,
}

/// All facts that are checked.
#[derive(Clone, Default)]
pub struct Facts {
    pub tasks: Vec<TaskFact>,
    pub runs: Vec<RunFact>,
    /// Tasks whose launch got a response.
    pub answered: Vec<i64>,
    /// The number of launches without a response.
    pub unanswered: u64,
    /// Whether the clock of the bridges was set back.
    pub set_back: bool,
    /// Errors that were found during the simulation.
    pub problems: Vec<String>,
}

impl Driver {
    pub fn facts(&self) -> Facts {
        let tasks = self.scan();
        let events: Vec<_> = tasks.iter().map(|task| self.events_of(task.id)).collect();
        let mut world = self.world.lock().unwrap();
        world.count_ends(&tasks, &events);
        let now = world.now();
        let mut problems = std::mem::take(&mut world.witness.problems);
        if !world.pending_reports.is_empty() {
            problems.push(format!(
                "{} reports were never delivered",
                world.pending_reports.len()
            ));
        }
        let known = std::mem::take(&mut world.witness.tasks);
        let runs = world.runs.iter().map(|made| RunFact {
            id: made.id,
            made_by: made.made_by,
            end: made.life.end_by(now),
            vanished: made.life.is_gone(now),
            end_received: made.end_received,
        });
        Facts {
            answered: answered(&known),
            tasks: with_what_was_seen(tasks, events, known),
            runs: runs.collect(),
            unanswered: world.witness.unanswered,
            set_back: world.set_back > 0,
            problems,
        }
    }
}

impl World {
    fn count_ends(&mut self, tasks: &[Task], events: &[Vec<Event>]) {
        for (task, events) in tasks.iter().zip(events) {
            self.counts.add("tasks");
            self.counts.add(match task.status() {
                Status::Success => "tasks SUCCESS",
                Status::Error => "tasks ERROR",
                Status::Cancelled => "tasks CANCELLED",
                Status::Queued | Status::Running => "tasks not ended",
            });
            match task.run_end() {
                Some(RunEnd::Gone) => self.counts.add("runs gone"),
                Some(RunEnd::NeverConfirmed) => self.counts.add("launches never confirmed"),
                Some(RunEnd::NeverSent) => self.counts.add("launches cancelled unsent"),
                Some(RunEnd::Refused) => self.counts.add("launches refused"),
                _ => {}
            }
            if events.iter().any(|event| event.kind == EventKind::RunFound) {
                self.counts.add("runs adopted");
            }
        }
    }
}

fn answered(known: &BTreeMap<i64, Known>) -> Vec<i64> {
    let answered = known.iter().filter(|(_, known)| known.answered);
    answered.map(|(id, _)| *id).collect()
}

fn with_what_was_seen(
    tasks: Vec<Task>,
    events: Vec<Vec<Event>>,
    mut known: BTreeMap<i64, Known>,
) -> Vec<TaskFact> {
    let with = |(task, events): (Task, Vec<Event>)| {
        let known = known.remove(&task.id.0).unwrap_or_default();
        let by_flow = task.flow_step.is_some() && task.cancel_asked_at.is_some();
        TaskFact {
            task,
            events,
            accepted: known.accepted,
            attempts: known.attempts,
            sent: known.sent,
            cancelled: known.cancelled || by_flow,
        }
    };
    tasks.into_iter().zip(events).map(with).collect()
}

/// All errors, one message each.
pub fn check(facts: &Facts) -> Vec<String> {
    let mut wrong = facts.problems.clone();
    wrong.extend(check_launches(facts));
    let mut made: HashMap<i64, Vec<&RunFact>> = HashMap::new();
    for run in &facts.runs {
        if let Some(by) = run.made_by {
            made.entry(by).or_default().push(run);
        }
    }
    for fact in &facts.tasks {
        let own = made.remove(&fact.task.id.0).unwrap_or_default();
        let found = check_task(fact, &own, facts.set_back);
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("task {}: {what}", fact.task.id)),
        );
    }
    let lost = made
        .into_keys()
        .map(|task| format!("task {task} does not exist but has a run"));
    wrong.extend(lost);
    wrong
}

/// Each launch with a response created a task, and each task has a launch.
fn check_launches(facts: &Facts) -> Vec<String> {
    let mut wrong = Vec::new();
    let there: Vec<i64> = facts.tasks.iter().map(|fact| fact.task.id.0).collect();
    let gone = facts.answered.iter().filter(|task| !there.contains(task));
    wrong.extend(gone.map(|task| format!("task {task} got a response but does not exist")));
    let of_flows = facts
        .tasks
        .iter()
        .filter(|fact| fact.task.flow_step.is_some());
    let unasked =
        (there.len() - of_flows.count()) as u64 - (facts.answered.len() - wrong.len()) as u64;
    if unasked > facts.unanswered {
        wrong.push(format!(
            "{unasked} tasks without a known launch, with {} launches without a response",
            facts.unanswered
        ));
    }
    let mut owned = HashMap::new();
    for fact in &facts.tasks {
        if let Some(run) = fact.task.run.id
            && let Some(other) = owned.insert(run, fact.task.id)
        {
            wrong.push(format!(
                "run {run} is owned by tasks {other} and {}",
                fact.task.id
            ));
        }
    }
    wrong
}

fn check_task(fact: &TaskFact, made: &[&RunFact], set_back: bool) -> Vec<String> {
    let task = &fact.task;
    let State::Ended { run: end, .. } = &task.state else {
        return vec![format!("stuck in {:?}", task.state)];
    };
    let mut wrong = check_run(task, *end, made);
    wrong.extend(check_final_status(fact, *end));
    wrong.extend(check_result(fact));
    wrong.extend(check_history(fact, set_back));
    wrong
}

/// Exactly one run, and none if the launch failed.
fn check_run(task: &Task, end: RunEnd, made: &[&RunFact]) -> Vec<String> {
    let mut wrong = Vec::new();
    if made.len() > 1 {
        wrong.push(format!("duplicate runs: {:?}", ids(made)));
    }
    let known = task.run.id;
    let unmade = [RunEnd::Refused, RunEnd::NeverConfirmed, RunEnd::NeverSent];
    match (known, made.first()) {
        (None, None) if unmade.contains(&end) => {}
        (None, None) => wrong.push(format!("it ended as {end:?} without a run")),
        (None, Some(run)) => {
            wrong.push(format!(
                "its run {} is lost; it ended as {end:?}, {:?}",
                run.id, task.note
            ));
        }
        (Some(run), _) if made.iter().all(|made| made.id != run) => {
            wrong.push(format!(
                "it has run {run}, which is not its own ({:?})",
                ids(made)
            ));
        }
        (Some(run), _) => {
            let own = made.iter().find(|made| made.id == run);
            wrong.extend(own.and_then(|own| check_run_end(end, own)));
        }
    }
    wrong
}

fn ids(made: &[&RunFact]) -> Vec<RunId> {
    made.iter().map(|made| made.id).collect()
}

/// The task has the true final status of its run; a run that vanished before a bridge received its status
/// counts as deleted.
fn check_run_end(end: RunEnd, run: &RunFact) -> Option<String> {
    let true_end = run.end.map(|end| match end {
        End::Success => RunEnd::Success,
        End::Failed => RunEnd::Failed,
        End::Stopped | End::Skipped => RunEnd::Stopped,
    });
    let gone = run.vanished && end == RunEnd::Gone;
    let true_one = true_end == Some(end) && (!run.vanished || run.end_received);
    (!gone && !true_one)
        .then(|| format!("wrong final status of its run: {end:?}, actually {run:?}"))
}

/// The table of final statuses.
#[allow(clippy::match_same_arms, reason = "a line for each line of the table")]
pub fn expected_status(end: RunEnd, said: Option<&'static str>, cancelled: bool) -> &'static str {
    match (end, said) {
        (RunEnd::Success, None | Some("SUCCESS")) => "SUCCESS",
        (RunEnd::Failed | RunEnd::NeverConfirmed, None) if cancelled => "CANCELLED",
        (RunEnd::NeverSent, None) => "CANCELLED",
        (RunEnd::Failed, None | Some("SUCCESS")) => "ERROR",
        (RunEnd::Stopped, None | Some("SUCCESS")) => "CANCELLED",
        (RunEnd::Gone | RunEnd::NeverConfirmed | RunEnd::Refused, None) => "ERROR",
        (_, Some(final_status)) => final_status,
    }
}

fn check_final_status(fact: &TaskFact, end: RunEnd) -> Vec<String> {
    let task = &fact.task;
    let said = fact
        .accepted
        .iter()
        .find_map(|accepted| accepted.final_status);
    let expected = expected_status(end, said, fact.cancelled);
    let mut wrong = Vec::new();
    let shown = task.status().as_str();
    if shown != expected {
        wrong.push(format!(
            "wrong final status: {shown}, not {expected}, from {end:?} and {said:?}"
        ));
    }
    let held = task
        .final_report()
        .map(|said| said.status.status().as_str());
    if held != said {
        wrong.push(format!(
            "its first final status is {held:?}, but {said:?} was accepted"
        ));
    }
    if fact.cancelled && task.cancel_asked_at.is_none() {
        wrong.push("its cancel is not recorded".to_owned());
    }
    if end == RunEnd::NeverSent && task.cancel_asked_at.is_none() {
        wrong.push("never sent, although it was not cancelled".to_owned());
    }
    wrong
}

/// An accepted result is stored: the one of the first final report, otherwise one of the accepted ones.
fn check_result(fact: &TaskFact) -> Option<String> {
    let given: Vec<&Value> = fact
        .accepted
        .iter()
        .filter_map(|accepted| accepted.result.as_ref())
        .collect();
    let first = fact
        .accepted
        .iter()
        .find(|accepted| accepted.final_status.is_some());
    let with_status = first.and_then(|accepted| accepted.result.as_ref());
    let held = fact.task.data.as_ref();
    let right = match (with_status, held) {
        (Some(with_status), held) => held == Some(with_status),
        (None, Some(held)) => given.contains(&held),
        (None, None) => given.is_empty(),
    };
    (!right).then(|| format!("lost result: {held:?} is stored, {given:?} were accepted"))
}

/// Its history must match the facts.
fn check_history(fact: &TaskFact, set_back: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let count_events = |kind: EventKind| {
        fact.events
            .iter()
            .filter(|event| event.kind == kind)
            .count() as u64
    };
    let asked = count_events(EventKind::LaunchRequested);
    if asked != fact.attempts || i64::from(fact.task.run.attempts).cast_unsigned() != asked {
        wrong.push(format!(
            "asked {} times, {asked} told, {} counted",
            fact.attempts, fact.task.run.attempts
        ));
    }
    for once in [
        EventKind::RunSuccess,
        EventKind::RunFailed,
        EventKind::RunStopped,
        EventKind::RunSkipped,
        EventKind::RunGone,
    ] {
        if count_events(once) > 1 {
            wrong.push(format!("its end is recorded more than once: {once:?}"));
        }
    }
    let late = fact.events.windows(2).any(|pair| pair[0].at > pair[1].at);
    if late && !set_back {
        wrong.push("its events go back in time".to_owned());
    }
    wrong
}
