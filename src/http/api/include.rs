//! `GET /tasks/{id}/?include=logs,messages,outputs`: what a task's run said and left behind, beside the task.

use serde::Serialize;
use utoipa::ToSchema;

use super::query::Query;
use super::view::{FullTask, time_or_null};
use crate::domain::sentence::say;
use crate::http::error::{Answer, Problem};
use crate::service::tasks::{RunDetails, RunMessage, RunOutput};

/// What is asked for beside the task.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    logs: bool,
    messages: bool,
    outputs: bool,
}

impl Wanted {
    pub fn of(query: &Query) -> Answer<Self> {
        let mut wanted = Self::default();
        let words = query.get("include").unwrap_or_default().split(',');
        for word in words.map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "logs" => wanted.logs = true,
                "messages" => wanted.messages = true,
                "outputs" => wanted.outputs = true,
                _ => return Err(Problem::field("include", say("query-include"))),
            }
        }
        Ok(wanted)
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
    reason = "a key that is null and a key that is not there are two things"
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
    /// The task alone.
    pub fn plain(task: FullTask) -> Self {
        Self {
            task,
            logs: None,
            messages: None,
            outputs: None,
            include_error: None,
        }
    }

    /// A task whose run is not there (yet) has an empty one.
    pub fn with(task: FullTask, wanted: Wanted, found: Option<RunDetails>) -> Self {
        let (logs, messages, outputs) = match found {
            Some(found) => (found.logs, found.messages, found.outputs),
            None => (None, Vec::new(), Vec::new()),
        };
        let messages = messages.into_iter().map(MessageJson::from).collect();
        let outputs = outputs.into_iter().filter_map(output).collect();
        Self {
            logs: wanted.logs.then_some(logs),
            messages: wanted.messages.then_some(Some(messages)),
            outputs: wanted.outputs.then_some(Some(outputs)),
            ..Self::plain(task)
        }
    }

    /// A task page must not break because OpenHEXA does not answer.
    pub fn without(task: FullTask, wanted: Wanted, why: String) -> Self {
        Self {
            logs: wanted.logs.then_some(None),
            messages: wanted.messages.then_some(None),
            outputs: wanted.outputs.then_some(None),
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

/// Nothing can be said of a kind that we do not know.
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
