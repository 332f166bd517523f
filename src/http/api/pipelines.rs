//! `GET /pipelines/` and `GET /pipelines/{id}/`.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::json_types::time;
use super::pipeline_json::{PipelineItem, PipelineJson};
use super::query::Query;
use crate::domain::ids::{PipelineId, VersionId};
use crate::domain::message::{Message, say};
use crate::domain::pipeline::PipelineSummary;
use crate::domain::principal::Principal;
use crate::http::error::{HttpResult, Problem};
use crate::service::catalog::MaybeStale;
use crate::service::{Bridge, Error};

/// Added while OpenHEXA is not responding and cached data is returned.
#[derive(Serialize, ToSchema)]
struct Stale {
    stale: bool,
    #[schema(format = DateTime)]
    as_of: String,
}

/// Added when a page is requested.
#[derive(Serialize, ToSchema)]
struct Paging {
    count: usize,
    pages: usize,
    page: usize,
    has_next: bool,
    has_previous: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PipelineList)]
pub struct PipelineListJson {
    results: Vec<PipelineItem>,
    #[serde(flatten)]
    paging: Option<Paging>,
    #[serde(flatten)]
    stale: Option<Stale>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = PipelineDetail)]
pub struct PipelineDetailJson {
    #[serde(flatten)]
    pipeline: PipelineJson,
    #[serde(flatten)]
    stale: Option<Stale>,
}

fn stale<T>(shown: &MaybeStale<T>) -> Option<Stale> {
    shown.stale_as_of.map(|at| Stale {
        stale: true,
        as_of: time(at),
    })
}

#[utoipa::path(
    get,
    path = "/api/openhexa/pipelines/",
    operation_id = "list_pipelines",
    tag = "pipelines",
    params(
        ("search" = Option<String>, Query, description = "api-pipeline-search"),
        ("tag" = Option<String>, Query, description = "api-pipeline-tag"),
        ("functional_type" = Option<String>, Query, description = "api-pipeline-type"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "api-limit-all"),
        ("page" = Option<u32>, Query, minimum = 1, maximum = 1_000_000_000, description = "api-page"),
    ),
    responses(
        (status = 200, body = PipelineListJson),
        (status = 400),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<PipelineListJson>> {
    let query = Query::of(&request);
    let part = query.page_request()?;
    let shown = bridge.catalog.pipelines(who.account).await?;
    let wanted: Vec<_> = shown
        .answer
        .iter()
        .filter(|pipeline| matches(pipeline, &query))
        .collect();
    let (skip, take) = part.map_or((0, usize::MAX), |part| (part.skip(), part.limit));
    let results = wanted
        .iter()
        .skip(skip)
        .take(take)
        .map(|row| PipelineItem::from(*row))
        .collect();
    let paging = part.map(|part| {
        let pages = wanted.len().div_ceil(part.limit).max(1);
        Paging {
            count: wanted.len(),
            pages,
            page: part.page,
            has_next: part.page < pages,
            has_previous: part.page > 1,
        }
    });
    let stale = stale(&shown);
    Ok(Json(PipelineListJson {
        results,
        paging,
        stale,
    }))
}

/// Whether the pipeline matches the filters of the query.
pub fn matches(pipeline: &PipelineSummary, query: &Query) -> bool {
    let holds = |text: &str, part: &str| folded(text).contains(&folded(part));
    let searched = query.get("search").is_none_or(|part| {
        holds(pipeline.name.as_deref().unwrap_or_default(), part) || holds(&pipeline.code, part)
    });
    let tagged = query
        .get("tag")
        .is_none_or(|tag| pipeline.tags.iter().any(|own| own == tag));
    let typed = query
        .get("functional_type")
        .is_none_or(|wanted| pipeline.functional_type.as_deref() == Some(wanted));
    searched && tagged && typed
}

/// Lower case and without accents, because users search without them.
fn folded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.to_lowercase().chars() {
        match letter {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => plain.push('a'),
            'ç' => plain.push('c'),
            'è' | 'é' | 'ê' | 'ë' => plain.push('e'),
            'ì' | 'í' | 'î' | 'ï' => plain.push('i'),
            'ñ' => plain.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => plain.push('o'),
            'ù' | 'ú' | 'û' | 'ü' => plain.push('u'),
            'ý' | 'ÿ' => plain.push('y'),
            'œ' => plain.push_str("oe"),
            'æ' => plain.push_str("ae"),
            // A combining accent, which follows its letter.
            '\u{300}'..='\u{36f}' => {}
            other => plain.push(other),
        }
    }
    plain
}

#[utoipa::path(
    get,
    path = "/api/openhexa/pipelines/{id}/",
    operation_id = "get_pipeline",
    tag = "pipelines",
    params(
        ("id" = String, Path, format = "uuid", description = "api-pipeline-id"),
    ),
    responses(
        (status = 200, body = PipelineDetailJson),
        (status = 404),
        (status = 422),
        (status = 502),
        (status = 504),
    ),
)]
pub async fn detail(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> HttpResult<Json<PipelineDetailJson>> {
    let shown = bridge
        .catalog
        .pipeline(who.account, pipeline_id(&id)?)
        .await?;
    Ok(Json(PipelineDetailJson {
        pipeline: shown.answer.as_ref().into(),
        stale: stale(&shown),
    }))
}

/// A text that is not an id returns 404, like an unknown id.
pub fn pipeline_id(text: &str) -> HttpResult<PipelineId> {
    let id = hyphenated(text).map(PipelineId);
    id.ok_or_else(|| Error::no_pipeline().into())
}

/// The field `version` of a query or a form.
pub fn version_id(text: &str) -> HttpResult<VersionId> {
    read_version(text).map_err(|why| Problem::field("version", why))
}

/// With or without dashes, as Iaso accepts it.
pub fn read_version(text: &str) -> Result<VersionId, Message> {
    let id = Uuid::try_parse(text).map(VersionId);
    id.map_err(|_| say("version-not-uuid"))
}

/// An id as OpenHEXA writes it, in upper or lower case. `{…}` and `urn:uuid:…` are refused: each object has one URL.
pub fn hyphenated(text: &str) -> Option<Uuid> {
    let id = Uuid::try_parse(text).ok()?;
    (text.len() == Hyphenated::LENGTH).then_some(id)
}
