//! `GET /tasks/`, one task; `POST /tasks/{id}/cancel/`.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::include::{DetailedTask, Wanted};
use super::query::Query;
use super::view::FullTask;
use crate::domain::ids::TaskId;
use crate::domain::principal::Principal;
use crate::domain::sentence::say;
use crate::domain::task::Status;
use crate::http::error::{Answer, Problem};
use crate::http::language::Language;
use crate::service::tasks::{Order, TaskFilter};
use crate::service::{Bridge, Error};

const USUAL_LIMIT: usize = 20;

#[derive(Serialize, ToSchema)]
#[schema(as = TaskPage)]
pub struct Listing {
    count: usize,
    results: Vec<FullTask>,
    page: usize,
    pages: usize,
    limit: usize,
    has_next: bool,
    has_previous: bool,
}

/// A page that starts where the previous one ended.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskPageAfter)]
pub struct After {
    results: Vec<FullTask>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// A page by number or by cursor.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Tasks {
    Numbered(Listing),
    After(After),
}

#[utoipa::path(
    get,
    path = "/api/openhexa/tasks/",
    operation_id = "list_tasks",
    tag = "tasks",
    params(
        ("status" = Option<String>, Query, description = "api-task-statuses"),
        ("pipeline" = Option<String>, Query, format = "uuid", description = "api-task-pipeline"),
        ("launcher" = Option<i64>, Query, description = "api-task-launcher"),
        ("from" = Option<String>, Query, description = "api-task-from"),
        ("to" = Option<String>, Query, description = "api-task-to"),
        ("search" = Option<String>, Query, max_length = 200, description = "api-task-search"),
        ("order" = Option<String>, Query, pattern = "^-?(created_at|id|updated_at|started_at|ended_at|status|name)$", description = "api-task-order"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "api-limit"),
        ("page" = Option<u32>, Query, minimum = 1, maximum = 1_000_000_000, description = "api-page"),
        ("cursor" = Option<String>, Query, description = "api-cursor"),
    ),
    responses(
        (status = 200, body = Tasks),
        (status = 400),
    ),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> Answer<Json<Tasks>> {
    let query = Query::of(&request);
    if let Some(cursor) = query.given("cursor") {
        return follow(&bridge, &who, &query, cursor).await;
    }
    let part = query.part_or(USUAL_LIMIT)?;
    let page = i64::try_from(part.page).unwrap_or(i64::MAX);
    let filter = filter(&who, &query, part.limit)?;
    let listed = bridge.tasks.list(filter, page).await?;
    let results: Vec<FullTask> = listed.tasks.iter().map(FullTask::from).collect();
    let count = usize::try_from(listed.count).unwrap_or_default();
    let pages = count.div_ceil(part.limit).max(1);
    Ok(Json(Tasks::Numbered(Listing {
        count,
        results,
        page: part.page,
        pages,
        limit: part.limit,
        has_next: part.page < pages,
        has_previous: part.page > 1,
    })))
}

/// From where the page before ended; a count would cost more than the page.
async fn follow(
    bridge: &Bridge,
    who: &Principal,
    query: &Query,
    cursor: &str,
) -> Answer<Json<Tasks>> {
    if query.get("page").is_some() {
        return Err(Problem::field("cursor", say("query-cursor-or-page")));
    }
    let filter = filter(who, query, query.limit_or(USUAL_LIMIT)?)?;
    let followed = bridge.tasks.list_after(filter, cursor).await?;
    Ok(Json(Tasks::After(After {
        results: followed.tasks.iter().map(FullTask::from).collect(),
        next: followed.next,
    })))
}

/// What a list with this query shows.
pub fn filter(who: &Principal, query: &Query, limit: usize) -> Answer<TaskFilter> {
    let (order, descending) = order(query)?;
    let pipeline = query.get("pipeline").map(str::parse).transpose();
    Ok(TaskFilter {
        account: who.account,
        statuses: statuses(query)?,
        pipeline: pipeline.map_err(|_| Problem::field("pipeline", say("query-uuid")))?,
        launcher: query.id("launcher")?,
        from: query.time("from", false)?,
        to: query.time("to", true)?,
        search: query.text("search")?,
        order,
        descending,
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    })
}

/// A set: a repeated status is listed once, so the list is never longer than the known statuses.
fn statuses(query: &Query) -> Answer<Vec<Status>> {
    let mut found = Vec::new();
    for word in query.get("status").unwrap_or_default().split(',') {
        let word = word.trim();
        if word.is_empty() {
            continue;
        }
        let status = Status::parse(&word.to_ascii_uppercase());
        let status = status.ok_or_else(|| Problem::field("status", say("query-status")))?;
        if !found.contains(&status) {
            found.push(status);
        }
    }
    Ok(found)
}

fn order(query: &Query) -> Answer<(Order, bool)> {
    let wanted = query.get("order").unwrap_or("-created_at");
    let (name, descending) = wanted
        .strip_prefix('-')
        .map_or((wanted, false), |name| (name, true));
    let order = match name {
        "created_at" | "id" => Order::CreatedAt,
        "updated_at" => Order::UpdatedAt,
        "started_at" => Order::StartedAt,
        "ended_at" => Order::EndedAt,
        "status" => Order::Status,
        "name" => Order::Name,
        _ => return Err(Problem::field("order", say("query-order"))),
    };
    Ok((order, descending))
}

#[utoipa::path(
    get,
    path = "/api/openhexa/tasks/{id}/",
    operation_id = "get_task",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "api-task-id"),
        ("include" = Option<String>, Query, description = "api-include"),
    ),
    responses(
        (status = 200, body = DetailedTask),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn detail(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> Answer<Json<DetailedTask>> {
    let wanted = Wanted::of(&Query::of(&request))?;
    let seen = bridge.tasks.view(who.account, task_id(&id)?).await?;
    let task = FullTask::with_config(&seen);
    if !wanted.anything() {
        return Ok(Json(DetailedTask::plain(task)));
    }
    Ok(Json(match bridge.tasks.run_details(seen.task.id).await {
        Ok(found) => DetailedTask::with(task, wanted, found),
        Err(Error::Upstream(why)) => {
            let language = Language::of(request.headers());
            DetailedTask::without(task, wanted, language.word(&why.sentence()))
        }
        Err(error) => return Err(error.into()),
    }))
}

/// The stop request is stored at once; the task ends when its run has ended.
#[utoipa::path(
    post,
    path = "/api/openhexa/tasks/{id}/cancel/",
    operation_id = "cancel_task",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "api-task-id"),
    ),
    responses(
        (status = 202, body = FullTask),
        (status = 404),
        (status = 409),
    ),
)]
pub async fn cancel(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let id = task_id(&id)?;
    bridge.runs.stopper.cancel(&who, id).await?;
    let seen = bridge.tasks.view(who.account, id).await?;
    Ok(HttpResponse::Accepted().json(FullTask::from(&seen)))
}

/// What is no number names no task.
pub fn task_id(text: &str) -> Answer<TaskId> {
    text.parse()
        .map(TaskId)
        .map_err(|_| Error::no_task().into())
}
