//! `GET /tasks/stream/` and `GET /tasks/{id}/stream/`: server-sent events, one per change of a task.
//!
//! The `id:` of an event is the client's position: `c…` among all changes, `r…` the revision of a single task. A client
//! that reconnects sends it as `Last-Event-ID` and receives what has changed since.

use std::convert::Infallible;
use std::fmt::Write;

use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::unfold;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::json_types::FullTask;
use super::tasks::task_id;
use crate::domain::principal::Principal;
use crate::http::auth::StreamCredential;
use crate::http::error::HttpResult;
use crate::service::live::{AccountFeed, TaskFeed, TaskUpdate};
use crate::service::tasks::TaskView;
use crate::service::{Bridge, Error, causes};

/// How long a browser waits before it reconnects, in milliseconds.
const RETRY: u32 = 3000;
const COMMENT: &str = ": still here\n\n";

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
    Ok(answer(
        &request,
        opening,
        bridge,
        credential,
        Feed::All(feed),
    ))
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
    Ok(answer(
        &request,
        opening,
        bridge,
        credential,
        Feed::One(feed),
    ))
}

/// Ids that the bridge did not create are ignored.
fn last_event(request: &HttpRequest, kind: char) -> Option<i64> {
    let value = request.headers().get("last-event-id")?.to_str().ok()?;
    let digits = value.trim().strip_prefix(kind)?;
    let digits = Some(digits).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    digits?.parse().ok()
}

fn answer(
    request: &HttpRequest,
    opening: String,
    bridge: Data<Bridge>,
    credential: StreamCredential,
    feed: Feed,
) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Otherwise nginx buffers the events.
        .insert_header(("x-accel-buffering", "no"));
    if request.method() == Method::HEAD {
        return answer.finish();
    }
    let mut comments = interval(bridge.live.comment_interval());
    comments.set_missed_tick_behavior(MissedTickBehavior::Delay);
    comments.reset();
    let stream = OpenStream {
        opening: Some(opening),
        bridge,
        credential,
        feed,
        comments,
    };
    let bytes = |text: String| Ok::<_, Infallible>(Bytes::from(text));
    answer.streaming(unfold(Some(stream), move |stream| async move {
        let (text, stream) = stream?.next().await?;
        Some((bytes(text), stream))
    }))
}

enum Feed {
    All(AccountFeed),
    One(TaskFeed),
}

impl Feed {
    /// The next events, and whether they are the last.
    async fn next(&mut self) -> Result<(String, bool), Error> {
        match self {
            Self::All(feed) => {
                let changes = feed.next().await?;
                let event =
                    |text: String, one: &TaskUpdate| text + &event('c', one.resume_at, &one.text);
                let text = changes.iter().map(AsRef::as_ref).fold(String::new(), event);
                Ok((text, false))
            }
            Self::One(feed) => {
                let change = feed.next().await?;
                let text = event('r', change.revision, &change.text);
                Ok((text, change.confirmed))
            }
        }
    }
}

/// `json` must not contain a line break.
fn event(kind: char, id: i64, json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 48);
    // Writing to a string cannot fail.
    let _ = write!(text, "event: task\nid: {kind}{id}\ndata: {json}\n\n");
    text
}

/// One open stream.
struct OpenStream {
    opening: Option<String>,
    bridge: Data<Bridge>,
    credential: StreamCredential,
    feed: Feed,
    comments: Interval,
}

impl OpenStream {
    /// The next text, and the stream, unless the text is its end. None: the stream ends here.
    async fn next(mut self) -> Option<(String, Option<Self>)> {
        if let Some(opening) = self.opening.take() {
            return Some((opening, Some(self)));
        }
        tokio::select! {
            biased;
            () = self.bridge.live.stopping() => None,
            _ = self.comments.tick() => {
                let is_valid = self.credential.is_valid(&self.bridge).await;
                is_valid.then(|| (COMMENT.to_owned(), Some(self)))
            }
            text = self.feed.next() => match text {
                Ok((text, is_last)) => Some((text, (!is_last).then_some(self))),
                Err(error) => {
                    // A client that reconnects receives what it missed.
                    let error = causes(&error);
                    tracing::info!(error, "closed a live stream; the client reconnects");
                    None
                }
            }
        }
    }
}
