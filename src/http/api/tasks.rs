//! `GET /tasks/`, `GET /tasks/{id}/` and `POST /tasks/{id}/cancel/`.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use super::include::{DetailedTask, Include};
use super::json_types::FullTask;
use super::query::Query;
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::launched_by::LaunchedBy;
use crate::domain::message::say;
use crate::domain::principal::Principal;
use crate::domain::task::Status;
use crate::http::accept_language::Language;
use crate::http::error::{HttpResult, Problem};
use crate::service::tasks::{SortColumn, TaskFilter};
use crate::service::{Bridge, Error};

const USUAL_LIMIT: usize = 20;

#[derive(Serialize, ToSchema)]
#[schema(as = TaskPage)]
pub struct NumberedPageJson {
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
pub struct CursorPageJson {
    results: Vec<FullTask>,
    /// The cursor of the next page; null on the last page.
    next: Option<String>,
}

/// A page by number or by cursor.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Tasks)]
pub enum TaskList {
    Numbered(NumberedPageJson),
    AfterCursor(CursorPageJson),
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
        (status = 200, body = TaskList),
        (status = 400),
    ),
)]
pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> HttpResult<Json<TaskList>> {
    let query = Query::of(&request);
    if let Some(cursor) = query.given("cursor") {
        return follow(&bridge, &who, &query, cursor).await;
    }
    let part = query.page_request_or(USUAL_LIMIT)?;
    let page = i64::try_from(part.page).unwrap_or(i64::MAX);
    let filter = filter(&who, &query, part.limit)?;
    let listed = bridge.tasks.list(filter, page).await?;
    let results: Vec<FullTask> = listed.tasks.iter().map(FullTask::from).collect();
    let count = usize::try_from(listed.count).unwrap_or_default();
    let pages = count.div_ceil(part.limit).max(1);
    Ok(Json(TaskList::Numbered(NumberedPageJson {
        count,
        results,
        page: part.page,
        pages,
        limit: part.limit,
        has_next: part.page < pages,
        has_previous: part.page > 1,
    })))
}

/// The page after a cursor. It has no count, which would cost more than the page itself.
async fn follow(
    bridge: &Bridge,
    who: &Principal,
    query: &Query,
    cursor: &str,
) -> HttpResult<Json<TaskList>> {
    if query.get("page").is_some() {
        return Err(Problem::field("cursor", say("query-cursor-or-page")));
    }
    let filter = filter(who, query, query.limit_or(USUAL_LIMIT)?)?;
    let followed = bridge.tasks.list_after(filter, cursor).await?;
    Ok(Json(TaskList::AfterCursor(CursorPageJson {
        results: followed.tasks.iter().map(FullTask::from).collect(),
        next: followed.next,
    })))
}

/// The filters and the order of the query.
pub fn filter(who: &Principal, query: &Query, limit: usize) -> HttpResult<TaskFilter> {
    let (order, descending) = order(query)?;
    Ok(TaskFilter {
        account: who.account,
        statuses: statuses(query)?,
        pipeline: pipeline(query)?,
        launcher: query.id("launcher")?.map(LaunchedBy::Person),
        from: query.time("from", false)?,
        to: query.time("to", true)?,
        search: query.text("search")?,
        order,
        descending,
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
    })
}

pub fn pipeline(query: &Query) -> HttpResult<Option<PipelineId>> {
    let pipeline = query.get("pipeline").map(str::parse).transpose();
    pipeline.map_err(|_| Problem::field("pipeline", say("query-uuid")))
}

/// Separated by commas, or repeated as a form sends them. Without duplicates, so the list is never longer than the number of
/// statuses.
pub fn statuses(query: &Query) -> HttpResult<Vec<Status>> {
    let parse = |word: &str| Status::parse(&word.to_ascii_uppercase());
    query.words("status", parse, || say("query-status"))
}

fn order(query: &Query) -> HttpResult<(SortColumn, bool)> {
    let wanted = query.get("order").unwrap_or("-created_at");
    let (name, descending) = wanted
        .strip_prefix('-')
        .map_or((wanted, false), |name| (name, true));
    let order = match name {
        "created_at" | "id" => SortColumn::CreatedAt,
        "updated_at" => SortColumn::UpdatedAt,
        "started_at" => SortColumn::StartedAt,
        "ended_at" => SortColumn::EndedAt,
        "status" => SortColumn::Status,
        "name" => SortColumn::Name,
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
) -> HttpResult<Json<DetailedTask>> {
    let wanted = Include::of(&Query::of(&request))?;
    let view = bridge.tasks.view(who.account, task_id(&id)?).await?;
    let task = FullTask::with_config(&view);
    if !wanted.anything() {
        return Ok(Json(DetailedTask::plain(task)));
    }
    Ok(Json(match bridge.tasks.run_details(view.task.id).await {
        Ok(found) => DetailedTask::with(task, wanted, found),
        Err(Error::Upstream(why)) => {
            let language = Language::of(request.headers());
            DetailedTask::without(task, wanted, language.translate(&why.message()))
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
) -> HttpResult<HttpResponse> {
    let id = task_id(&id)?;
    bridge.runs.stopper.cancel(&who, id).await?;
    let view = bridge.tasks.view(who.account, id).await?;
    Ok(HttpResponse::Accepted().json(FullTask::from(&view)))
}

/// A text that is not a number returns 404, like an unknown id.
pub fn task_id(text: &str) -> HttpResult<TaskId> {
    text.parse()
        .map(TaskId)
        .map_err(|_| Error::no_task().into())
}
