//! The SQL statements of a story's bridge.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use regex::Regex;
use serde_json::json;

use super::Story;
use crate::support::catalogue::id;

/// Collects the statements that the bridge executes.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    pub fn of(story: &Story) -> Self {
        let log = Self::default();
        let listener = log.clone();
        let store = &story.running().store;
        store.on_statement(move |text| listener.0.lock().unwrap().push(text.to_owned()));
        log
    }

    /// The statements since the last call.
    pub fn take(&self) -> Executed {
        Executed(std::mem::take(&mut *self.0.lock().unwrap()))
    }
}

/// The statements of one operation, in order.
#[derive(Debug)]
pub struct Executed(pub Vec<String>);

impl Executed {
    /// The writes of the first transaction that writes.
    pub fn first_writes(&self) -> BTreeMap<String, usize> {
        let transactions = self.0.split(|text| text == "COMMIT");
        let writes = transactions.map(writes).find(|writes| !writes.is_empty());
        writes.unwrap_or_default()
    }

    /// How often each table is written: `INSERT task`, `UPDATE run`.
    pub fn writes(&self) -> BTreeMap<String, usize> {
        writes(&self.0)
    }

    /// Without the statements that begin, set and end transactions: debug builds have more of them.
    pub fn count(&self) -> usize {
        let control = Regex::new("^(BEGIN|SET TRANSACTION|COMMIT)").unwrap();
        self.0.iter().filter(|text| !control.is_match(text)).count()
    }
}

fn writes(statements: &[String]) -> BTreeMap<String, usize> {
    let pattern = r#"^(?:WITH .*?)?(INSERT|UPDATE|DELETE)(?: INTO| FROM)? (?:public\.)?[`"]?(\w+)"#;
    let pattern = Regex::new(pattern).unwrap();
    let mut writes = BTreeMap::new();
    for found in statements.iter().filter_map(|text| pattern.captures(text)) {
        let name = format!("{} {}", &found[1], &found[2]);
        *writes.entry(name).or_default() += 1;
    }
    writes
}

/// What one launch, one progress report and one poll without news execute. Pipeline 1 must be `manual`.
pub struct Operations {
    pub launch: Executed,
    pub report: Executed,
    pub poll: Executed,
}

impl Operations {
    pub async fn of(story: &Story) -> Self {
        // The first launch also checks the connection.
        let first = story.launch(&id(1), json!({})).await;
        story
            .until(first, "the run", |task| task["status"] == "RUNNING")
            .await;
        story
            .post(&format!("/tasks/{first}/cancel/"), &json!({}))
            .await;
        story.until_confirmed(first).await;
        let log = Log::of(story);
        let task = story.launch(&id(1), json!({})).await;
        let launch = log.take();
        story
            .until(task, "the run", |task| task["status"] == "RUNNING")
            .await;
        log.take();
        let body = json!({"task_id": task, "progress_message": "half", "progress_value": 1, "end_value": 2});
        story.report(&id(1), &body).await.expect(200);
        let report = log.take();
        story.advance(chrono::TimeDelta::minutes(1));
        story.run_cycle().await;
        let poll = log.take();
        Self {
            launch,
            report,
            poll,
        }
    }
}
