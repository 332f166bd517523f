//! The lists of one pipeline: `…/versions/`, `…/runs/` and `…/parameters/{code}/choices/`.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use serde::Serialize;
use utoipa::ToSchema;

use super::json_types::time;
use super::pipeline_json::{LabelJson, ParameterJson, declared, label};
use super::pipelines::{pipeline_id, version_id};
use super::query::Query;
use super::schemas::Results;
use crate::domain::pipeline::VersionSummary;
use crate::domain::principal::Principal;
use crate::http::error::HttpResult;
use crate::service::Bridge;
use crate::service::catalog::RunWithTask;

const USUAL_LIMIT: usize = 20;

#[derive(Serialize, ToSchema)]
pub struct VersionRow {
    #[serde(flatten)]
    label: LabelJson,
    #[serde(rename = "createdAt")]
    #[schema(format = DateTime)]
    created_at: Option<String>,
    /// Null when OpenHEXA cannot read them.
    parameters: Option<Vec<ParameterJson>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RunRow)]
pub struct RunItem {
    #[schema(format = "uuid")]
    id: String,
    status: String,
    progress: i64,
    #[schema(format = DateTime)]
    execution_date: Option<String>,
    duration: Option<i64>,
    trigger_mode: Option<String>,
    #[serde(rename = "task_id")]
    task: Option<i64>,
}

impl From<&VersionSummary> for VersionRow {
    fn from(version: &VersionSummary) -> Self {
        let parameters = version.parameters.as_ref();
        Self {
            label: label(&version.label),
            created_at: version.created_at.map(time),
            parameters: parameters.map(|all| declared(all)),
        }
    }
}

impl From<&RunWithTask> for RunItem {
    fn from(owned: &RunWithTask) -> Self {
        let run = &owned.run;
        Self {
            id: run.id.to_string(),
            status: run.status.as_str().to_owned(),
            progress: run.progress,
            execution_date: run.execution_date.map(time),
            duration: run.duration,
            trigger_mode: run.trigger.clone(),
            task: owned.task.map(|task| task.0),
        }
    }
}

#[utoipa::path(
    get,
    path = "/api/openhexa/pipelines/{id}/versions/",
    operation_id = "list_versions",
    tag = "pipelines",
    params(
        ("id" = String, Path, format = "uuid", description = "api-pipeline-id"),
    ),
    responses(
        (status = 200, body = Results<VersionRow>),
        (status = 404),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn versions(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> HttpResult<Json<Results<VersionRow>>> {
    let found = bridge
        .catalog
        .versions(who.account, pipeline_id(&id)?)
        .await?;
    let results = found.iter().map(VersionRow::from).collect();
    Ok(Json(Results { results }))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/pipelines/{id}/runs/",
    operation_id = "list_runs",
    tag = "pipelines",
    params(
        ("id" = String, Path, format = "uuid", description = "api-pipeline-id"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "api-limit"),
    ),
    responses(
        (status = 200, body = Results<RunItem>),
        (status = 400),
        (status = 404),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn runs(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<Results<RunItem>>> {
    let limit = Query::of(&request).limit_or(USUAL_LIMIT)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let found = bridge
        .catalog
        .runs(who.account, pipeline_id(&id)?, limit)
        .await?;
    let results = found.iter().map(RunItem::from).collect();
    Ok(Json(Results { results }))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/pipelines/{id}/parameters/{code}/choices/",
    operation_id = "list_choices",
    tag = "pipelines",
    params(
        ("id" = String, Path, format = "uuid", description = "api-pipeline-id"),
        ("code" = String, Path, description = "api-parameter-code"),
        ("version" = Option<String>, Query, description = "api-version"),
    ),
    responses(
        (status = 200, body = Results<String>),
        (status = 400),
        (status = 404),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn choices(
    bridge: Data<Bridge>,
    who: Principal,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResult<Json<Results<String>>> {
    let (id, code) = path.into_inner();
    let pipeline = pipeline_id(&id)?;
    let query = Query::of(&request);
    let version = query.get("version").map(version_id).transpose()?;
    let found = bridge
        .catalog
        .choices(who.account, pipeline, version, &code)
        .await?;
    let results = found.to_vec();
    Ok(Json(Results { results }))
}
