//! Each step against the ends of its tasks, and these against the runs in OpenHEXA.

use serde_json::Value;

use super::documents::{RunIf, Step};
use crate::chaos::checks::{Evidence, Task};

/// A step of a run, as the bridges show it.
pub struct Checked<'a> {
    pub all: &'a Evidence,
    pub run: &'a Value,
    pub step: &'a Step,
    pub shown: &'a Value,
}

impl<'a> Checked<'a> {
    pub fn check(&self) -> Vec<String> {
        let mut wrong = self.check_attempts();
        let status = self.shown["status"].as_str().unwrap();
        let possible = self.possible();
        if !possible.contains(&status) {
            wrong.push(format!("is {status}, not one of {possible:?}"));
        }
        let what = |what: String| {
            let (id, step) = (&self.run["id"], self.step.id);
            format!("run {id}, step {step} {what}: {}", self.shown)
        };
        wrong.into_iter().map(what).collect()
    }

    fn attempts(&self) -> &'a [Value] {
        self.shown["attempts"].as_array().unwrap()
    }

    fn is_cancelled(&self) -> bool {
        !self.run["cancel_asked_at"].is_null()
    }

    fn task(&self, attempt: &Value) -> Option<(i64, &'a Task)> {
        let id = attempt["task_id"].as_i64().unwrap();
        Some((id, self.all.tasks.get(&id)?))
    }

    /// Each attempt has a task of its own, which starts after the parents have ended.
    fn check_attempts(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let parents = self.parents();
        let ends = parents.iter().map(|parent| &parent["ended_at"]);
        let ready = ends.filter_map(Value::as_str).max();
        for (place, attempt) in self.attempts().iter().enumerate() {
            let Some((_, task)) = self.task(attempt) else {
                wrong.push(format!("has an attempt without a task: {attempt}"));
                continue;
            };
            let own = &task.shown["flow_run"];
            let fits = own["id"] == self.run["id"]
                && own["step"] == self.step.id
                && own["attempt"] == place + 1
                && attempt["n"] == place + 1;
            if !fits {
                wrong.push(format!("has the task of another attempt: {}", task.shown));
            }
            if ready > task.shown["created_at"].as_str() {
                wrong.push("started before its parents had ended".to_owned());
            }
        }
        wrong
    }

    fn parents(&self) -> Vec<&'a Value> {
        let steps = self.run["steps"].as_array().unwrap();
        let own = |step: &&Value| self.step.after.iter().any(|parent| step["id"] == *parent);
        steps.iter().filter(own).collect()
    }

    /// Whether the ends of the parents keep the step from running.
    fn is_skipped(&self) -> bool {
        self.parents().iter().any(|parent| {
            match (parent["status"].as_str().unwrap(), self.step.run_if) {
                ("SUCCESS", _) | (_, RunIf::Always) | ("SKIPPED", RunIf::NoFailure) => false,
                (_, RunIf::Success | RunIf::NoFailure) => true,
            }
        })
    }

    /// The statuses that the step can have.
    fn possible(&self) -> Vec<&'static str> {
        let Some((last, earlier)) = self.attempts().split_last() else {
            return self.possible_without_task();
        };
        let is_repeated = |attempt: &Value| self.ends(attempt).contains(&"RETRY");
        if (self.is_skipped() && !self.is_cancelled()) || !earlier.iter().all(is_repeated) {
            return Vec::new();
        }
        let mut ends = self.ends(last);
        if ends.contains(&"RETRY") {
            let is_last = self.attempts().len() > self.step.times;
            ends.retain(|end| *end != "RETRY");
            if is_last || self.is_cancelled() {
                ends.push("ERROR");
            }
            // The cancel came while the step waited for its next attempt.
            if !is_last && self.is_cancelled() {
                ends.push("CANCELLED");
            }
        }
        ends
    }

    /// How the step can end after this attempt. RETRY: its run failed.
    fn ends(&self, attempt: &Value) -> Vec<&'static str> {
        let Some((id, task)) = self.task(attempt) else {
            return Vec::new();
        };
        let is_refused = task.has_event("launch_refused");
        let ends = self.all.possible_ends(id, task).into_iter();
        ends.map(|end| match end {
            "SUCCESS" => "SUCCESS",
            "CANCELLED" => "CANCELLED",
            _ if is_refused => "ERROR",
            _ => "RETRY",
        })
        .collect()
    }

    fn possible_without_task(&self) -> Vec<&'static str> {
        if self.is_cancelled() {
            return vec!["CANCELLED", "SKIPPED", "ERROR"];
        }
        if self.is_skipped() {
            return vec!["SKIPPED"];
        }
        // A report was lost, so the reference has no value.
        let mark = self.step.mark.and_then(|mark| mark.strip_prefix("steps."));
        let parent = mark.and_then(|mark| mark.split('.').next());
        let steps = self.run["steps"].as_array().unwrap();
        let parent = steps
            .iter()
            .find(|step| Some(step["id"].as_str().unwrap()) == parent);
        let has_none = parent.is_some_and(|parent| {
            parent["result"]["rows"].is_null() || {
                let attempts = parent["attempts"].as_array().unwrap();
                let task = attempts.last().and_then(|attempt| self.task(attempt));
                task.is_some_and(|(_, task)| task.reported_after_its_run())
            }
        });
        if has_none { vec!["ERROR"] } else { Vec::new() }
    }
}
