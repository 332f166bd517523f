//! The log, messages and outputs of a task's run, read from OpenHEXA for each request. Nothing is stored.

use serde_json::Map;

use super::Tasks;
use super::log_masking::{masked, without};
use crate::domain::ids::TaskId;
pub use crate::domain::run::{RunDetails, RunMessage, RunOutput};
use crate::service::Error;

impl Tasks {
    /// None: there is no run yet, or OpenHEXA no longer knows it. The caller has checked that the user may see the task.
    pub async fn run_details(&self, task: TaskId) -> Result<Option<RunDetails>, Error> {
        let (task, connection) = self.with_connection(task).await?;
        let Some(run) = task.run.id else {
            return Ok(None);
        };
        let found = self.openhexa.details(&connection.target, run).await?;
        let Some(details) = found else {
            return Ok(None);
        };
        let secrets = self
            .masking
            .secrets(&task, &connection, &details.config)
            .await;
        Ok(Some(readable(details, &secrets)))
    }
}

fn readable(found: RunDetails, secrets: &[String]) -> RunDetails {
    let message = |message: RunMessage| RunMessage {
        text: masked(&message.text, secrets),
        ..message
    };
    let output = |output| readable_output(output, secrets);
    RunDetails {
        config: Map::new(),
        logs: found.logs.map(|text| masked(&text, secrets)),
        messages: found.messages.into_iter().map(message).collect(),
        outputs: found.outputs.into_iter().map(output).collect(),
    }
}

/// Only known secrets are masked: a link can contain a token of its own that it needs.
fn readable_output(output: RunOutput, secrets: &[String]) -> RunOutput {
    let clean = |text: String| without(&text, secrets);
    match output {
        RunOutput::File { name, path, size } => RunOutput::File {
            name: clean(name),
            path: clean(path),
            size,
        },
        RunOutput::Table { name } => RunOutput::Table { name: clean(name) },
        RunOutput::Link { name, kind, uri } => RunOutput::Link {
            name: name.map(clean),
            kind: clean(kind),
            uri: clean(uri),
        },
        RunOutput::Unknown => RunOutput::Unknown,
    }
}
