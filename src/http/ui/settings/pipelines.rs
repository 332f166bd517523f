//! The settings page that lists pipelines with default parameters: those of the workspace, and deleted ones that still
//! have some.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::Map;

use super::connection::record_or_reason;
use super::version_in_query;
use crate::domain::ids::PipelineId;
use crate::domain::pipeline::PipelineSummary;
use crate::domain::principal::Principal;
use crate::http::error::{HttpResult, Problem};
use crate::http::ui::layout::{Layout, Section, page};
use crate::service::Bridge;
use crate::service::configuration::ConfigRecord;
use crate::service::defaults::DefaultsByPipeline;

#[derive(Template)]
#[template(path = "settings_pipelines.html")]
struct DefaultsListPage {
    page: Layout,
    part: &'static str,
    attached: bool,
    /// Why the pipelines of the workspace are missing.
    unavailable: Option<String>,
    configured: bool,
    saved: bool,
    rows: Vec<DefaultsRow>,
    stale_as_of: Option<DateTime<Utc>>,
}

struct DefaultsRow {
    id: String,
    title: String,
    code: Option<String>,
    /// Whether the pipeline does not exist any more.
    is_gone: bool,
    count: usize,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let layout = Layout::of(&request, Section::Settings);
    let record = record_or_reason(bridge.configuration.record(who.account).await)?;
    let stored = record
        .as_ref()
        .map(ConfigRecord::defaults)
        .unwrap_or_default();
    let (all, stale_as_of, unavailable) = match bridge.catalog.pipelines_soon(who.account).await {
        Ok(shown) => (shown.answer.to_vec(), shown.stale_as_of, None),
        Err(error) => {
            let why = layout.word(Problem::from(error).sentence());
            (Vec::new(), None, Some(why))
        }
    };
    let rows = rows(&all, &stored, unavailable.is_none());
    let template = DefaultsListPage {
        part: "pipelines",
        attached: bridge.configuration.is_managed_externally(),
        configured: record.is_ok(),
        unavailable,
        saved: version_in_query(&request, "saved")
            .is_some_and(|saved| record.is_ok_and(|own| own.version == saved)),
        rows,
        stale_as_of,
        page: layout,
    };
    page(StatusCode::OK, &template)
}

/// The pipelines of the workspace, then deleted ones that have defaults.
fn rows(
    all: &[PipelineSummary],
    stored: &DefaultsByPipeline,
    all_are_known: bool,
) -> Vec<DefaultsRow> {
    let count = |id: PipelineId| stored.get(&id).map_or(0, Map::len);
    let there = all.iter().map(|one| DefaultsRow {
        id: one.id.to_string(),
        title: one.title().to_owned(),
        code: Some(one.code.clone()),
        is_gone: false,
        count: count(one.id),
    });
    let is_deleted = |id: &PipelineId| all.iter().all(|one| one.id != *id);
    let deleted = stored
        .keys()
        .copied()
        .filter(is_deleted)
        .map(|id| DefaultsRow {
            id: id.to_string(),
            title: id.to_string(),
            code: None,
            is_gone: all_are_known,
            count: count(id),
        });
    there.chain(deleted).collect()
}
