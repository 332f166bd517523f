//! `/dashboard/tasks/`: the list of tasks, newest first, with filters. Pages use a cursor, so each costs the same in a
//! long list; the first one is updated live.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};

use super::badge::Badge;
use super::layout::{Layout, Section, page};
use super::task::{launcher, percent, took};
use super::task_message::brief;
use super::truncate::truncate;
use crate::domain::principal::Principal;
use crate::domain::task::{Status, Task};
use crate::http::api::query::Query;
use crate::http::api::tasks::filter;
use crate::http::error::{ErrorBody, HttpResult, Problem};
use crate::service::Bridge;
use crate::service::tasks::CursorPage;

const ROWS: usize = 30;
/// Characters of a message.
const LETTERS: usize = 140;
/// The filters of the list, with the names of the API.
const FILTERS: [&str; 5] = ["search", "status", "from", "to", "pipeline"];

#[derive(Template)]
#[template(path = "tasks.html")]
struct TasksPage {
    page: Layout,
    search: String,
    from: String,
    to: String,
    pipeline: String,
    /// The pipeline's name, if the list contains a task of it.
    pipeline_name: Option<String>,
    statuses: Vec<StatusChoice>,
    rows: Vec<TaskListRow>,
    is_filtered: bool,
    /// Whether new tasks appear automatically: on the first page only.
    is_live: bool,
    older: Option<String>,
    problem: Option<String>,
}

struct StatusChoice {
    word: &'static str,
    shown: String,
    chosen: bool,
}

struct TaskListRow {
    id: i64,
    pipeline: String,
    version: Option<String>,
    badge: Badge,
    is_unconfirmed: bool,
    percent: Option<i64>,
    message: Option<String>,
    at: DateTime<Utc>,
    took: Option<String>,
    launcher: Option<String>,
}

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let query = Query::of(&request);
    let layout = Layout::of(&request, Section::Tasks);
    match find(&bridge, &who, &query).await {
        Ok(found) => page(StatusCode::OK, &tasks(layout, &query, &found, None)),
        Err(problem) if problem.status_code() == StatusCode::BAD_REQUEST => {
            let nothing = CursorPage {
                tasks: Vec::new(),
                next: None,
            };
            let problem = ErrorBody::new(&problem, layout.language).error().to_owned();
            let shown = tasks(layout, &query, &nothing, Some(problem));
            page(StatusCode::BAD_REQUEST, &shown)
        }
        Err(problem) => Err(problem),
    }
}

async fn find(bridge: &Bridge, who: &Principal, query: &Query) -> Result<CursorPage, Problem> {
    let filter = filter(who, query, ROWS)?;
    let cursor = query.get("cursor").unwrap_or_default();
    Ok(bridge.tasks.list_after(filter, cursor).await?)
}

fn tasks(layout: Layout, query: &Query, found: &CursorPage, problem: Option<String>) -> TasksPage {
    let given = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let pipeline = given("pipeline");
    let first = found.tasks.first().filter(|_| !pipeline.is_empty());
    let chosen = given("status").to_ascii_uppercase();
    let choice = |status: Status| StatusChoice {
        word: status.as_str(),
        shown: Badge::of_task(&layout, status).word,
        chosen: status.as_str() == chosen,
    };
    TasksPage {
        search: given("search"),
        from: given("from"),
        to: given("to"),
        pipeline_name: first.map(|view| view.task.pipeline.name.clone()),
        pipeline,
        statuses: Status::ALL.map(choice).into(),
        rows: found
            .tasks
            .iter()
            .map(|view| row(&layout, &view.task))
            .collect(),
        is_filtered: FILTERS.iter().any(|name| query.get(name).is_some()),
        is_live: problem.is_none() && query.get("cursor").is_none(),
        older: found
            .next
            .as_ref()
            .map(|cursor| older(&layout, query, cursor)),
        problem,
        page: layout,
    }
}

/// The address of the next page.
fn older(layout: &Layout, query: &Query, cursor: &str) -> String {
    let mut older = form_urlencoded::Serializer::new(String::new());
    for name in FILTERS {
        if let Some(value) = query.get(name) {
            older.append_pair(name, value);
        }
    }
    let older = older.append_pair("cursor", cursor).finish();
    layout.path_to(&format!("/tasks/?{older}"))
}

fn row(layout: &Layout, task: &Task) -> TaskListRow {
    let version = task.pipeline.version.as_ref();
    TaskListRow {
        id: task.id.0,
        pipeline: task.pipeline.name.clone(),
        version: version.map(|own| super::pipelines::label(own.number, own.name.as_deref())),
        badge: Badge::of_task(layout, task.status()),
        is_unconfirmed: task.outcome().is_some() && !task.is_confirmed(),
        percent: percent(task),
        message: brief(layout, task).map(|text| truncate(&text, LETTERS).0),
        at: task.created_at,
        took: took(task),
        launcher: launcher(layout, task),
    }
}
