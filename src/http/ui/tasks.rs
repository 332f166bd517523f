//! `/dashboard/tasks/`: what was launched, newest first, to be narrowed down. A page goes on from where the one before
//! ended, so that it costs the same anywhere in a long list; the first one lives.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};

use super::badge::Badge;
use super::shell::{Here, Shell, page};
use super::short::shortened;
use super::task::{launcher, message, percent, took};
use crate::domain::principal::Principal;
use crate::domain::task::{Status, Task};
use crate::http::api::query::Query;
use crate::http::api::tasks::filter;
use crate::http::error::{Answer, Problem, Told};
use crate::service::Bridge;
use crate::service::tasks::CursorPage;

const ROWS: usize = 30;
/// Letters of a message.
const LETTERS: usize = 140;
/// What a list may be narrowed down by, as the API has it.
const FILTERS: [&str; 5] = ["search", "status", "from", "to", "pipeline"];

#[derive(Template)]
#[template(path = "tasks.html")]
struct Tasks {
    page: Shell,
    search: String,
    from: String,
    to: String,
    pipeline: String,
    /// The pipeline's name, where a task tells it.
    pipeline_name: Option<String>,
    statuses: Vec<Choice>,
    rows: Vec<Row>,
    is_filtered: bool,
    /// Whether new tasks appear by themselves: on the first page only.
    is_live: bool,
    older: Option<String>,
    told: Option<String>,
}

struct Choice {
    word: &'static str,
    shown: String,
    chosen: bool,
}

struct Row {
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
) -> Answer<HttpResponse> {
    let query = Query::of(&request);
    let shell = Shell::of(&request, Here::Tasks);
    match find(&bridge, &who, &query).await {
        Ok(found) => page(StatusCode::OK, &tasks(shell, &query, &found, None)),
        Err(problem) if problem.status_code() == StatusCode::BAD_REQUEST => {
            let nothing = CursorPage {
                tasks: Vec::new(),
                next: None,
            };
            let told = Told::new(&problem, shell.language).error().to_owned();
            let shown = tasks(shell, &query, &nothing, Some(told));
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

fn tasks(shell: Shell, query: &Query, found: &CursorPage, told: Option<String>) -> Tasks {
    let given = |name: &str| query.get(name).unwrap_or_default().to_owned();
    let pipeline = given("pipeline");
    let first = found.tasks.first().filter(|_| !pipeline.is_empty());
    let chosen = given("status").to_ascii_uppercase();
    let choice = |status: Status| Choice {
        word: status.word(),
        shown: Badge::of_task(&shell, status).word,
        chosen: status.word() == chosen,
    };
    Tasks {
        search: given("search"),
        from: given("from"),
        to: given("to"),
        pipeline_name: first.map(|seen| seen.task.pipeline.name.clone()),
        pipeline,
        statuses: Status::ALL.map(choice).into(),
        rows: found
            .tasks
            .iter()
            .map(|seen| row(&shell, &seen.task))
            .collect(),
        is_filtered: FILTERS.iter().any(|name| query.get(name).is_some()),
        is_live: told.is_none() && query.get("cursor").is_none(),
        older: found
            .next
            .as_ref()
            .map(|cursor| older(&shell, query, cursor)),
        told,
        page: shell,
    }
}

/// The same list, from where this page ends.
fn older(shell: &Shell, query: &Query, cursor: &str) -> String {
    let mut older = form_urlencoded::Serializer::new(String::new());
    for name in FILTERS {
        if let Some(value) = query.get(name) {
            older.append_pair(name, value);
        }
    }
    let older = older.append_pair("cursor", cursor).finish();
    shell.below(&format!("/tasks/?{older}"))
}

fn row(shell: &Shell, task: &Task) -> Row {
    let version = task.pipeline.version.as_ref();
    Row {
        id: task.id.0,
        pipeline: task.pipeline.name.clone(),
        version: version.map(|own| super::pipelines::label(own.number, own.name.as_deref())),
        badge: Badge::of_task(shell, task.status()),
        is_unconfirmed: task.verdict().is_some() && !task.confirmed(),
        percent: percent(task),
        message: message(shell, task).map(|text| shortened(&text, LETTERS).0),
        at: task.created_at,
        took: took(task),
        launcher: launcher(shell, task),
    }
}
