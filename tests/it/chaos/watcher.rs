//! Reads the tasks continuously, at both bridges, and checks that none returns to an earlier state.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::processes::Processes;

/// Changes of state that are not allowed.
#[derive(Default)]
pub struct Seen {
    pub looks: usize,
    pub invalid: Vec<String>,
    pub lost_results: Vec<String>,
    last: HashMap<i64, Value>,
}

pub async fn watch(site: Arc<Processes>, over: CancellationToken) -> Seen {
    let mut seen = Seen::default();
    let mut bridge = 0;
    while !over.is_cancelled() {
        bridge = 1 - bridge;
        let path = "/api/openhexa/tasks/?order=-updated_at&limit=200";
        if let Some((200, listed)) = site.ask(bridge, path).await {
            seen.looks += 1;
            for task in listed["results"].as_array().unwrap() {
                seen.observe(task);
            }
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    seen
}

impl Seen {
    pub fn observe(&mut self, task: &Value) {
        let id = task["id"].as_i64().unwrap();
        let Some(before) = self.last.insert(id, task.clone()) else {
            return;
        };
        let other_run = !before["run"].is_null() && before["run"]["id"] != task["run"]["id"];
        if rank(task) < rank(&before) || other_run {
            self.invalid.push(format!("{before} became {task}"));
        }
        if !before["result"].is_null() && task["result"].is_null() {
            self.lost_results.push(format!("{before} became {task}"));
        }
    }
}

/// The position of a task's state in the order of states.
fn rank(task: &Value) -> u8 {
    match (
        task["status"].as_str().unwrap(),
        task["confirmed"].as_bool().unwrap(),
    ) {
        ("QUEUED", _) => 0,
        ("RUNNING", _) => 1,
        (_, false) => 2,
        (_, true) => 3,
    }
}
