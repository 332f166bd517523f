//! Compares what really happened with what the bridges show: all tasks in the database and all runs in OpenHEXA, by rules
//! that are implemented here a second time.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::clients::Book;
use super::front::{Fate, Report};
use super::pipelines::Kind;
use super::processes::Processes;
use crate::support::catalogue::id;

/// Everything that is known in the end.
#[derive(Clone)]
pub struct Evidence {
    pub tasks: BTreeMap<i64, Task>,
    pub runs: BTreeMap<String, Value>,
    pub reports: BTreeMap<i64, Vec<Report>>,
    pub launches: BTreeMap<u64, (Kind, i64)>,
    pub cancelled: Vec<i64>,
}

#[derive(Clone)]
pub struct Task {
    pub shown: Value,
    pub events: Vec<String>,
}

impl Task {
    pub fn told(&self, what: &str) -> bool {
        self.events.iter().any(|event| event == what)
    }

    fn cancel_asked(&self) -> bool {
        !self.shown["cancel_asked_at"].is_null()
    }

    /// The result, out of what it is wrapped in beside an end.
    fn result(&self) -> &Value {
        let result = &self.shown["result"];
        match result["result"].as_str() {
            Some(_) => &result["data"],
            None => result,
        }
    }
}

/// What must not be, by the names of the promise.
#[derive(Default)]
pub struct Verdict {
    pub duplicate_runs: Vec<String>,
    pub wrong_ends: Vec<String>,
    pub lost_results: Vec<String>,
    pub wrong_counts: Vec<String>,
    /// Launches that OpenHEXA refused, never confirmed, or never heard of: they have no run.
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
    pub async fn gather(site: &Processes, book: &Book) -> Self {
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
            launches: book.launches.lock().unwrap().clone(),
            cancelled: book.cancelled.lock().unwrap().clone(),
        }
    }

    pub fn judge(&self) -> Verdict {
        let mut verdict = Verdict::default();
        self.judge_runs(&mut verdict);
        self.judge_launches(&mut verdict);
        for (mark, (kind, id)) in &self.launches {
            if let Some(task) = self.tasks.get(id) {
                self.judge_run(*mark, *kind, *id, task, &mut verdict);
                self.judge_end(*id, task, &mut verdict);
            }
        }
        let with_run = self.launches.len() - verdict.without_run;
        if self.runs.len() != with_run {
            let (runs, all) = (self.runs.len(), self.launches.len());
            let without = verdict.without_run;
            verdict.wrong_counts.push(format!(
                "{runs} runs of {all} launches, {without} of them without a run"
            ));
        }
        verdict
    }

    /// Each run is one task's.
    fn judge_runs(&self, verdict: &mut Verdict) {
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

    /// Each launch is one task, and there are no others.
    fn judge_launches(&self, verdict: &mut Verdict) {
        let told: BTreeSet<i64> = self.launches.values().map(|(_, task)| *task).collect();
        if told.len() != self.launches.len() || !told.iter().eq(self.tasks.keys()) {
            let (launches, tasks) = (self.launches.len(), self.tasks.len());
            let strange: Vec<_> = self.tasks.keys().filter(|id| !told.contains(id)).collect();
            verdict.wrong_counts.push(format!(
                "{launches} launches are {tasks} tasks; nobody launched {strange:?}"
            ));
        }
        for id in &self.cancelled {
            if !self.tasks[id].cancel_asked() {
                verdict
                    .wrong_counts
                    .push(format!("the cancel of {id} is forgotten"));
            }
        }
    }

    /// The run is this launch's and no other one's.
    fn judge_run(&self, mark: u64, kind: Kind, id_: i64, task: &Task, verdict: &mut Verdict) {
        let Some(run) = self.run_of(task) else {
            verdict.without_run += 1;
            let confirmed = kind.names_its_task() && task.told("launch_never_confirmed");
            if confirmed && !task.cancel_asked() || task.told("launch_given_up") {
                verdict
                    .wrong_counts
                    .push(format!("nobody asked again for {id_}: {:?}", task.events));
            }
            return;
        };
        let config = &run["config"];
        let own = run["pipeline_id"] == *id(kind.number())
            && (kind == Kind::Bare
                || config["mark"] == mark && task.shown["config"]["mark"] == mark)
            && (!kind.names_its_task() || config["task_id"] == id_);
        if !own {
            verdict.wrong_ends.push(format!(
                "task {id_}, launch {mark}, follows another one's run: {run}"
            ));
        }
    }

    fn run_of(&self, task: &Task) -> Option<&Value> {
        self.runs.get(task.shown["run"]["id"].as_str()?)
    }

    fn judge_end(&self, id: i64, task: &Task, verdict: &mut Verdict) {
        let none = Vec::new();
        let reports = self.reports.get(&id).unwrap_or(&none);
        let last: Vec<&Report> = reports
            .iter()
            .filter(|report| report.word != "RUNNING")
            .collect();
        // A pipeline says its end once.
        assert!(last.len() <= 1, "{last:?}");
        let last = last.first().copied();
        for report in reports {
            let usual = matches!(report.fate, Fate::Refused(409)) && report.word == "RUNNING";
            if matches!(report.fate, Fate::Refused(_)) && !usual {
                verdict.lost_results.push(format!("refused: {report:?}"));
            }
        }
        let told = last
            .is_some_and(|report| task.told(&format!("reported_{}", report.word.to_lowercase())));
        match last.map(|report| report.fate) {
            Some(Fate::Taken) if !told => verdict
                .lost_results
                .push(format!("{id} forgot {last:?}: {:?}", task.events)),
            Some(Fate::Lost | Fate::Refused(_)) | None if told => {
                verdict
                    .wrong_ends
                    .push(format!("{id} heard what nobody said: {:?}", task.events));
            }
            _ => {}
        }
        let heard = last.filter(|_| told);
        let end = self.run_of(task).map(|run| run["status"].as_str().unwrap());
        let right = end_of(end, heard.map(|report| report.word.as_str()), task);
        if task.shown["status"] != right || task.shown["confirmed"] != true {
            verdict.wrong_ends.push(format!(
                "{id} is not {right}: {}, {:?}",
                task.shown, task.events
            ));
        }
        let held = heard.and_then(|report| report.result.as_ref());
        if task.result() != held.unwrap_or(&Value::Null) {
            verdict
                .lost_results
                .push(format!("{id} does not hold {held:?}: {}", task.shown));
        }
    }
}

/// The table of ends.
fn end_of<'a>(run: Option<&str>, word: Option<&'a str>, task: &Task) -> &'a str {
    match (run, word) {
        (Some("success"), None) => "SUCCESS",
        (Some("failed"), Some("SUCCESS")) => "ERROR",
        (Some("stopped"), None | Some("SUCCESS")) => "CANCELLED",
        (Some("success" | "failed" | "stopped"), Some(word)) => word,
        (None, None) if task.told("launch_refused") => "ERROR",
        (Some("failed") | None, None) if task.cancel_asked() => "CANCELLED",
        (Some("failed") | None, None) => "ERROR",
        // A word without a run, or a run that goes on.
        _ => "AT AN END",
    }
}
