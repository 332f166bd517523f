//! `/dashboard/flows/`: the flows of the account, with the state of their last runs, page by page.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{flow_path, run_path};
use crate::domain::principal::Principal;
use crate::http::api::query::Query;
use crate::http::error::HttpResult;
use crate::http::flow_text::flow_name;
use crate::http::ui::badge::Badge;
use crate::http::ui::layout::{Layout, Section, page};
use crate::service::Bridge;
use crate::service::flows::FlowView;
use crate::service::{Page, PageQuery};

const MAX_ROWS: usize = 30;

#[derive(Template)]
#[template(path = "flows.html")]
struct FlowsPage {
    page: Layout,
    search: String,
    rows: Vec<FlowRow>,
    /// Whether this is not the start of the list.
    is_continued: bool,
    /// The first page, and the next one.
    first: String,
    next: Option<String>,
}

struct FlowRow {
    address: String,
    name: String,
    slug: String,
    is_paused: bool,
    /// The last runs, oldest first.
    squares: Vec<Square>,
    next_at: Option<DateTime<Utc>>,
}

/// A run as a small square.
struct Square {
    address: String,
    badge: Badge,
    id: i64,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let query = Query::of(&request);
    let search = query.text("search")?;
    let part = PageQuery {
        cursor: query.get("cursor").unwrap_or_default().to_owned(),
        limit: MAX_ROWS,
    };
    let reader = &bridge.flows.reader;
    let found = reader.flow_page(who.account, search.clone(), &part).await?;
    let layout = Layout::of(&request, Section::Flows);
    let template = flows(layout, search.unwrap_or_default(), &part, &found);
    page(StatusCode::OK, &template)
}

fn flows(layout: Layout, search: String, part: &PageQuery, found: &Page<FlowView>) -> FlowsPage {
    let rows = found.rows.iter();
    let next = found.next.as_deref();
    FlowsPage {
        rows: rows.map(|view| row(&layout, view)).collect(),
        is_continued: !part.cursor.is_empty(),
        first: link(&layout, &search, None),
        next: next.map(|cursor| link(&layout, &search, Some(cursor))),
        search,
        page: layout,
    }
}

/// The list with this search, from a cursor on.
fn link(layout: &Layout, search: &str, cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !search.is_empty() {
        query.append_pair("search", search);
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    let query = query.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    layout.path_to(&format!("/flows/{mark}{query}"))
}

fn row(layout: &Layout, view: &FlowView) -> FlowRow {
    let slug = &view.flow.slug;
    let runs = view.last_runs.iter().rev();
    FlowRow {
        address: layout.path_to(&flow_path(slug)),
        name: flow_name(&view.loaded.flow.name, layout.language),
        slug: slug.clone(),
        is_paused: view.flow.paused,
        squares: runs
            .map(|(id, status, _)| Square {
                address: layout.path_to(&run_path(*id)),
                badge: Badge::of_task(layout, *status),
                id: id.0,
            })
            .collect(),
        next_at: view.schedules.iter().filter_map(|row| row.next_at).min(),
    }
}
