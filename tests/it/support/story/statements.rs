//! The SQL statements of a story's bridge.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use regex::Regex;
use serde_json::json;

use super::Story;
use crate::support::catalogue::id;

/// Collects the statements that the bridge executes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn of(story: &Story) -> Self {
        let log = Self::default();
        let listener = log.clone();
        let store = &story.running().store;
        store.on_statement(move |text| listener.0.lock().unwrap().push(text.to_owned()));
        log
    }

    /// The statements since the last call.
    fn take(&self) -> Executed {
        Executed(std::mem::take(&mut *self.0.lock().unwrap()))
    }
}

/// The statements of one operation, in order.
#[derive(Debug)]
pub struct Executed(pub Vec<String>);

impl Executed {
    /// Those up to the end of the first transaction.
    pub fn first_transaction(&self) -> Self {
        let end = self.0.iter().position(|text| text == "COMMIT").unwrap();
        Self(self.0[..=end].to_vec())
    }

    /// How often each table is written: `INSERT task`, `UPDATE run`.
    pub fn writes(&self) -> BTreeMap<String, usize> {
        let pattern =
            r#"^(?:WITH .*?)?(INSERT|UPDATE|DELETE)(?: INTO| FROM)? (?:public\.)?[`"]?(\w+)"#;
        let pattern = Regex::new(pattern).unwrap();
        let mut writes = BTreeMap::new();
        for found in self.0.iter().filter_map(|text| pattern.captures(text)) {
            *writes
                .entry(format!("{} {}", &found[1], &found[2]))
                .or_default() += 1;
        }
        writes
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }
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
        story.pass().await;
        let poll = log.take();
        Self {
            launch,
            report,
            poll,
        }
    }
}
