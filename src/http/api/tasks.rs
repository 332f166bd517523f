//! `GET /tasks/`, one task, its log and its history; `POST /tasks/{id}/cancel/`.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::query::{Part, Query};
use super::view::{FullTask, time};
use crate::domain::ids::TaskId;
use crate::domain::principal::Principal;
use crate::domain::sentence::say;
use crate::domain::task::Status;
use crate::http::error::{Answer, Problem};
use crate::service::tasks::{Event, Order, TaskFilter};
use crate::service::{Bridge, Error};

const USUAL_LIMIT: usize = 20;

pub async fn list(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
) -> Answer<Json<Value>> {
    let query = Query::of(&request);
    let part = query.part_or(USUAL_LIMIT)?;
    let listed = bridge.list_tasks(filter(&who, &query, part)?).await?;
    let results: Vec<FullTask> = listed.tasks.iter().map(FullTask::from).collect();
    let count = usize::try_from(listed.count).unwrap_or_default();
    let pages = count.div_ceil(part.limit).max(1);
    Ok(Json(json!({
        "count": count,
        "results": results,
        "page": part.page,
        "pages": pages,
        "limit": part.limit,
        "has_next": part.page < pages,
        "has_previous": part.page > 1,
    })))
}

fn filter(who: &Principal, query: &Query, part: Part) -> Answer<TaskFilter> {
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
        limit: i64::try_from(part.limit).unwrap_or(i64::MAX),
        page: i64::try_from(part.page).unwrap_or(i64::MAX),
    })
}

fn statuses(query: &Query) -> Answer<Vec<Status>> {
    let words = query.get("status").unwrap_or_default().split(',');
    words
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(|word| {
            let status = Status::parse(&word.to_ascii_uppercase());
            status.ok_or_else(|| Problem::field("status", say("query-status")))
        })
        .collect()
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

pub async fn detail(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> Answer<Json<FullTask>> {
    let seen = bridge.see_task(who.account, task_id(&id)?).await?;
    Ok(Json(FullTask::with_config(&seen)))
}

/// The wish is taken at once; the task ends where its run ends.
pub async fn cancel(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
) -> Answer<HttpResponse> {
    let seen = bridge.cancel(&who, task_id(&id)?).await?;
    Ok(HttpResponse::Accepted().json(FullTask::from(&seen)))
}

pub async fn logs(bridge: Data<Bridge>, who: Principal, id: Path<String>) -> Answer<Json<Value>> {
    let (task, events) = bridge.history(who.account, task_id(&id)?).await?;
    Ok(Json(json!({
        "status": task.status().word(),
        "logs": log(&events),
        "progress_value": task.progress_value,
        "end_value": task.end_value,
    })))
}

/// Iaso's page uses the time as the key of a line, so no two may have the same.
fn log(events: &[Event]) -> Vec<Value> {
    let mut last = 0;
    let said = events
        .iter()
        .filter_map(|event| Some((event.at, event.message.as_deref()?)));
    said.map(|(at, message)| {
        last = at.timestamp_millis().max(last + 1);
        #[allow(clippy::cast_precision_loss, reason = "milliseconds of our age fit")]
        let seconds = last as f64 / 1000.0;
        json!({"created_at": seconds, "message": message})
    })
    .collect()
}

pub async fn events(bridge: Data<Bridge>, who: Principal, id: Path<String>) -> Answer<Json<Value>> {
    let (_, events) = bridge.history(who.account, task_id(&id)?).await?;
    let row = |event: &Event| {
        json!({
            "at": time(event.at),
            "source": event.source,
            "what": event.what,
            "detail": told(event),
        })
    };
    Ok(Json(
        json!({"results": events.iter().map(row).collect::<Vec<_>>()}),
    ))
}

/// What came with it, and what it said.
fn told(event: &Event) -> Option<String> {
    let both = [event.detail.as_deref(), event.message.as_deref()];
    let parts: Vec<&str> = both.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

/// What is no number names no task.
fn task_id(text: &str) -> Answer<TaskId> {
    text.parse()
        .map(TaskId)
        .map_err(|_| Error::no_task().into())
}
