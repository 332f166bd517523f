//! A run, as it is stored in memory and in the journal.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::clock::Millis;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, async_graphql::Enum)]
#[serde(rename_all = "lowercase")]
#[graphql(name = "PipelineRunStatus", rename_items = "lowercase")]
pub enum Status {
    Success,
    Running,
    Failed,
    Queued,
    Stopped,
    Terminating,
    Skipped,
}

impl Status {
    pub fn is_over(self) -> bool {
        matches!(
            self,
            Self::Success | Self::Failed | Self::Stopped | Self::Skipped
        )
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Queued => "queued",
            Self::Stopped => "stopped",
            Self::Terminating => "terminating",
            Self::Skipped => "skipped",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, async_graphql::Enum)]
#[serde(rename_all = "UPPERCASE")]
#[graphql(name = "MessagePriority", rename_items = "UPPERCASE")]
pub enum Priority {
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

impl Priority {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
            Self::Critical => "CRITICAL",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(clippy::struct_field_names, reason = "OpenHEXA's own words")]
pub struct Message {
    pub message: String,
    pub priority: Priority,
    pub at: Millis,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Output {
    Generic {
        name: Option<String>,
        kind: String,
        uri: String,
    },
    /// A file of the workspace: its key (path without the bucket) and its size.
    File { key: String, size: u64 },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
#[allow(clippy::struct_field_names, reason = "OpenHEXA's own words")]
pub struct Run {
    pub id: Uuid,
    /// `manual__<time>`: not a UUID, although its GraphQL type is `UUID`.
    pub run_id: String,
    pub pipeline: Uuid,
    pub version: Option<Uuid>,
    pub config: Map<String, Value>,
    pub status: Status,
    pub progress: i32,
    pub created: Millis,
    pub started: Option<Millis>,
    pub ended: Option<Millis>,
    pub heartbeat: Millis,
    pub timeout: i64,
    pub logs: Option<String>,
    pub messages: Vec<Message>,
    pub outputs: Vec<Output>,
    pub send_mail: bool,
    /// Whether the SDK also sends the pipeline's debug messages.
    pub debug: bool,
    pub stopped_by_user: bool,
    pub vanished: bool,
    /// The user who owns it, if set through `/emulator/runs/`; else the owner of the emulator's token.
    #[serde(default)]
    pub user: Option<Uuid>,
    /// Whether its status was set through `/emulator/runs/`; from then on only such requests change it.
    pub driven: bool,
    /// The run's token, which is valid only while its status is `running`.
    pub token: String,
    /// The number of steps of its behaviour that are done.
    pub steps_done: i32,
    /// Increased when the run is stopped, ends or is changed manually. Events that were scheduled before are then ignored.
    pub turn: u32,
}

/// `manual__<time>`. The last digits distinguish runs created in the same millisecond.
pub fn run_id(now: Millis, before: usize) -> String {
    let micros = before % 10_000;
    format!("manual__{}.{:03}{micros:04}", now / 1000, now % 1000)
}

impl Run {
    /// Whole seconds from start to end; 0 until then.
    pub fn duration(&self) -> i64 {
        match (self.started, self.ended) {
            (Some(started), Some(ended)) => (ended - started).max(0) / 1000,
            _ => 0,
        }
    }

    pub fn has_error_messages(&self) -> bool {
        self.messages
            .iter()
            .any(|said| matches!(said.priority, Priority::Error | Priority::Critical))
    }

    pub fn say(&mut self, priority: Priority, message: impl Into<String>, at: Millis) {
        self.messages.push(Message {
            message: message.into(),
            priority,
            at,
        });
    }

    pub fn log(&mut self, line: &str) {
        let logs = self.logs.get_or_insert_default();
        logs.push_str(line);
        if !line.ends_with('\n') {
            logs.push('\n');
        }
    }
}
