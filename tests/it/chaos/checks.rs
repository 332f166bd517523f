//! Compares the facts with what the bridges show: all tasks in the database and all runs in OpenHEXA, by
//! rules that are implemented here a second time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::clients::Record;
use super::flows::{self, FlowEvidence, FlowRecord};
use super::load_balancer::{Outcome, Report};
use super::pipelines::Kind;
use super::processes::Processes;
use crate::support::catalogue::id;

/// All facts at the end of the test.
#[derive(Clone)]
pub struct Evidence {
    pub tasks: BTreeMap<i64, Task>,
    pub runs: BTreeMap<String, Value>,
    pub reports: BTreeMap<i64, Vec<Report>>,
    pub launches: BTreeMap<u64, (Kind, i64)>,
    pub cancelled: Vec<i64>,
    pub flows: FlowEvidence,
}

#[derive(Clone)]
pub struct Task {
    pub shown: Value,
    pub events: Vec<String>,
}

impl Task {
    pub fn has_event(&self, what: &str) -> bool {
        self.events.iter().any(|event| event == what)
    }

    pub fn is_of_flow(&self) -> bool {
        !self.shown["flow_run"].is_null()
    }

    /// Whether its pipeline's final report came after the end of its run, and so perhaps too late for its flow.
    pub fn reported_after_its_run(&self) -> bool {
        let mut rest = self.events.iter().map(String::as_str);
        rest.by_ref()
            .any(|event| ["run_success", "run_failed", "run_stopped"].contains(&event));
        rest.any(|event| {
            ["reported_success", "reported_error", "reported_cancelled"].contains(&event)
        })
    }

    fn cancel_requested(&self) -> bool {
        !self.shown["cancel_asked_at"].is_null()
    }

    /// The result, without the wrapper that it has after the final status.
    fn result(&self) -> &Value {
        let result = &self.shown["result"];
        match result["result"].as_str() {
            Some(_) => &result["data"],
            None => result,
        }
    }
}

/// The violations, by kind of guarantee.
#[derive(Default)]
pub struct Verdict {
    pub duplicate_runs: Vec<String>,
    pub wrong_ends: Vec<String>,
    pub lost_results: Vec<String>,
    pub wrong_counts: Vec<String>,
    pub wrong_flows: Vec<String>,
    /// Launches that OpenHEXA refused, never confirmed, or never received: they have no run.
    pub without_run: usize,
}

/// All tasks, page by page.
pub async fn tasks(site: &Processes) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/openhexa/tasks/?limit=200&order=id&cursor={cursor}");
        let page = site.get(&path).await;
        all.extend(page["results"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut cursor),
            None => return all,
        }
    }
}

pub async fn events(site: &Processes, task: i64) -> Vec<String> {
    let told = site
        .get(&format!("/api/openhexa/tasks/{task}/events/"))
        .await;
    let told = told["results"].as_array().unwrap().iter();
    told.map(|event| event["code"].as_str().unwrap().to_owned())
        .collect()
}

impl Evidence {
    pub async fn gather(site: &Processes, record: &Record, flows: &FlowRecord) -> Self {
        let listed = tasks(site).await;
        let ids = listed.iter().map(|task| task["id"].as_i64().unwrap());
        let read = ids.map(|id| async move {
            let shown = site.get(&format!("/api/openhexa/tasks/{id}/")).await;
            let events = events(site, id).await;
            (id, Task { shown, events })
        });
        let tasks = stream::iter(read)
            .buffer_unordered(8)
            .collect::<Vec<_>>()
            .await;
        assert_eq!(tasks.len(), listed.len());
        let runs = site.runs().await.into_iter();
        let flows = FlowEvidence::gather(site, flows).await;
        let mut reports: BTreeMap<i64, Vec<Report>> = BTreeMap::new();
        for report in site.front.reports() {
            reports.entry(report.task).or_default().push(report);
        }
        Self {
            tasks: tasks.into_iter().collect(),
            runs: runs
                .map(|run| (run["id"].as_str().unwrap().to_owned(), run))
                .collect(),
            reports,
            launches: record.launches.lock().unwrap().clone(),
            cancelled: record.cancelled.lock().unwrap().clone(),
            flows,
        }
    }

    pub fn check(&self) -> Verdict {
        let mut verdict = Verdict::default();
        self.check_runs(&mut verdict);
        self.check_launches(&mut verdict);
        for (mark, (kind, id)) in &self.launches {
            if let Some(task) = self.tasks.get(id) {
                self.check_run(Some(*mark), *kind, *id, task, &mut verdict);
                self.check_final_status(*id, task, &mut verdict);
            }
        }
        for (id, task) in self.tasks.iter().filter(|(_, task)| task.is_of_flow()) {
            let kind = Kind::of(task.shown["pipeline"]["id"].as_str().unwrap());
            self.check_run(None, kind, *id, task, &mut verdict);
            self.check_final_status(*id, task, &mut verdict);
        }
        verdict.wrong_flows = flows::check(self);
        let all = self.launches.len() + self.flow_tasks();
        if self.runs.len() != all - verdict.without_run {
            let runs = self.runs.len();
            let without = verdict.without_run;
            verdict.wrong_counts.push(format!(
                "{runs} runs of {all} launches, {without} of them without a run"
            ));
        }
        verdict
    }

    pub fn flow_tasks(&self) -> usize {
        self.tasks.values().filter(|task| task.is_of_flow()).count()
    }

    /// Each run belongs to one task.
    fn check_runs(&self, verdict: &mut Verdict) {
        let mut owners: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for (id, task) in &self.tasks {
            if let Some(run) = task.shown["run"]["id"].as_str() {
                owners.entry(run).or_default().push(*id);
            }
        }
        for (id, run) in &self.runs {
            let owners = owners.remove(id.as_str()).unwrap_or_default();
            if owners.len() != 1 {
                verdict
                    .duplicate_runs
                    .push(format!("tasks {owners:?} own {run}"));
            }
        }
        for (run, owners) in owners {
            verdict.wrong_counts.push(format!(
                "tasks {owners:?} own {run}, which OpenHEXA does not know"
            ));
        }
    }

    /// Each launch created one task, and there are no other tasks but those of flows.
    fn check_launches(&self, verdict: &mut Verdict) {
        let told: BTreeSet<i64> = self.launches.values().map(|(_, task)| *task).collect();
        let tasks = self.tasks.iter().filter(|(_, task)| !task.is_of_flow());
        let tasks: BTreeSet<i64> = tasks.map(|(id, _)| *id).collect();
        if told.len() != self.launches.len() || told != tasks {
            let strange: Vec<_> = tasks.difference(&told).collect();
            let (launches, tasks) = (self.launches.len(), tasks.len());
            verdict.wrong_counts.push(format!(
                "{launches} launches created {tasks} tasks; no client launched {strange:?}"
            ));
        }
        for id in &self.cancelled {
            if !self.tasks[id].cancel_requested() {
                verdict
                    .wrong_counts
                    .push(format!("the cancel of {id} is not recorded"));
            }
        }
    }

    /// The run belongs to this launch and to no other. Launches of flows have no mark of their own.
    fn check_run(
        &self,
        mark: Option<u64>,
        kind: Kind,
        id_: i64,
        task: &Task,
        verdict: &mut Verdict,
    ) {
        let Some(run) = self.run_of(task) else {
            verdict.without_run += 1;
            let confirmed = kind.names_its_task() && task.has_event("launch_never_confirmed");
            if confirmed && !task.cancel_requested() || task.has_event("launch_given_up") {
                verdict.wrong_counts.push(format!(
                    "the launch of {id_} was not repeated: {:?}",
                    task.events
                ));
            }
            return;
        };
        let config = &run["config"];
        let marked = |mark: u64| config["mark"] == mark && task.shown["config"]["mark"] == mark;
        let own = run["pipeline_id"] == *id(kind.number())
            && (kind == Kind::Bare || mark.is_none_or(marked))
            && config["mark"] == task.shown["config"]["mark"]
            && (!kind.names_its_task() || config["task_id"] == id_);
        if !own {
            verdict.wrong_ends.push(format!(
                "task {id_}, launch {mark:?}, has the run of another launch: {run}"
            ));
        }
    }

    fn run_of(&self, task: &Task) -> Option<&Value> {
        self.runs.get(task.shown["run"]["id"].as_str()?)
    }

    /// The final report that the task has.
    fn heard(&self, id: i64, task: &Task) -> Option<&Report> {
        let mut reports = self.reports.get(&id)?.iter();
        let last = reports.find(|report| report.status != "RUNNING")?;
        let told = format!("reported_{}", last.status.to_lowercase());
        task.has_event(&told).then_some(last)
    }

    /// The final statuses that a flow can have seen: that of the task, and the one without a report that came too late.
    pub fn possible_ends<'a>(&'a self, id: i64, task: &'a Task) -> Vec<&'a str> {
        let end = self.run_of(task).map(|run| run["status"].as_str().unwrap());
        let heard = self.heard(id, task).map(|report| report.status.as_str());
        let mut ends = vec![final_status(end, heard, task)];
        if task.reported_after_its_run() {
            ends.push(final_status(end, None, task));
        }
        ends
    }

    fn check_final_status(&self, id: i64, task: &Task, verdict: &mut Verdict) {
        let none = Vec::new();
        let reports = self.reports.get(&id).unwrap_or(&none);
        let last: Vec<&Report> = reports
            .iter()
            .filter(|report| report.status != "RUNNING")
            .collect();
        // A pipeline reports its final status once.
        assert!(last.len() <= 1, "{last:?}");
        let last = last.first().copied();
        for report in reports {
            let usual =
                matches!(report.outcome, Outcome::Refused(409)) && report.status == "RUNNING";
            if matches!(report.outcome, Outcome::Refused(_)) && !usual {
                verdict.lost_results.push(format!("refused: {report:?}"));
            }
        }
        let told = last.is_some_and(|report| {
            task.has_event(&format!("reported_{}", report.status.to_lowercase()))
        });
        match last.map(|report| report.outcome) {
            Some(Outcome::Accepted) if !told => verdict
                .lost_results
                .push(format!("{id} forgot {last:?}: {:?}", task.events)),
            Some(Outcome::Lost | Outcome::Refused(_)) | None if told => {
                verdict.wrong_ends.push(format!(
                    "{id} has a report that was not sent: {:?}",
                    task.events
                ));
            }
            _ => {}
        }
        let heard = last.filter(|_| told);
        let end = self.run_of(task).map(|run| run["status"].as_str().unwrap());
        let right = final_status(end, heard.map(|report| report.status.as_str()), task);
        if task.shown["status"] != right || task.shown["confirmed"] != true {
            verdict.wrong_ends.push(format!(
                "{id} should be {right}: {}, {:?}",
                task.shown, task.events
            ));
        }
        let held = heard.and_then(|report| report.result.as_ref());
        if task.result() != held.unwrap_or(&Value::Null) {
            verdict.lost_results.push(format!(
                "{id} does not have the result {held:?}: {}",
                task.shown
            ));
        }
    }
}

/// The table of final statuses.
fn final_status<'a>(run: Option<&str>, status: Option<&'a str>, task: &Task) -> &'a str {
    match (run, status) {
        (Some("success"), None) => "SUCCESS",
        (Some("failed"), Some("SUCCESS")) => "ERROR",
        (Some("stopped"), None | Some("SUCCESS")) => "CANCELLED",
        (Some("success" | "failed" | "stopped"), Some(status)) => status,
        (None, None) if task.has_event("launch_refused") => "ERROR",
        (Some("failed") | None, None) if task.cancel_requested() => "CANCELLED",
        (Some("failed") | None, None) => "ERROR",
        // A report without a run, or a run that has not ended.
        _ => "AT AN END",
    }
}
