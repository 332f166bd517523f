//! Sends the reports of simulated runs. Like many real pipelines, they send each report once and ignore the response.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::run::Run;
use super::run_store::Report;
use super::state::State;

/// Timeout of a report.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends one report and waits for the response. Sends nothing if the run has no task or no address is known.
pub async fn report(state: &State, run: Uuid, report: &Report) {
    let Some(run) = state.run_store().any_run(run) else {
        return;
    };
    let Some((host, token)) = destination(state, &run) else {
        return;
    };
    let Ok(_turn) = state.reports.acquire().await else {
        return;
    };
    let url = format!(
        "{}/api/openhexa/pipelines/{}/",
        host.trim_end_matches('/'),
        run.pipeline
    );
    let request = state
        .client
        .patch(&url)
        .bearer_auth(token)
        .timeout(TIMEOUT)
        .json(&body(state, &run, report));
    match request.send().await {
        Ok(answer) if answer.status() == reqwest::StatusCode::OK => {}
        Ok(answer) => {
            tracing::debug!(run = %run.id, status = %answer.status(), "the bridge refused a report");
        }
        Err(error) => tracing::debug!(run = %run.id, %error, "cannot send a report"),
    }
}

/// Host and token from the config if both are set, else from the workspace's connection `iaso-pipeline`.
fn destination(state: &State, run: &Run) -> Option<(String, String)> {
    let text = |key: &str| {
        run.config
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    match (text("connection_host"), text("connection_token")) {
        (Some(host), Some(token)) => Some((host, token)),
        _ => state.iaso(),
    }
}

fn body(state: &State, run: &Run, report: &Report) -> Value {
    let task = run.config.get("task_id");
    let catalogue = state.catalogue.current();
    let result = catalogue
        .pipeline(run.pipeline)
        .and_then(|pipeline| pipeline.behaviour.result.clone());
    match report {
        Report::Running { progress, message } => json!({
            "task_id": task, "status": "RUNNING", "progress_message": message,
            "progress_value": progress, "end_value": 100, "result": null,
        }),
        Report::Success => json!({
            "task_id": task, "status": "SUCCESS", "progress_message": "Done",
            "progress_value": 100, "end_value": 100, "result": result,
        }),
        Report::Error { message } => json!({
            "task_id": task, "status": "ERROR", "progress_message": message,
            "progress_value": run.progress, "end_value": 100, "result": result,
        }),
    }
}
