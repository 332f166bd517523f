//! `/dashboard/flows/{slug}/versions/` and `…/versions/{number}/`: who saved which version, what it changed, and its document, which can
//! be saved again as a new version.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{Data, Path};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};

use super::diff_view::DiffView;
use super::flow_actions::messages;
use super::flow_parts::{self, VersionItem};
use super::{edit_path, flow_path, version_path};
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::api::flows;
use crate::http::api::query::Query;
use crate::http::error::{HttpResult, Problem, sentences};
use crate::http::event_text::actor;
use crate::http::request_extensions::AuditObject;
use crate::http::ui::error_page::has_own_page;
use crate::http::ui::layout::{Layout, Section, large_page, page, redirect_to_page};
use crate::service::flows::FlowVersion;
use crate::service::{Bridge, Error};

/// How many versions a page lists.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "flow_versions.html")]
struct VersionsPage {
    page: Layout,
    slug: String,
    flow: String,
    versions: Vec<VersionItem>,
    older: Option<String>,
}

#[derive(Template)]
#[template(path = "flow_version.html")]
struct VersionPage {
    page: Layout,
    address: String,
    slug: String,
    flow: String,
    number: i64,
    at: DateTime<Utc>,
    by: String,
    document: String,
    /// The version that it is compared with.
    with: Option<i64>,
    diff: Option<DiffView>,
    /// If it is not the current version: where to edit it, and the current version.
    earlier: Option<(String, i64)>,
    messages: Vec<String>,
}

/// The newest versions first; with `before`, only earlier ones.
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    slug: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let slug = flows::slug(&slug)?;
    let before = Query::of(&request).id("before")?;
    let reader = &bridge.flows.reader;
    let limit = i64::try_from(ROWS + 1).unwrap_or(i64::MAX);
    let mut found = reader.versions_of(who.account, slug, before, limit).await?;
    let current = current(&bridge, &who, slug).await?;
    let layout = Layout::of(&request, Section::Flows);
    let has_more = found.len() > ROWS;
    found.truncate(ROWS);
    let last = found.last().filter(|_| has_more).map(|one| one.number);
    let path = format!("{}versions/", flow_path(slug));
    let template = VersionsPage {
        slug: slug.to_owned(),
        flow: layout.path_to(&flow_path(slug)),
        versions: found
            .iter()
            .map(|one| flow_parts::version(&layout, slug, one, current))
            .collect(),
        older: last.map(|last| layout.path_to(&format!("{path}?before={last}"))),
        page: layout,
    };
    page(StatusCode::OK, &template)
}

/// The number of the current version. None: the flow was deleted.
async fn current(bridge: &Bridge, who: &Principal, slug: &str) -> Result<Option<i64>, Error> {
    match bridge.flows.reader.get(who.account, slug).await {
        Ok(view) => Ok(Some(view.flow.version)),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

pub async fn show(
    bridge: Data<Bridge>,
    who: Principal,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let (slug, number) = path.into_inner();
    let number = version_number(&number)?;
    let slug = flows::slug(&slug)?;
    render(&bridge, &who, &request, (slug, number), Refusal::default()).await
}

fn version_number(text: &str) -> Result<i64, Error> {
    let unknown = |_| Error::NotFound(say("flow-version-not-found"));
    text.parse().map_err(unknown)
}

/// Why a version was not restored.
#[derive(Default)]
struct Refusal {
    status: StatusCode,
    messages: Vec<String>,
}

async fn render(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    (slug, number): (&str, i64),
    refusal: Refusal,
) -> HttpResult<HttpResponse> {
    let reader = &bridge.flows.reader;
    let version = reader.version(who.account, slug, number).await?;
    let with = Query::of(request).id("with")?.unwrap_or(number - 1);
    let other = match with {
        with if with == number || with < 1 => None,
        with => Some(reader.version(who.account, slug, with).await?),
    };
    let current = current(bridge, who, slug).await?;
    let mut layout = Layout::of(request, Section::Flows);
    if *request.method() != Method::GET {
        layout = layout.with_address(&version_path(slug, number));
    }
    let slug = slug.to_owned();
    let (status, messages) = (refusal.status, refusal.messages);
    let page = move || compose(layout, slug, version, other, (current, messages));
    large_page(status, page).await
}

fn compose(
    layout: Layout,
    slug: String,
    version: FlowVersion,
    other: Option<FlowVersion>,
    (current, messages): (Option<i64>, Vec<String>),
) -> VersionPage {
    let number = version.number;
    let earlier = current.filter(|current| *current != number);
    let edit = || layout.path_to(&format!("{}?version={number}", edit_path(&slug)));
    VersionPage {
        address: layout.path_to(&version_path(&slug, number)),
        flow: layout.path_to(&flow_path(&slug)),
        at: version.saved_at,
        by: actor(layout.language, &version.saved_by.actor),
        diff: other
            .as_ref()
            .map(|other| DiffView::new(&layout, &other.document, &version.document)),
        with: other.map(|other| other.number),
        document: version.document,
        earlier: earlier.map(|current| (edit(), current)),
        messages,
        number,
        slug,
        page: layout,
    }
}

/// Saves the document of a version as a new version.
pub async fn restore(
    bridge: Data<Bridge>,
    who: Principal,
    path: Path<(String, String)>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let (slug, number) = path.into_inner();
    let number = version_number(&number)?;
    let slug = flows::slug(&slug)?;
    let object = AuditObject(format!("{slug} from version {number}"));
    request.extensions_mut().insert(object);
    let version = bridge
        .flows
        .reader
        .version(who.account, slug, number)
        .await?;
    let saving = bridge.flows.update(&who, slug, version.document, None);
    match Box::pin(saving).await {
        Ok(_) => Ok(redirect_to_page(&request, &flow_path(slug))),
        Err(error) => {
            let refusal = refused(error, Language::of(request.headers()))?;
            render(&bridge, &who, &request, (slug, number), refusal).await
        }
    }
}

fn refused(error: Error, language: Language) -> HttpResult<Refusal> {
    if has_own_page(&error) {
        return Err(error.into());
    }
    let mut messages = messages(&error, language);
    if let Error::Document(faults) = &error {
        messages = sentences(faults, language);
    }
    let problem = Problem::from(error);
    if messages.is_empty() {
        messages.push(language.translate(problem.sentence()));
    }
    Ok(Refusal {
        status: problem.status_code(),
        messages,
    })
}
