//! `/dashboard/pipelines/`: the pipelines of the workspace with their last run, with search.

use std::collections::{BTreeSet, HashMap};

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};

use super::badge::Badge;
use super::layout::{Layout, Section, duration, page};
use crate::domain::ids::RunId;
use crate::domain::pipeline::{PipelineSummary, RunStatus};
use crate::domain::principal::Principal;
use crate::http::api::pipelines::matches;
use crate::http::api::query::Query;
use crate::http::error::HttpResult;
use crate::service::Bridge;
use crate::service::flows::PlannedRun;

#[derive(Template)]
#[template(path = "pipelines.html")]
struct PipelinesPage {
    page: Layout,
    search: String,
    tags: Vec<Tag>,
    tag: String,
    rows: Vec<PipelineListRow>,
    /// Number of pipelines in the workspace, without the search.
    all: usize,
    found: usize,
    stale_as_of: Option<DateTime<Utc>>,
}

struct Tag {
    name: String,
    address: String,
}

struct PipelineListRow {
    id: String,
    title: String,
    code: String,
    is_notebook: bool,
    tags: Vec<Tag>,
    version: Option<String>,
    last: Option<LastRun>,
    /// When a flow runs it next.
    planned: Option<DateTime<Utc>>,
}

struct LastRun {
    badge: Badge,
    at: Option<DateTime<Utc>>,
    took: Option<String>,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let query = Query::of(&request);
    let shown = bridge.catalog.pipelines(who.account).await?;
    let layout = Layout::of(&request, Section::Pipelines);
    let runs = shown
        .answer
        .iter()
        .filter_map(|one| Some(one.last_run.as_ref()?.id));
    let durations = bridge
        .catalog
        .durations(who.account, runs.collect())
        .await?;
    let found = shown.answer.iter().filter(|one| matches(one, &query));
    let planned = bridge.flows.calendar.planned(who.account).await?;
    let found = found.map(|one| row(&layout, one, &durations, &planned));
    let rows: Vec<PipelineListRow> = found.collect();
    let tags: BTreeSet<&String> = shown.answer.iter().flat_map(|one| &one.tags).collect();
    let template = PipelinesPage {
        search: query.get("search").unwrap_or_default().to_owned(),
        tag: query.get("tag").unwrap_or_default().to_owned(),
        tags: tags.into_iter().map(|name| tag(&layout, name)).collect(),
        all: shown.answer.len(),
        found: rows.len(),
        rows,
        stale_as_of: shown.stale_as_of,
        page: layout,
    };
    page(StatusCode::OK, &template)
}

fn tag(layout: &Layout, name: &str) -> Tag {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("tag", name).finish();
    Tag {
        name: name.to_owned(),
        address: layout.path_to(&format!("/pipelines/?{query}")),
    }
}

fn row(
    layout: &Layout,
    pipeline: &PipelineSummary,
    durations: &HashMap<RunId, Option<TimeDelta>>,
    planned: &[PlannedRun],
) -> PipelineListRow {
    let version = pipeline.current_version.as_ref();
    PipelineListRow {
        id: pipeline.id.to_string(),
        title: pipeline.title().to_owned(),
        code: pipeline.code.clone(),
        planned: planned
            .iter()
            .find(|run| run.pipelines.contains(&pipeline.id))
            .map(|run| run.next_at),
        is_notebook: pipeline.kind == "notebook",
        tags: pipeline.tags.iter().map(|name| tag(layout, name)).collect(),
        version: version.map(|version| label(version.number, version.name.as_deref())),
        last: pipeline.last_run.as_ref().map(|run| LastRun {
            badge: Badge::of_run(layout, &run.status),
            at: run.execution_date,
            took: match durations.get(&run.id) {
                Some(took) => took.map(duration),
                None => took(&run.status, run.duration),
            },
        }),
    }
}

/// The duration of an ended run without a task, which includes its time in the queue. For others, OpenHEXA returns 0.
pub fn took(status: &RunStatus, seconds: Option<i64>) -> Option<String> {
    let over = match status {
        RunStatus::Success | RunStatus::Failed | RunStatus::Stopped | RunStatus::Skipped => true,
        RunStatus::Queued | RunStatus::Running | RunStatus::Terminating | RunStatus::Other(_) => {
            false
        }
    };
    let seconds = seconds.filter(|_| over);
    seconds.map(|seconds| duration(TimeDelta::seconds(seconds)))
}

/// `v3`, or `v3 · June`. OpenHEXA appends the number to the name, or uses it as the name if there is none.
pub fn label(number: i64, name: Option<&str>) -> String {
    let own = format!("v{number}");
    let name = name.unwrap_or_default().trim();
    let name = name
        .strip_suffix(&format!("[{own}]"))
        .unwrap_or(name)
        .trim_end();
    if name.is_empty() || name == own {
        own
    } else {
        format!("{own} · {name}")
    }
}
