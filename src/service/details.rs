//! What a task's run said and left behind, read from OpenHEXA while somebody waits for it.
//!
//! Nothing of it is kept: a log can be large, and what we may show of it is decided by the task as it is now. Without
//! OpenHEXA the task itself is still there to be shown.

use secrecy::ExposeSecret;
use serde_json::{Map, Value};

use super::catalog::Freshness;
use super::last_lines::{masked, secrets_of, without};
use super::{Bridge, Error, PAGE_WAIT};
use crate::domain::connection::Connection;
use crate::domain::ids::TaskId;
use crate::domain::parameters::Parameter;
pub use crate::domain::run::{RunDetails, RunMessage, RunOutput};
use crate::domain::task::Task;

impl Bridge {
    /// None: there is no run yet, or OpenHEXA does not know it any more. The caller has seen the task already.
    pub async fn run_details(&self, task: TaskId) -> Result<Option<RunDetails>, Error> {
        let (task, connection) = self.load(task).await?;
        let Some(run) = task.run.id else {
            return Ok(None);
        };
        let found = self.openhexa().details(&connection.target, run).await?;
        let Some(details) = found else {
            return Ok(None);
        };
        let secrets = self.secrets_of(&task, &connection, &details.config).await;
        Ok(Some(readable(details, &secrets)))
    }

    /// Whatever must not be read in a log of this task's run, which was given this config.
    pub(super) async fn secrets_of(
        &self,
        task: &Task,
        connection: &Connection,
        given: &Map<String, Value>,
    ) -> Vec<String> {
        let declared = self.declared(task, connection).await;
        let mut secrets = secrets_of(given, &task.run.config, declared.as_deref());
        secrets.push(connection.target.token.expose_secret().to_owned());
        let keys = self.parts.access.keys.iter();
        secrets.extend(keys.map(|key| key.key.expose_secret().to_owned()));
        // Where one holds another, the longer one goes first.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }

    /// The parameters of the version that the run is of, so far as OpenHEXA says them in time.
    async fn declared(&self, task: &Task, connection: &Connection) -> Option<Vec<Parameter>> {
        let account_config = self
            .configuration
            .get_for(task.account, connection.clone())
            .await
            .ok()?;
        let version = task.pipeline.version.as_ref().map(|version| version.id);
        let asking = self.catalog.definition(
            &account_config,
            task.pipeline.id,
            version,
            Freshness::Recent,
        );
        let found = tokio::time::timeout(PAGE_WAIT, asking).await.ok()?.ok()?;
        Some(
            found
                .version
                .map(|version| version.parameters)
                .unwrap_or_default(),
        )
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

/// A link may carry a token of its own, without which it leads nowhere: only what we know to be secret is masked.
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
