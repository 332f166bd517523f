//! Converts the generated GraphQL types to the domain's types. No other file uses both.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::operations::{
    follow_runs, list_pipelines, list_runs, list_version_labels, list_versions, pipeline,
    pipeline_version, recent_runs, run_details, run_log, stop_pipeline,
};
use super::timestamp::Timestamp;
use crate::domain::ids::{PipelineId, RunId, UserId, VersionId};
use crate::domain::parameters::{ChoicesFromFile, Kind, Parameter};
use crate::domain::pipeline::{
    Pipeline, PipelineSummary, RunCandidate, RunStatus, RunSummary, Version, VersionLabel,
    VersionSummary,
};
use crate::domain::run::{
    Absence, PollResult, RunDetails, RunLog, RunMessage, RunOutput, RunPage, Stop, Visible,
};

fn when(moment: Option<Timestamp>) -> Option<DateTime<Utc>> {
    moment.and_then(|moment| moment.0)
}

/// OpenHEXA does not check the progress: it accepts 250, for example.
fn percent(progress: i64) -> i64 {
    progress.clamp(0, 100)
}

fn object(value: Option<Value>) -> Map<String, Value> {
    match value {
        Some(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

fn not_blank(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

fn whole_number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Each operation has its own generated type for the same fragment.
macro_rules! version_label {
    ($module:ident, $fields:ident) => {
        impl From<&$module::$fields> for VersionLabel {
            fn from(wire: &$module::$fields) -> Self {
                Self {
                    id: VersionId(wire.id),
                    number: wire.version_number,
                    name: not_blank(Some(wire.version_name.clone())),
                }
            }
        }
    };
}

macro_rules! version {
    ($module:ident, $fields:ident, $parameter:ident, $from_file:ident) => {
        version_label!($module, $fields);
        parameter!($module, $parameter, $from_file);

        impl From<$module::$fields> for Version {
            fn from(wire: $module::$fields) -> Self {
                Self {
                    label: VersionLabel::from(&wire),
                    created_at: when(wire.created_at),
                    description: not_blank(wire.description),
                    config: object(wire.config),
                    timeout_seconds: wire.timeout,
                    parameters: wire.parameters.into_iter().map(Parameter::from).collect(),
                }
            }
        }
    };
}

macro_rules! parameter {
    ($module:ident, $parameter:ident, $from_file:ident) => {
        impl From<$module::$parameter> for Parameter {
            fn from(wire: $module::$parameter) -> Self {
                Self {
                    name: not_blank(wire.name).unwrap_or_else(|| wire.code.clone()),
                    code: wire.code,
                    kind: Kind::parse(&wire.type_),
                    required: wire.required,
                    multiple: wire.multiple,
                    default: wire.default,
                    choices: wire
                        .choices
                        .map(|choices| choices.into_iter().flatten().collect()),
                    choices_from_file: wire.choices_from_file.map(ChoicesFromFile::from),
                    help: wire.help,
                    widget: wire.widget,
                    connection: wire.connection,
                    directory: wire.directory,
                    disables: wire.disables.unwrap_or_default(),
                    disable_when: wire.disable_when.unwrap_or(true),
                }
            }
        }

        impl From<$module::$from_file> for ChoicesFromFile {
            fn from(wire: $module::$from_file) -> Self {
                Self {
                    path: wire.path,
                    format: wire.format.unwrap_or_default(),
                    column: not_blank(wire.column),
                }
            }
        }
    };
}

macro_rules! run_summary {
    ($module:ident) => {
        impl From<$module::RunFields> for RunSummary {
            fn from(wire: $module::RunFields) -> Self {
                Self {
                    id: RunId(wire.id),
                    status: RunStatus::parse(&wire.status),
                    progress: percent(wire.progress),
                    execution_date: when(wire.execution_date),
                    duration: wire.duration,
                    trigger: wire.trigger_mode,
                }
            }
        }
    };
}

version!(
    pipeline,
    PipelinePipelineCurrentVersion,
    PipelinePipelineCurrentVersionParameters,
    PipelinePipelineCurrentVersionParametersChoicesFromFile
);
version!(
    pipeline_version,
    PipelineVersionPipelineVersion,
    PipelineVersionPipelineVersionParameters,
    PipelineVersionPipelineVersionParametersChoicesFromFile
);
version_label!(list_pipelines, VersionLabelFields);
version_label!(list_versions, ListVersionsPipelineVersionsItems);
parameter!(
    list_versions,
    ListVersionsPipelineVersionsItemsParameters,
    ListVersionsPipelineVersionsItemsParametersChoicesFromFile
);
version_label!(list_version_labels, VersionLabelFields);
run_summary!(list_pipelines);
run_summary!(list_runs);

impl From<list_pipelines::ListPipelinesPipelinesItems> for PipelineSummary {
    fn from(wire: list_pipelines::ListPipelinesPipelinesItems) -> Self {
        Self {
            id: PipelineId(wire.id),
            name: not_blank(wire.name),
            code: wire.code,
            kind: wire.type_,
            functional_type: wire.functional_type,
            tags: wire.tags.into_iter().map(|tag| tag.name).collect(),
            created_at: wire.created_at.0,
            schedule: not_blank(wire.schedule),
            current_version: wire.current_version.as_ref().map(VersionLabel::from),
            last_run: wire.runs.items.into_iter().next().map(RunSummary::from),
        }
    }
}

/// `unreadable`: the current version is missing because of an error, not because there is none.
pub(super) fn pipeline(wire: pipeline::PipelinePipeline, unreadable: bool) -> Pipeline {
    Pipeline {
        id: PipelineId(wire.id),
        name: not_blank(wire.name),
        code: wire.code,
        kind: wire.type_,
        description: not_blank(wire.description),
        created_at: wire.created_at.0,
        schedule: not_blank(wire.schedule),
        may_run: wire.permissions.run,
        may_stop: wire.permissions.stop_pipeline,
        unreadable_version: unreadable && wire.current_version.is_none(),
        current_version: wire.current_version.map(Version::from),
    }
}

impl From<pipeline_version::PipelineVersionPipelineVersion> for (PipelineId, Version) {
    fn from(wire: pipeline_version::PipelineVersionPipelineVersion) -> Self {
        (PipelineId(wire.pipeline.id), wire.into())
    }
}

impl From<list_versions::ListVersionsPipelineVersionsItems> for VersionSummary {
    fn from(wire: list_versions::ListVersionsPipelineVersionsItems) -> Self {
        let label = VersionLabel::from(&wire);
        let parameters = wire.parameters.into_iter();
        Self {
            label,
            created_at: when(wire.created_at),
            parameters: Some(parameters.map(Parameter::from).collect()),
        }
    }
}

impl From<list_version_labels::ListVersionLabelsPipelineVersionsItems> for VersionSummary {
    fn from(wire: list_version_labels::ListVersionLabelsPipelineVersionsItems) -> Self {
        Self {
            label: VersionLabel::from(&wire.version_label_fields),
            created_at: when(wire.created_at),
            parameters: None,
        }
    }
}

impl From<list_runs::ListRunsPipelineRuns> for RunPage {
    fn from(wire: list_runs::ListRunsPipelineRuns) -> Self {
        Self {
            runs: wire.items.into_iter().map(RunSummary::from).collect(),
            total_pages: wire.total_pages,
            total_runs: wire.total_items,
        }
    }
}

impl From<recent_runs::RecentRunsPipelineRunsItems> for RunCandidate {
    fn from(wire: recent_runs::RecentRunsPipelineRunsItems) -> Self {
        Self {
            id: RunId(wire.id),
            status: RunStatus::parse(&wire.status),
            progress: percent(wire.progress),
            config: object(wire.config),
            user: wire.user.map(|user| UserId(user.id)),
            execution_date: when(wire.execution_date),
        }
    }
}

/// The pipeline, if it is in the workspace, or else what the response shows instead.
pub(super) fn in_workspace(
    wire: recent_runs::ResponseData,
    workspace: &str,
) -> Result<recent_runs::RecentRunsPipeline, Absence> {
    let sees_workspace = wire.workspace.is_some_and(|own| own.slug == workspace);
    let visible = match wire.pipeline {
        Some(pipeline) if pipeline.workspace.slug == workspace => return Ok(pipeline),
        None if sees_workspace => Visible::Workspace,
        Some(_) | None => Visible::Nothing,
    };
    let user = wire.me.and_then(|me| me.user).map(|user| UserId(user.id));
    Err(Absence { visible, user })
}

impl From<&follow_runs::FollowedRun> for PollResult {
    fn from(wire: &follow_runs::FollowedRun) -> Self {
        Self::Seen {
            status: RunStatus::parse(&wire.status),
            progress: percent(wire.progress),
        }
    }
}

impl From<stop_pipeline::StopPipelineStopPipeline> for Stop {
    fn from(wire: stop_pipeline::StopPipelineStopPipeline) -> Self {
        if wire.success {
            return Self::Accepted;
        }
        match wire.errors.first().map_or("", String::as_str) {
            "PIPELINE_ALREADY_COMPLETED" => Self::AlreadyCompleted,
            "PIPELINE_ALREADY_STOPPED" => Self::AlreadyStopped,
            "PERMISSION_DENIED" => Self::Denied,
            "PIPELINE_NOT_FOUND" => Self::NotFound,
            other if super::response::is_error_code(other) => Self::Other(other.to_owned()),
            _ => Self::Other(String::new()),
        }
    }
}

impl From<run_details::RunDetailsPipelineRun> for RunDetails {
    fn from(wire: run_details::RunDetailsPipelineRun) -> Self {
        Self {
            config: object(wire.config),
            logs: wire.logs,
            messages: wire.messages.into_iter().map(RunMessage::from).collect(),
            outputs: wire.outputs.into_iter().map(RunOutput::from).collect(),
        }
    }
}

impl From<run_details::RunDetailsPipelineRunMessages> for RunMessage {
    fn from(wire: run_details::RunDetailsPipelineRunMessages) -> Self {
        Self {
            text: wire.message,
            priority: wire.priority,
            at: when(wire.timestamp),
        }
    }
}

impl From<run_details::RunDetailsPipelineRunOutputs> for RunOutput {
    fn from(wire: run_details::RunDetailsPipelineRunOutputs) -> Self {
        use run_details::RunDetailsPipelineRunOutputs as Wire;
        match wire {
            Wire::BucketObject(file) => Self::File {
                name: file.name,
                path: file.path,
                size: file.size.as_ref().and_then(whole_number),
            },
            Wire::GenericOutput(link) => Self::Link {
                name: not_blank(link.generic_name),
                kind: link.type_,
                uri: link.uri,
            },
            Wire::DatabaseTable(table) => Self::Table {
                name: table.table_name,
            },
            Wire::Unknown => Self::Unknown,
        }
    }
}

impl From<run_log::RunLogPipelineRun> for RunLog {
    fn from(run: run_log::RunLogPipelineRun) -> Self {
        Self {
            text: run.logs.unwrap_or_default(),
            config: object(run.config),
        }
    }
}
