//! `GET /tasks/stream/` and `GET /tasks/{id}/stream/`: server-sent events, one per change of a task.
//!
//! The `id:` of an event is the client's position: `c…` among all changes, `r…` the revision of a single task. A client
//! that reconnects sends it as `Last-Event-ID` and receives what has changed since.

use std::fmt::Write;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::json_types::FullTask;
use super::open_stream::{EventFeed, RETRY, answer, last_event_id};
use super::tasks::task_id;
use crate::domain::principal::Principal;
use crate::http::auth::StreamCredential;
use crate::http::error::HttpResult;
use crate::service::live::{AccountFeed, TaskFeed, TaskUpdate};
use crate::service::tasks::TaskView;
use crate::service::{Bridge, Error};

/// The JSON of a task in a stream's event.
pub fn task_json(view: &TaskView) -> String {
    serde_json::to_string(&FullTask::from(view)).unwrap_or_else(|error| {
        let task = view.task.id.0;
        tracing::error!(task, %error, "cannot send the task to live streams");
        "null".to_owned()
    })
}

#[utoipa::path(
    get,
    path = "/api/openhexa/tasks/stream/",
    operation_id = "stream_tasks",
    tag = "tasks",
    params(
        ("Last-Event-ID" = Option<String>, Header, description = "api-last-event"),
    ),
    responses((status = 200, body = String, content_type = "text/event-stream")),
)]
pub async fn all(
    bridge: Data<Bridge>,
    who: Principal,
    credential: StreamCredential,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let from = last_event(&request, 'c');
    let feed = bridge.live.follow_account(&who, from).await?;
    // A client that loses the connection before the first event reconnects with this id.
    let opening = format!("retry: {RETRY}\nid: c{}\n\n", feed.resume_at());
    Ok(answer(&request, opening, bridge, credential, feed))
}

/// 204: the task has ended and the client has already received its final state.
#[utoipa::path(
    get,
    path = "/api/openhexa/tasks/{id}/stream/",
    operation_id = "stream_task",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "api-task-id"),
        ("Last-Event-ID" = Option<String>, Header, description = "api-last-event"),
    ),
    responses(
        (status = 200, body = String, content_type = "text/event-stream"),
        (status = 204),
        (status = 404),
    ),
)]
pub async fn one(
    bridge: Data<Bridge>,
    who: Principal,
    credential: StreamCredential,
    id: Path<String>,
    request: HttpRequest,
) -> HttpResult<HttpResponse> {
    let feed = bridge.live.follow_task(&who, task_id(&id)?).await?;
    let known = last_event(&request, 'r');
    let is_over = |now: &TaskUpdate| now.confirmed && Some(now.revision) == known;
    if feed.first().is_some_and(is_over) {
        // The only response after which a browser does not reconnect.
        return Ok(HttpResponse::NoContent().finish());
    }
    let opening = format!("retry: {RETRY}\n\n");
    Ok(answer(&request, opening, bridge, credential, feed))
}

/// Ids that the bridge did not create are ignored.
fn last_event(request: &HttpRequest, kind: char) -> Option<i64> {
    let digits = last_event_id(request)?.strip_prefix(kind)?;
    let digits = Some(digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits?.parse().ok()
}

impl EventFeed for AccountFeed {
    async fn events(&mut self) -> Result<(String, bool), Error> {
        let changes = self.next().await?;
        let event = |text: String, one: &TaskUpdate| text + &event('c', one.resume_at, &one.text);
        let text = changes.iter().map(AsRef::as_ref).fold(String::new(), event);
        Ok((text, false))
    }
}

impl EventFeed for TaskFeed {
    async fn events(&mut self) -> Result<(String, bool), Error> {
        let change = self.next().await?;
        let text = event('r', change.revision, &change.text);
        Ok((text, change.confirmed))
    }
}

/// `json` must not contain a line break.
fn event(kind: char, id: i64, json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 48);
    // Writing to a string cannot fail.
    let _ = write!(text, "event: task\nid: {kind}{id}\ndata: {json}\n\n");
    text
}
