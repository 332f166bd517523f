//! What the bridges show of the flows at the end.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::FlowRecord;
use super::documents::{ALL, BRANCHES, PAST};
use crate::chaos::processes::Processes;

#[derive(Clone)]
pub struct FlowEvidence {
    pub runs: BTreeMap<i64, Value>,
    /// Of the flow that fires each minute.
    pub ticks: Vec<Value>,
    pub backfills: Vec<Value>,
    /// By key, the flow and its run.
    pub requested: BTreeMap<u64, (&'static str, i64)>,
    pub cancelled: Vec<i64>,
    pub days: usize,
    pub saved_at: DateTime<Utc>,
    /// A time before which all ticks have fired, and one after which none fires.
    pub paused: (DateTime<Utc>, DateTime<Utc>),
}

/// All rows of a list, page by page.
async fn all(site: &Processes, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = site
            .get(&format!("/api/openhexa{path}?limit=200{cursor}"))
            .await;
        rows.extend(page["results"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return rows,
        }
    }
}

async fn backfills(site: &Processes) -> Vec<Value> {
    let path = format!("/api/openhexa/flows/{}/backfills/", PAST.slug);
    let list = site.get(&path).await;
    list["results"].as_array().unwrap().clone()
}

/// Runs and backfills that have not ended.
pub async fn stuck(site: &Processes) -> Vec<Value> {
    let runs = all(site, "/flow-runs/").await.into_iter();
    let rows = runs.chain(backfills(site).await);
    rows.filter(|row| row["ended_at"].is_null()).collect()
}

impl FlowEvidence {
    pub async fn gather(site: &Processes, record: &FlowRecord) -> Self {
        let mut runs = BTreeMap::new();
        for row in all(site, "/flow-runs/").await {
            let id = row["id"].as_i64().unwrap();
            let path = format!("/api/openhexa/flow-runs/{id}/");
            runs.insert(id, site.get(&path).await);
        }
        let flow = format!("/flows/{}/", BRANCHES.slug);
        let saved = site.get(&format!("/api/openhexa{flow}")).await;
        Self {
            runs,
            ticks: all(site, &format!("{flow}ticks/")).await,
            backfills: backfills(site).await,
            requested: record.runs.lock().unwrap().clone(),
            cancelled: record.cancelled.lock().unwrap().clone(),
            days: *record.days.lock().unwrap(),
            saved_at: saved["created_at"].as_str().unwrap().parse().unwrap(),
            paused: record.paused.lock().unwrap().expect("the flows are paused"),
        }
    }

    /// The runs of a flow with this trigger.
    pub fn runs_of(&self, flow: &str, trigger: &str) -> Vec<&Value> {
        let runs = self.runs.values();
        runs.filter(|run| run["flow"] == flow && run["trigger"] == trigger)
            .collect()
    }

    /// How many runs have this trigger.
    pub fn count(&self, trigger: &str) -> usize {
        let runs = self.runs.values();
        runs.filter(|run| run["trigger"] == trigger).count()
    }

    /// Flows that the checks do not know would not be checked.
    pub fn unknown(&self) -> Option<&Value> {
        let known = |run: &&Value| ALL.iter().any(|flow| run["flow"] == flow.slug);
        self.runs.values().find(|run| !known(run))
    }
}
