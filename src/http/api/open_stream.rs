//! An open stream of server-sent events: its headers, comments and end.

use std::convert::Infallible;

use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream::unfold;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::http::auth::StreamCredential;
use crate::service::{Bridge, Error, causes};

/// How long a browser waits before it reconnects, in milliseconds.
pub const RETRY: u32 = 3000;
const COMMENT: &str = ": still here\n\n";

/// What a stream sends.
pub trait EventFeed {
    /// Waits for the next events. Returns their text, and whether they are the last. Cancel safe.
    async fn events(&mut self) -> Result<(String, bool), Error>;
}

/// The id of the last event that the client has received.
pub fn last_event_id(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get("last-event-id")?.to_str().ok()?;
    Some(value.trim())
}

pub fn answer(
    request: &HttpRequest,
    opening: String,
    bridge: Data<Bridge>,
    credential: StreamCredential,
    feed: impl EventFeed + 'static,
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

/// One open stream.
struct OpenStream<F> {
    opening: Option<String>,
    bridge: Data<Bridge>,
    credential: StreamCredential,
    feed: F,
    comments: Interval,
}

impl<F: EventFeed> OpenStream<F> {
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
            text = self.feed.events() => match text {
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
