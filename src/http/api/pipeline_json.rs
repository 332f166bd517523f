//! Pipelines, versions and parameters as JSON.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::json_types::time_or_null;
use crate::domain::parameters::{Parameter, masked};
use crate::domain::pipeline::{Pipeline, PipelineSummary, RunSummary, Version, VersionLabel};
use crate::domain::validation;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PipelineRow)]
pub struct PipelineItem {
    #[schema(format = "uuid")]
    id: String,
    name: Option<String>,
    code: String,
    #[serde(rename = "type")]
    kind: String,
    functional_type: Option<String>,
    tags: Vec<String>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    current_version: Option<LabelJson>,
    last_run: Option<RunJson>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VersionLabel)]
pub struct LabelJson {
    #[schema(format = "uuid")]
    id: String,
    version_number: i64,
    version_name: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LastRun)]
struct RunJson {
    #[schema(format = "uuid")]
    id: String,
    status: String,
    #[schema(format = DateTime)]
    execution_date: Option<String>,
    duration: Option<i64>,
}

impl From<&PipelineSummary> for PipelineItem {
    fn from(pipeline: &PipelineSummary) -> Self {
        Self {
            id: pipeline.id.to_string(),
            name: pipeline.name.clone(),
            code: pipeline.code.clone(),
            kind: pipeline.kind.clone(),
            functional_type: pipeline.functional_type.clone(),
            tags: pipeline.tags.clone(),
            created_at: time_or_null(pipeline.created_at),
            current_version: pipeline.current_version.as_ref().map(label),
            last_run: pipeline.last_run.as_ref().map(run),
        }
    }
}

pub fn label(version: &VersionLabel) -> LabelJson {
    LabelJson {
        id: version.id.to_string(),
        version_number: version.number,
        version_name: version.name.clone(),
    }
}

fn run(run: &RunSummary) -> RunJson {
    RunJson {
        id: run.id.to_string(),
        status: run.status.as_str().to_owned(),
        execution_date: time_or_null(run.execution_date),
        duration: run.duration,
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Pipeline)]
pub struct PipelineJson {
    #[schema(format = "uuid")]
    id: String,
    name: Option<String>,
    code: String,
    #[serde(rename = "type")]
    kind: String,
    description: Option<String>,
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// OpenHEXA's own schedule of the pipeline: a cron expression in UTC, null without one. OpenHEXA launches these runs
    /// itself, without the bridge.
    schedule: Option<String>,
    permissions: Permissions,
    current_version: Option<VersionJson>,
}

#[derive(Serialize, ToSchema)]
struct Permissions {
    run: bool,
    stop: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Version)]
struct VersionJson {
    #[serde(flatten)]
    label: LabelJson,
    config: Map<String, Value>,
    timeout: Option<i64>,
    parameters: Vec<ParameterJson>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Parameter)]
pub struct ParameterJson {
    code: String,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    required: bool,
    multiple: bool,
    default: Option<Value>,
    choices: Option<Vec<Value>>,
    choices_from_file: Option<ChoicesJson>,
    help: Option<String>,
    widget: Option<String>,
    connection: Option<String>,
    directory: Option<String>,
    disables: Vec<String>,
    disable_when: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChoicesFile)]
struct ChoicesJson {
    path: String,
    format: String,
    column: Option<String>,
}

impl From<&Pipeline> for PipelineJson {
    fn from(pipeline: &Pipeline) -> Self {
        Self {
            id: pipeline.id.to_string(),
            name: pipeline.name.clone(),
            code: pipeline.code.clone(),
            kind: pipeline.kind.clone(),
            description: pipeline.description.clone(),
            created_at: time_or_null(pipeline.created_at),
            schedule: pipeline.schedule.clone(),
            permissions: Permissions {
                run: pipeline.may_run,
                stop: pipeline.may_stop,
            },
            current_version: pipeline.current_version.as_ref().map(version),
        }
    }
}

fn version(version: &Version) -> VersionJson {
    VersionJson {
        label: label(&version.label),
        config: validation::masked(&version.parameters, &version.config),
        timeout: version.timeout_seconds,
        parameters: declared(&version.parameters),
    }
}

/// The parameters of a version. The default of a parameter is masked if it is secret by its type or its name.
pub fn declared(all: &[Parameter]) -> Vec<ParameterJson> {
    all.iter().map(|parameter| one_of(all, parameter)).collect()
}

fn one_of(all: &[Parameter], parameter: &Parameter) -> ParameterJson {
    let default = parameter.default.clone();
    ParameterJson {
        code: parameter.code.clone(),
        name: parameter.name.clone(),
        kind: parameter.kind.as_str().to_owned(),
        required: parameter.required,
        multiple: parameter.multiple,
        default: default.map(|value| {
            if validation::is_hidden(all, &parameter.code, &value) {
                masked(&value)
            } else {
                value
            }
        }),
        // The error message for an invalid value does not list the choices of a secret either.
        choices: parameter.choices.clone().filter(|_| !parameter.is_secret()),
        choices_from_file: parameter
            .choices_from_file
            .as_ref()
            .map(|file| ChoicesJson {
                path: file.path.clone(),
                format: file.format.clone(),
                column: file.column.clone(),
            }),
        help: parameter.help.clone(),
        widget: parameter.widget.clone(),
        connection: parameter.connection.clone(),
        directory: parameter.directory.clone(),
        disables: parameter.disables.clone(),
        disable_when: parameter.disable_when,
    }
}
