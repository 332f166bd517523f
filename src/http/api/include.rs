//! `GET /tasks/{id}/?include=logs,messages,outputs`: adds data of the run to a task.

use serde::Serialize;
use utoipa::ToSchema;

use super::json_types::{FullTask, time_or_null};
use super::query::Query;
use crate::domain::message::say;
use crate::http::error::{HttpResult, Problem};
use crate::service::tasks::{RunDetails, RunMessage, RunOutput};

/// The data that the request includes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Include {
    logs: bool,
    messages: bool,
    outputs: bool,
}

impl Include {
    pub fn of(query: &Query) -> HttpResult<Self> {
        let mut include = Self::default();
        let words = query.get("include").unwrap_or_default().split(',');
        for word in words.map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "logs" => include.logs = true,
                "messages" => include.messages = true,
                "outputs" => include.outputs = true,
                _ => return Err(Problem::field("include", say("query-include"))),
            }
        }
        Ok(include)
    }

    pub fn anything(self) -> bool {
        self.logs || self.messages || self.outputs
    }
}

/// A task with the data requested by `include`. Only the requested keys are present.
#[derive(Serialize, ToSchema)]
#[schema(as = DetailedTask)]
#[allow(
    clippy::option_option,
    reason = "a key that is null differs from one that is absent"
)]
pub struct DetailedTask {
    #[serde(flatten)]
    task: FullTask,
    /// Null when the run has no logs, or when OpenHEXA is not responding.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, default = json!(null))]
    logs: Option<Option<String>>,
    /// Null when OpenHEXA is not responding.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<MessageJson>>, default = json!(null))]
    messages: Option<Option<Vec<MessageJson>>>,
    /// Null when OpenHEXA is not responding.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<OutputJson>>, default = json!(null))]
    outputs: Option<Option<Vec<OutputJson>>>,
    /// Why they are null: the error from OpenHEXA.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    include_error: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RunMessage)]
struct MessageJson {
    message: String,
    priority: String,
    #[schema(format = DateTime)]
    timestamp: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RunOutput)]
struct OutputJson {
    /// `file`, `table`, or the type given by the pipeline.
    #[serde(rename = "type")]
    kind: String,
    name: Option<String>,
    uri: Option<String>,
    /// The address to open, if it is a web address.
    url: Option<String>,
}

impl DetailedTask {
    /// The task without data of its run.
    pub fn plain(task: FullTask) -> Self {
        Self {
            task,
            logs: None,
            messages: None,
            outputs: None,
            include_error: None,
        }
    }

    /// If the run does not exist (yet), its data is empty.
    pub fn with(task: FullTask, include: Include, found: Option<RunDetails>) -> Self {
        let (logs, messages, outputs) = match found {
            Some(found) => (found.logs, found.messages, found.outputs),
            None => (None, Vec::new(), Vec::new()),
        };
        let messages = messages.into_iter().map(MessageJson::from).collect();
        let outputs = outputs.into_iter().filter_map(output).collect();
        Self {
            logs: include.logs.then_some(logs),
            messages: include.messages.then_some(Some(messages)),
            outputs: include.outputs.then_some(Some(outputs)),
            ..Self::plain(task)
        }
    }

    /// If OpenHEXA does not respond, the data is null, with the reason. The task is still returned.
    pub fn without(task: FullTask, include: Include, why: String) -> Self {
        Self {
            logs: include.logs.then_some(None),
            messages: include.messages.then_some(None),
            outputs: include.outputs.then_some(None),
            include_error: Some(why),
            ..Self::plain(task)
        }
    }
}

impl From<RunMessage> for MessageJson {
    fn from(message: RunMessage) -> Self {
        Self {
            message: message.text,
            priority: message.priority,
            timestamp: time_or_null(message.at),
        }
    }
}

/// None for a type of output that the bridge does not know.
fn output(output: RunOutput) -> Option<OutputJson> {
    let (kind, name, uri) = match output {
        RunOutput::File { name, path, .. } => ("file".to_owned(), Some(name), Some(path)),
        RunOutput::Table { name } => ("table".to_owned(), Some(name), None),
        RunOutput::Link { name, kind, uri } => (kind, name, Some(uri)),
        RunOutput::Unknown => return None,
    };
    let is_web = |uri: &&String| uri.starts_with("https://") || uri.starts_with("http://");
    let url = uri.as_ref().filter(is_web).cloned();
    Some(OutputJson {
        kind,
        name,
        uri,
        url,
    })
}
