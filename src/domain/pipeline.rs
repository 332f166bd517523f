//! Pipelines, versions and runs of OpenHEXA.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::ids::{PipelineId, RunId, UserId, VersionId};
use super::message::{Message, say};
use super::parameters::Parameter;

/// A pipeline in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct PipelineSummary {
    pub id: PipelineId,
    pub name: Option<String>,
    pub code: String,
    /// `zipFile` or `notebook`; an unknown type is kept as it is.
    pub kind: String,
    pub functional_type: Option<String>,
    pub tags: Vec<String>,
    /// None: OpenHEXA's value cannot be read.
    pub created_at: Option<DateTime<Utc>>,
    /// As in [`Pipeline`].
    pub schedule: Option<String>,
    pub current_version: Option<VersionLabel>,
    pub last_run: Option<RunSummary>,
}

impl PipelineSummary {
    /// As [`Pipeline::title`].
    pub fn title(&self) -> &str {
        title(self.name.as_deref(), &self.code)
    }
}

fn title<'a>(name: Option<&'a str>, code: &'a str) -> &'a str {
    name.filter(|name| !name.trim().is_empty()).unwrap_or(code)
}

/// What identifies a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionLabel {
    pub id: VersionId,
    pub number: i64,
    pub name: Option<String>,
}

/// A version in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct VersionSummary {
    pub label: VersionLabel,
    /// None: OpenHEXA's value cannot be read.
    pub created_at: Option<DateTime<Utc>>,
    /// None: not requested, or OpenHEXA itself cannot read them.
    pub parameters: Option<Vec<Parameter>>,
}

/// A pipeline with everything that a launch needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    pub id: PipelineId,
    pub name: Option<String>,
    pub code: String,
    pub kind: String,
    pub description: Option<String>,
    /// None: OpenHEXA's value cannot be read.
    pub created_at: Option<DateTime<Utc>>,
    /// OpenHEXA's own schedule of the pipeline: a cron expression in UTC.
    pub schedule: Option<String>,
    pub may_run: bool,
    pub may_stop: bool,
    pub current_version: Option<Version>,
    /// There is a current version, but its definition cannot be read (a stored parameter has a type that OpenHEXA itself
    /// refuses). Without this field, it would look like a pipeline without a version.
    pub unreadable_version: bool,
}

impl Pipeline {
    /// The name that users see: OpenHEXA allows pipelines without a name.
    pub fn title(&self) -> &str {
        title(self.name.as_deref(), &self.code)
    }

    /// Whether its code was never uploaded: OpenHEXA accepts a launch, and the run always fails.
    pub fn lacks_version(&self) -> bool {
        self.kind == "zipFile" && self.current_version.is_none() && !self.unreadable_version
    }

    pub fn is_notebook(&self) -> bool {
        self.kind == "notebook"
    }
}

/// A version's definition, with which `runPipeline` and the run's SDK validate a config.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    pub label: VersionLabel,
    /// None: OpenHEXA's value cannot be read.
    pub created_at: Option<DateTime<Utc>>,
    /// What its author wrote about it.
    pub description: Option<String>,
    /// The values saved with the version. They can differ from the parameters' defaults.
    pub config: Map<String, Value>,
    /// Seconds. None: OpenHEXA's default of 4 hours.
    pub timeout_seconds: Option<i64>,
    pub parameters: Vec<Parameter>,
}

impl Version {
    /// Which version the parameters belong to, for a message about a parameter that it does not have. None if its creation
    /// date is unknown.
    pub fn origin(&self) -> Option<Message> {
        const LETTERS: usize = 200;
        let name = self.label.name.clone();
        let name = name.unwrap_or_else(|| format!("v{}", self.label.number));
        let at = self.created_at?.format("%Y-%m-%d %H:%M UTC");
        let about = self.description.as_ref();
        let about: Option<String> = about.map(|text| text.chars().take(LETTERS).collect());
        let key = match about {
            Some(_) => "param-version-described",
            None => "param-version",
        };
        let message = say(key).with("version", name).with("at", at);
        Some(message.with("about", about.unwrap_or_default()))
    }
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSummary {
    pub id: RunId,
    pub status: RunStatus,
    /// 0 to 100.
    pub progress: i64,
    /// When it was queued.
    pub execution_date: Option<DateTime<Utc>>,
    /// Seconds. 0 until the end.
    pub duration: Option<i64>,
    /// `manual`, `scheduled` or `webhook`.
    pub trigger: Option<String>,
}

/// A run that a search for a lost run has found.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCandidate {
    pub id: RunId,
    pub status: RunStatus,
    pub progress: i64,
    pub config: Map<String, Value>,
    pub user: Option<UserId>,
    pub execution_date: Option<DateTime<Utc>>,
}

/// The status of a run in OpenHEXA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunStatus {
    Queued,
    Running,
    Terminating,
    Success,
    Failed,
    Stopped,
    Skipped,
    /// A status of a later OpenHEXA. It never counts as final.
    Other(String),
}

/// An unknown status, reduced to at most 64 letters, digits and `_`.
fn cut(status: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    status.chars().filter(is_plain).take(64).collect()
}

impl RunStatus {
    pub fn parse(text: &str) -> Self {
        match text {
            "queued" => Self::Queued,
            "running" => Self::Running,
            "terminating" => Self::Terminating,
            "success" => Self::Success,
            "failed" => Self::Failed,
            "stopped" => Self::Stopped,
            "skipped" => Self::Skipped,
            other => Self::Other(cut(other)),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Terminating => "terminating",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Skipped => "skipped",
            Self::Other(other) => other,
        }
    }
}
