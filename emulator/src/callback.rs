//! What a simulated run tells Iaso, as the pipelines of the field do: once, without retry, whatever becomes of it.

use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;

use super::core::Core;
use super::run::Run;
use super::world::Word;

/// A run waits this long for an answer and then goes on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends one report and waits for its answer. A run without a task, or without an Iaso to tell, stays silent.
pub async fn report(core: &Core, run: Uuid, word: &Word) {
    let Some(run) = core.world().any_run(run) else {
        return;
    };
    let Some((host, token)) = listener(core, &run) else {
        return;
    };
    let Ok(_turn) = core.reports.acquire().await else {
        return;
    };
    let url = format!(
        "{}/api/openhexa/pipelines/{}/",
        host.trim_end_matches('/'),
        run.pipeline
    );
    let request = core
        .client
        .patch(&url)
        .bearer_auth(token)
        .timeout(PATIENCE)
        .json(&body(core, &run, word));
    match request.send().await {
        Ok(answer) if answer.status() == reqwest::StatusCode::OK => {}
        Ok(answer) => {
            tracing::debug!(run = %run.id, status = %answer.status(), "the bridge refused a report");
        }
        Err(error) => tracing::debug!(run = %run.id, %error, "cannot send a report"),
    }
}

/// The config's own host and token, where it has both, else the workspace's connection `iaso-pipeline`.
fn listener(core: &Core, run: &Run) -> Option<(String, String)> {
    let text = |key: &str| {
        run.config
            .get(key)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    match (text("connection_host"), text("connection_token")) {
        (Some(host), Some(token)) => Some((host, token)),
        _ => core.iaso(),
    }
}

fn body(core: &Core, run: &Run, word: &Word) -> Value {
    let task = run.config.get("task_id");
    let result = core
        .catalogue
        .pipeline(run.pipeline)
        .and_then(|pipeline| pipeline.behaviour.result.clone());
    match word {
        Word::Running { progress, message } => json!({
            "task_id": task, "status": "RUNNING", "progress_message": message,
            "progress_value": progress, "end_value": 100, "result": null,
        }),
        Word::Success => json!({
            "task_id": task, "status": "SUCCESS", "progress_message": "Done",
            "progress_value": 100, "end_value": 100, "result": result,
        }),
        Word::Error { message } => json!({
            "task_id": task, "status": "ERROR", "progress_message": message,
            "progress_value": run.progress, "end_value": 100, "result": result,
        }),
    }
}
