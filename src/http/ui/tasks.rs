//! `/dashboard/tasks/`: the list of tasks, newest first, with filters. Pages use a cursor, so each costs the same in a
//! long list; the first one is updated live.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;
use chrono::{DateTime, Utc};

use super::badge::Badge;
use super::layout::{Layout, Section, page};
use super::number_format::count;
use super::task::{launcher, percent, took};
use super::task_filter::{FilterForm, FilterQuery, Preset};
use super::task_message::brief;
use super::time_zone::zone_name;
use super::truncate::truncate;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::domain::task::Task;
use crate::http::error::{ErrorBody, HttpResult, Problem};
use crate::service::Bridge;
use crate::service::tasks::{CursorPage, FoundTasks, MAX_SEARCHED, TaskCount};

const MAX_ROWS: i64 = 30;
/// Maximum number of characters of a message.
const MAX_CHARACTERS: usize = 140;

#[derive(Template)]
#[template(path = "tasks.html")]
struct TasksPage {
    page: Layout,
    form: FilterForm,
    presets: Vec<Preset>,
    zone: String,
    /// In minutes; the script compares it with the user's offset.
    zone_minutes: i32,
    /// How many tasks match.
    count: Option<String>,
    /// A note that older tasks were not searched.
    cut: Option<String>,
    rows: Vec<TaskListRow>,
    /// Whether new tasks appear automatically: on the first page only.
    is_live: bool,
    /// The first page with the same filters.
    newest: String,
    older: Option<String>,
    problem: Option<String>,
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
    let query = FilterQuery::of(&request);
    let layout = Layout::of(&request, Section::Tasks);
    let now = bridge.tasks.now();
    match find(&bridge, &who, &query).await {
        Ok(found) => page(StatusCode::OK, &tasks(layout, &who, &query, &found, now)),
        Err(problem) if problem.status_code() == StatusCode::BAD_REQUEST => {
            let sentence = ErrorBody::new(&problem, layout.language).error().to_owned();
            let empty = empty_list(&bridge, &who).await?;
            let shown = TasksPage {
                problem: Some(sentence),
                is_live: false,
                count: None,
                ..tasks(layout, &who, &query, &empty, now)
            };
            page(StatusCode::BAD_REQUEST, &shown)
        }
        Err(problem) => Err(problem),
    }
}

async fn find(
    bridge: &Bridge,
    who: &Principal,
    query: &FilterQuery,
) -> Result<FoundTasks, Problem> {
    let filter = query.filter(who, MAX_ROWS)?;
    let cursor = query.query.get("cursor").unwrap_or_default();
    Ok(bridge.tasks.find(filter, cursor).await?)
}

/// For a page that only shows what is wrong with the filters.
async fn empty_list(bridge: &Bridge, who: &Principal) -> Result<FoundTasks, Problem> {
    Ok(FoundTasks {
        page: CursorPage {
            tasks: Vec::new(),
            next: None,
        },
        count: TaskCount::Exactly(0),
        is_cut: false,
        choices: bridge.tasks.choices(who.account).await?,
    })
}

fn tasks(
    layout: Layout,
    who: &Principal,
    query: &FilterQuery,
    found: &FoundTasks,
    now: DateTime<Utc>,
) -> TasksPage {
    let views = found.page.tasks.iter();
    let next = found.page.next.as_ref();
    TasksPage {
        form: query.form(&layout, who, &found.choices),
        presets: query.presets(&layout, now),
        zone: zone_name(query.zone),
        zone_minutes: query.zone.minutes(),
        count: Some(matching(&layout, found.count)),
        cut: found.is_cut.then(|| {
            let most = count(layout.language, MAX_SEARCHED);
            layout.with("tasks-cut", "most", most)
        }),
        rows: views.map(|view| row(&layout, &view.task)).collect(),
        is_live: query.query.get("cursor").is_none(),
        newest: query.link(&layout, &[]),
        older: next.map(|cursor| query.link(&layout, &[("cursor", cursor)])),
        problem: None,
        page: layout,
    }
}

/// How many tasks match, as text.
fn matching(layout: &Layout, found: TaskCount) -> String {
    match found {
        TaskCount::Exactly(number) => {
            let shown = count(layout.language, number);
            let sentence = say("tasks-count").with("count", number);
            layout.word(&sentence.with("shown", shown))
        }
        TaskCount::MoreThan(most) => {
            layout.with("tasks-more", "most", count(layout.language, most))
        }
    }
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
        message: brief(layout, task).map(|text| truncate(&text, MAX_CHARACTERS).0),
        at: task.created_at,
        took: took(task),
        launcher: launcher(layout, task),
    }
}
