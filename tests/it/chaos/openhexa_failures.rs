//! The failures of OpenHEXA and of its runs: faults, manually controlled runs, runs that never end.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::pipelines::Kind;
use super::processes::Processes;
use super::random::Random;
use crate::support::catalogue::id;

/// OpenHEXA stops a running run within a second; if it takes longer, the run was stopped in the queue.
const STRANDED_AFTER: Duration = Duration::from_secs(4);

/// Injects hundreds of faults, each for a few requests.
pub async fn faults(site: Arc<Processes>, seed: u64, over: CancellationToken) {
    let mut random = Random::new(seed, "faults");
    let kinds = [
        json!({"fault": "drop_after"}),
        json!({"fault": "drop_before"}),
        json!({"fault": "html_500", "operation": "runPipeline"}),
        json!({"fault": "html_500", "count": 3}),
        json!({"fault": "latency", "operation": "runPipeline", "ms": 1200}),
        json!({"fault": "latency", "operation": "runPipeline", "ms": 4000}),
        json!({"fault": "latency", "ms": 500, "count": 4}),
        json!({"fault": "null_run", "operation": "runPipeline"}),
        json!({"fault": "null_run", "operation": "pipelineRun"}),
        json!({"fault": "drop_after", "operation": "pipelineRun", "count": 2}),
        json!({"fault": "drop_before", "operation": "pipeline", "count": 2}),
        json!({"fault": "lose_stop", "count": 2}),
        json!({"fault": "run_limit"}),
        json!({"fault": "refuse_token", "operation": "pipelineRun"}),
    ];
    while !over.is_cancelled() {
        site.fault(random.pick(&kinds)).await;
        tokio::time::sleep(random.millis(150, 900)).await;
    }
}

/// Controls the runs of `Kind::Turns`: it reports success with a result for them, and then they fail. Also
/// ends runs that were stopped in the queue, which OpenHEXA itself does only after a quarter of an hour.
pub async fn control_runs(site: Arc<Processes>, over: CancellationToken) {
    let turns = id(Kind::Turns.number());
    let mut played = HashSet::new();
    let mut stranding: HashMap<String, Instant> = HashMap::new();
    while !over.is_cancelled() {
        for run in site.runs().await {
            let key = run["id"].as_str().unwrap().to_owned();
            if run["status"] == "terminating" {
                let since = stranding.entry(key.clone()).or_insert_with(Instant::now);
                if since.elapsed() > STRANDED_AFTER {
                    site.drive(&key, &json!({"status": "stopped"})).await;
                }
            } else if run["status"] == "running"
                && run["pipeline_id"] == *turns
                && played.insert(key)
            {
                tokio::spawn(report_success_then_fail(site.clone(), run));
            }
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}

async fn report_success_then_fail(site: Arc<Processes>, run: Value) {
    let config = &run["config"];
    let url = format!(
        "{}/api/openhexa/pipelines/{}/",
        config["connection_host"].as_str().unwrap(),
        run["pipeline_id"].as_str().unwrap()
    );
    let said = json!({"task_id": config["task_id"], "status": "SUCCESS", "result": {"mark": config["mark"]}});
    let request = site.client.patch(url).json(&said);
    let token = config["connection_token"].as_str().unwrap();
    // Sent once, even if it fails, because pipelines do not repeat reports.
    let _ = request.bearer_auth(token).send().await;
    let failed = json!({"status": "failed", "message": "No memory left"});
    site.drive(run["id"].as_str().unwrap(), &failed).await;
}
