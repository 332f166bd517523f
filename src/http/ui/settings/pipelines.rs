//! Which pipelines have default parameters: all of the workspace, and those that are gone and still have some.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};
use serde_json::Map;

use super::connection::found;
use super::said;
use crate::domain::ids::PipelineId;
use crate::domain::pipeline::PipelineSummary;
use crate::domain::principal::Principal;
use crate::http::error::{Answer, Problem};
use crate::http::ui::shell::{Here, Shell, page};
use crate::service::Bridge;
use crate::service::configuration::Record;
use crate::service::defaults::DefaultsByPipeline;

#[derive(Template)]
#[template(path = "settings_pipelines.html")]
struct List {
    page: Shell,
    part: &'static str,
    attached: bool,
    /// Why there is no list of the workspace's pipelines.
    away: Option<String>,
    configured: bool,
    saved: bool,
    rows: Vec<Row>,
    stale_as_of: Option<DateTime<Utc>>,
}

struct Row {
    id: String,
    title: String,
    code: Option<String>,
    /// Whether the workspace has it no more.
    is_gone: bool,
    count: usize,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> Answer<HttpResponse> {
    let shell = Shell::of(&request, Here::Settings);
    let record = found(bridge.configuration.record(who.account).await)?;
    let kept = record.as_ref().map(Record::defaults).unwrap_or_default();
    let (all, stale_as_of, away) = match bridge.catalog.pipelines_soon(who.account).await {
        Ok(shown) => (shown.answer.to_vec(), shown.stale_as_of, None),
        Err(error) => {
            let why = shell.word(Problem::from(error).sentence());
            (Vec::new(), None, Some(why))
        }
    };
    let rows = rows(&all, &kept, away.is_none());
    let template = List {
        part: "pipelines",
        attached: bridge.configuration.is_managed_externally(),
        configured: record.is_ok(),
        away,
        saved: said(&request, "saved")
            .is_some_and(|saved| record.is_ok_and(|own| own.version == saved)),
        rows,
        stale_as_of,
        page: shell,
    };
    page(StatusCode::OK, &template)
}

/// The workspace's pipelines, and those that are gone and have defaults.
fn rows(all: &[PipelineSummary], kept: &DefaultsByPipeline, all_are_known: bool) -> Vec<Row> {
    let count = |id: PipelineId| kept.get(&id).map_or(0, Map::len);
    let there = all.iter().map(|one| Row {
        id: one.id.to_string(),
        title: one.title().to_owned(),
        code: Some(one.code.clone()),
        is_gone: false,
        count: count(one.id),
    });
    let is_stray = |id: &PipelineId| all.iter().all(|one| one.id != *id);
    let strays = kept.keys().copied().filter(is_stray).map(|id| Row {
        id: id.to_string(),
        title: id.to_string(),
        code: None,
        is_gone: all_are_known,
        count: count(id),
    });
    there.chain(strays).collect()
}
