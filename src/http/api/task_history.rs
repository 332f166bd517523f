//! `GET /tasks/{id}/logs/` and `/events/`: a task's log and its history.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::json_types::time;
use super::query::Query;
use super::schemas::TaskStatus;
use super::tasks::task_id;
use crate::domain::event::{Event, Source};
use crate::domain::note::NoteCode;
use crate::domain::principal::Principal;
use crate::http::accept_language::Language;
use crate::http::error::HttpResult;
use crate::http::event_text;
use crate::service::Bridge;
use crate::service::tasks::{EventSelection, EventsQuery, TaskHistory};

/// Maximum number of events or log lines in a response.
const MOST_EVENTS: usize = 1000;

/// The progress of a task and its newest messages.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskLog)]
pub struct TaskLogJson {
    #[schema(value_type = TaskStatus)]
    status: &'static str,
    logs: Vec<LogEntry>,
    progress_value: i32,
    end_value: i32,
    /// Only when there are earlier lines: the value to send as `before` to get them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    earlier: Option<i64>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TaskLogLine)]
pub struct LogEntry {
    /// Seconds since 1970.
    created_at: f64,
    message: String,
}

/// The newest events of a task's history, oldest first.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskEvents)]
pub struct EventsJson {
    results: Vec<EventJson>,
    /// Only when there are earlier events: the value to send as `before` to get them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    earlier: Option<i64>,
}

/// An event of a task.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskEvent)]
pub struct EventJson {
    #[schema(format = DateTime)]
    at: String,
    /// user, callback, openhexa or bridge.
    source: &'static str,
    /// What happened, as a stable code.
    code: &'static str,
    /// The details of the event, by name.
    #[schema(value_type = Object)]
    data: Map<String, Value>,
    /// The event as text.
    what: String,
    /// The details as text, and the message that came with the event.
    detail: Option<String>,
}

#[utoipa::path(
    get,
    path = "/api/openhexa/tasks/{id}/logs/",
    operation_id = "get_task_log",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "api-task-id"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "api-events-limit"),
        ("before" = Option<i64>, Query, description = "api-events-before"),
    ),
    responses(
        (status = 200, body = TaskLogJson),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn logs(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<TaskLogJson>> {
    let found = history(&bridge, &who, &id, &request, EventSelection::WithMessage).await?;
    let (progress_value, end_value) = found.task.shown_progress();
    Ok(Json(TaskLogJson {
        status: found.task.status().as_str(),
        logs: log(&found.events),
        progress_value,
        end_value,
        earlier: found.earlier,
    }))
}

/// The requested part of the history; by default the newest.
async fn history(
    bridge: &Bridge,
    who: &Principal,
    id: &str,
    request: &HttpRequest,
    selection: EventSelection,
) -> HttpResult<TaskHistory> {
    let query = Query::of(request);
    let part = EventsQuery {
        before: query.id("before")?,
        limit: query.number("limit", MOST_EVENTS)?.unwrap_or(MOST_EVENTS),
        selection,
        find: None,
    };
    Ok(bridge
        .tasks
        .history(who.account, task_id(id)?, part)
        .await?)
}

/// Iaso's page uses the time as the key of a line, so no two may have the same.
fn log(events: &[Event]) -> Vec<LogEntry> {
    let mut last = 0;
    let messages = events
        .iter()
        .filter_map(|event| Some((event.at, event.message.as_deref()?)));
    messages
        .map(|(at, message)| {
            last = at.timestamp_millis().max(last + 1);
            #[allow(
                clippy::cast_precision_loss,
                reason = "the milliseconds of current dates fit"
            )]
            let created_at = last as f64 / 1000.0;
            LogEntry {
                created_at,
                message: message.to_owned(),
            }
        })
        .collect()
}

#[utoipa::path(
    get,
    path = "/api/openhexa/tasks/{id}/events/",
    operation_id = "list_task_events",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "api-task-id"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 1000, description = "api-events-limit"),
        ("before" = Option<i64>, Query, description = "api-events-before"),
    ),
    responses(
        (status = 200, body = EventsJson),
        (status = 400),
        (status = 404),
    ),
)]
pub async fn events(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<Json<EventsJson>> {
    let found = history(&bridge, &who, &id, &request, EventSelection::All).await?;
    let language = Language::of(request.headers());
    let row = |event: &Event| EventJson {
        at: time(event.at),
        source: event.source.as_str(),
        code: event.kind.code(),
        data: event.data.0.clone(),
        what: event_text::what(language, event),
        detail: detail(language, event),
    };
    Ok(Json(EventsJson {
        results: found.events.iter().map(row).collect(),
        earlier: found.earlier,
    }))
}

/// The details of an event, then the message that came with it.
fn detail(language: Language, event: &Event) -> Option<String> {
    // The message of the bridge's own events is their note in English, which the details already contain.
    let is_note = event.source != Source::Callback && event.data.note().is_some();
    let message = event.message.clone().filter(|_| !is_note || is_text(event));
    let both = [event_text::details(language, event), message];
    let parts: Vec<String> = both.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

/// Whether the note is text from OpenHEXA, such as the end of the run's log.
fn is_text(event: &Event) -> bool {
    event
        .data
        .note()
        .is_some_and(|note| note.code == NoteCode::Text)
}
