//! Flows in a story: saved, run, and moved on by the cycles that the bridge runs in the background otherwise.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, As, MAX_WAIT, Story};

/// How often the cycles run in a row, at most.
const CYCLES: usize = 20;

impl Story {
    /// Fires schedules, advances runs and polls their tasks, until nothing is due.
    pub async fn flow_cycle(&self) {
        let flows = self.bridge().flows;
        for _ in 0..CYCLES {
            let fired = flows.runner.fire_due().await.unwrap();
            flows.files.list_files().await.unwrap();
            flows.runner.run_backfills().await.unwrap();
            let advanced = flows.runner.advance_due().await.unwrap();
            self.run_cycle().await;
            let again = flows.runner.advance_due().await.unwrap();
            flows.runner.check_alerts().await.unwrap();
            if fired + advanced + again == 0 {
                return;
            }
        }
    }

    /// Saves a new flow; returns it.
    pub async fn save_flow(&self, document: &str) -> Value {
        let answer = self.post("/flows/", &json!({"document": document})).await;
        answer.expect(201)["flow"].clone()
    }

    pub async fn put_flow(&self, slug: &str, document: &str) -> Answer {
        self.ask(As::Operator, Method::PUT, &format!("/flows/{slug}/"))
            .json(&json!({"document": document}))
            .send()
            .await
    }

    /// Starts a run; returns its id.
    pub async fn run_flow(&self, slug: &str, inputs: Value) -> i64 {
        let path = format!("/flows/{slug}/run/");
        let answer = self.post(&path, &json!({"inputs": inputs})).await;
        answer.expect(201)["run"]["id"].as_i64().unwrap()
    }

    pub async fn flow_run(&self, id: i64) -> Value {
        self.get(&format!("/flow-runs/{id}/")).await.expect(200)
    }

    /// Runs cycles until the run matches. The emulator has its own clock.
    pub async fn until_flow_run(
        &self,
        id: i64,
        what: &str,
        holds: impl Fn(&Value) -> bool,
    ) -> Value {
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            self.flow_cycle().await;
            let run = self.flow_run(id).await;
            if holds(&run) {
                return run;
            }
            assert!(Instant::now() < deadline, "{what} was not reached: {run}");
            self.advance(TimeDelta::seconds(2));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until_flow_run_ends(&self, id: i64) -> Value {
        self.until_flow_run(id, "the end", |run| !run["ended_at"].is_null())
            .await
    }

    /// The kinds of the events of a run.
    pub async fn flow_run_events(&self, id: i64) -> Vec<String> {
        let path = format!("/flow-runs/{id}/events/");
        let events = self.get(&path).await.expect(200);
        let all = events["results"].as_array().unwrap().iter();
        all.map(|event| event["kind"].as_str().unwrap().to_owned())
            .collect()
    }
}
