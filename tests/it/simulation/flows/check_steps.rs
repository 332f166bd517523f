//! Each step of a run against the reference model: its attempts, when they started, how it ended; and the end of the run.

use std::collections::{BTreeMap, HashMap};

use openhexa_bridge::domain::ids::TaskId;
use serde_json::Value;

use super::super::checks::TaskFact;
use super::documents::{Document, Step};
use super::facts::{FlowFacts, RunFact};
use super::naive::{AttemptEnd, confirmed_at, possible_ends, run_status, runs_after};

pub fn check(facts: &FlowFacts) -> Vec<String> {
    let tasks = facts.tasks.tasks.iter();
    let tasks: HashMap<TaskId, &TaskFact> = tasks.map(|fact| (fact.task.id, fact)).collect();
    let mut wrong = check_owners(facts);
    for run in &facts.runs {
        let document = &facts.documents[&(run.row.flow_id, run.row.version)];
        let checked = Checked {
            facts,
            run,
            document,
            tasks: &tasks,
        };
        let found = checked.check().into_iter();
        wrong.extend(found.map(|what| format!("run {}: {what}", run.row.id)));
    }
    wrong
}

/// Each attempt has one task, and each task of a flow one attempt.
fn check_owners(facts: &FlowFacts) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut of_tasks: BTreeMap<i64, Vec<(i64, usize, u32)>> = BTreeMap::new();
    for run in &facts.runs {
        for (step, n, task) in &run.attempts {
            of_tasks
                .entry(task.0)
                .or_default()
                .push((run.row.id, *step, *n));
        }
    }
    for fact in &facts.tasks.tasks {
        let owners = of_tasks.remove(&fact.task.id.0).unwrap_or_default();
        let Some(shown) = &fact.task.flow_step else {
            continue;
        };
        let fits = |(run, step, n): &(i64, usize, u32)| {
            (*run, format!("s{step}"), *n) == (shown.run.0, shown.step.clone(), shown.attempt)
        };
        if owners.len() != 1 || !owners.iter().all(fits) {
            wrong.push(format!(
                "task {} of {shown:?} has the attempts {owners:?}",
                fact.task.id
            ));
        }
    }
    let lost = of_tasks.into_keys();
    wrong.extend(lost.map(|task| format!("the task {task} of an attempt does not exist")));
    wrong
}

struct Checked<'a> {
    facts: &'a FlowFacts,
    run: &'a RunFact,
    document: &'a Document,
    tasks: &'a HashMap<TaskId, &'a TaskFact>,
}

impl Checked<'_> {
    fn check(&self) -> Vec<String> {
        let refused = self.run.row.refused;
        let mut wrong = Vec::new();
        for (at, step) in self.document.steps.iter().enumerate() {
            let found = if refused {
                let attempts = self.attempts(at).len();
                (attempts > 0).then(|| "an attempt of a refused run".to_owned())
            } else {
                self.check_step(at, step)
            };
            wrong.extend(found.map(|what| {
                let states: Vec<&str> = (0..self.run.steps.len()).map(|at| self.word(at)).collect();
                format!("step {at} of {states:?}: {what}")
            }));
        }
        let words = self.document.steps.iter().enumerate();
        let words = words.map(|(at, step)| (self.word(at), step.allow_failure));
        let (status, warnings) = run_status(self.run.row.cancelled, refused, words);
        let row = &self.run.row;
        if row.ended.is_some() && (row.status != status || row.warnings != warnings) {
            wrong.push(format!(
                "its end is {}, not {status}, warnings {warnings}",
                row.status
            ));
        }
        wrong
    }

    fn word(&self, at: usize) -> &'static str {
        self.run.steps[at].state.as_str()
    }

    fn attempts(&self, at: usize) -> Vec<&TaskFact> {
        let own = self.run.attempts.iter().filter(|(step, _, _)| *step == at);
        own.filter_map(|(_, _, task)| self.tasks.get(task).copied())
            .collect()
    }

    fn check_step(&self, at: usize, step: &Step) -> Option<String> {
        let own = &self.run.steps[at];
        if own.reused_from.is_some() {
            return self.check_reused(at);
        }
        let attempts = self.attempts(at);
        let parents: Vec<usize> = step.parents().collect();
        let words = parents.iter().map(|parent| self.word(*parent));
        let runs = runs_after(step.run_if, words);
        let Some(first) = attempts.first() else {
            return self.check_without_attempt(step, at, runs);
        };
        if !runs {
            return Some("it ran after parents after which it must not run".to_owned());
        }
        let last = |parent: &usize| self.run.attempts.iter().rfind(|(step, ..)| step == parent);
        let ends = parents.iter().filter_map(|parent| Some(last(parent)?.2));
        let early = ends.filter_map(|task| self.tasks.get(&task));
        let mut early = early.filter(|parent| !self.follows(parent, first, 0));
        if let Some(parent) = early.next() {
            return Some(format!(
                "it started before the end of task {}",
                parent.task.id
            ));
        }
        self.check_attempts(step, &attempts)
            .or_else(|| self.check_end(at, step, &attempts))
            .or_else(|| self.check_reference(step, first))
    }

    /// Whether a task was created after the confirmed end of another one, and this time later.
    fn follows(&self, ended: &TaskFact, next: &TaskFact, wait: i64) -> bool {
        let (at, created) = (confirmed_at(ended), next.task.created_at.timestamp_millis());
        let since = ended.task.ended_at.map(|at| at.timestamp_millis() + wait);
        let in_time = since.is_some_and(|since| created >= since);
        let confirmed = at.is_none_or(|at| created >= at);
        next.task.id > ended.task.id && (self.facts.tasks.set_back || (in_time && confirmed))
    }

    fn check_reused(&self, at: usize) -> Option<String> {
        let own = &self.run.steps[at];
        let earlier = self.facts.runs.iter();
        let mut earlier = earlier.filter(|run| Some(run.row.id) == own.reused_from.map(|id| id.0));
        let steps = earlier.next().map(|run| &run.steps);
        let same = |step: &&openhexa_bridge::domain::flow::run::StepRun| {
            step.code == own.code && step.state.is_success() && step.task == own.task
        };
        let found = steps.is_some_and(|steps| steps.iter().any(|step| same(&step)));
        let is_right = found && own.state.is_success() && self.attempts(at).is_empty();
        (!is_right).then(|| "it reuses a result that does not exist".to_owned())
    }

    /// It was skipped or cancelled, or could not start.
    fn check_without_attempt(&self, step: &Step, at: usize, runs: bool) -> Option<String> {
        let cancelled = self.run.row.cancelled;
        let word = self.word(at);
        let is_right = match word {
            "SKIPPED" => !runs,
            "CANCELLED" => cancelled,
            "ERROR" => runs && (self.lacks_result(step, at) || self.could_not_launch(at)),
            _ => false,
        };
        (!is_right).then(|| format!("{word} without an attempt, {step:?}"))
    }

    /// The launch was refused, because a pipeline was deleted or the configuration could not be used for 15 minutes.
    fn could_not_launch(&self, at: usize) -> bool {
        !self.run.steps[at].problem.is_empty()
    }

    /// Whether the result to which a step refers was not there when it was needed.
    fn lacks_result(&self, step: &Step, at: usize) -> bool {
        let Some(source) = step.reference else {
            return false;
        };
        let source = &self.run.steps[source];
        let fact = source.task.and_then(|task| self.tasks.get(&task));
        let is_late = fact.is_some_and(|fact| {
            fact.task.data_late || possible_ends(fact, self.facts.tasks.set_back).len() > 1
        });
        let has = fact.and_then(|fact| rows_of(fact)).is_some();
        !source.state.is_success() || !has || is_late || self.could_not_launch(at)
    }

    fn check_reference(&self, step: &Step, first: &TaskFact) -> Option<String> {
        let source = &self.run.steps[step.reference?];
        let fact = source.task.and_then(|task| self.tasks.get(&task))?;
        let given = first.task.run.config.get("rows");
        (given != rows_of(fact)).then(|| format!("it got {given:?} from {:?}", fact.task.data))
    }

    /// Each attempt but the last one failed, and the next one waited.
    fn check_attempts(&self, step: &Step, attempts: &[&TaskFact]) -> Option<String> {
        let (times, wait, doubles) = step.retry;
        if attempts.len() > usize::try_from(times).unwrap() + 1 {
            return Some(format!("{} attempts, {times} retries", attempts.len()));
        }
        let set_back = self.facts.tasks.set_back;
        for (nth, pair) in attempts.windows(2).enumerate() {
            let ends = possible_ends(pair[0], set_back);
            let too_long = step.time_limit.is_some() && ends.contains(&AttemptEnd::Cancelled);
            if !ends.contains(&AttemptEnd::Error) && !too_long {
                return Some(format!("a retry after {ends:?}"));
            }
            let wait = if doubles { wait << nth } else { wait };
            if !self.follows(pair[0], pair[1], wait) {
                return Some(format!("attempt {} did not wait", nth + 2));
            }
        }
        None
    }

    fn check_end(&self, at: usize, step: &Step, attempts: &[&TaskFact]) -> Option<String> {
        let cancelled = self.run.row.cancelled;
        let last = attempts.last()?;
        let used_up = attempts.len() > usize::try_from(step.retry.0).unwrap();
        let word = self.word(at);
        let allows = |end: &AttemptEnd| match end {
            AttemptEnd::Success => word == "SUCCESS",
            AttemptEnd::Refused => word == "ERROR",
            AttemptEnd::Error => self.fails(at, used_up),
            AttemptEnd::Cancelled if cancelled && word == "CANCELLED" => true,
            AttemptEnd::Cancelled if step.time_limit.is_some() && last.cancelled => {
                word == "CANCELLED" || self.fails(at, used_up)
            }
            AttemptEnd::Cancelled => word == "CANCELLED",
        };
        let ends = possible_ends(last, self.facts.tasks.set_back);
        (!ends.iter().any(allows)).then(|| format!("it is {word} after {ends:?}"))
    }

    /// Whether a step may be what it is after its last attempt failed.
    fn fails(&self, at: usize, used_up: bool) -> bool {
        let cancelled = self.run.row.cancelled;
        match self.word(at) {
            "ERROR" => used_up || cancelled || self.could_not_launch(at),
            "CANCELLED" => cancelled && !used_up,
            _ => false,
        }
    }
}

fn rows_of(fact: &TaskFact) -> Option<&Value> {
    let rows = fact.task.data.as_ref()?.get("rows")?;
    rows.is_i64().then_some(rows)
}
