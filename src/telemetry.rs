//! Logs: on standard error, one line per request with its id; no query string, no header, no body.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people; with colours where they are shown.
    Text { colours: bool },
    /// For collectors.
    Json,
}

/// Installs the log of this process; a second call leaves the first in place.
pub fn install<W>(format: Format, filter: &str, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    let installed = match format {
        Format::Text { colours } => lines.with_ansi(colours).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    if installed.is_err() {
        tracing::debug!("the log was installed before");
    }
}

/// The span of a request, and the one line that tells of it.
pub struct RequestLine;

/// What the line needs to know at the end.
struct Asked {
    method: String,
    path: String,
}

impl RootSpanBuilder for RequestLine {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let asked = Asked {
            method: request.method().to_string(),
            path: request.path().to_owned(),
        };
        request.extensions_mut().insert(asked);
        let id = request.extensions().get::<RequestId>().copied();
        tracing::info_span!("request", id = id.map(tracing::field::display))
    }

    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let Ok(response) = outcome else {
            tracing::warn!("a request ended without an answer");
            return;
        };
        let status = response.status().as_u16();
        if let Some(Asked { method, path }) = response.request().extensions().get() {
            tracing::info!(method, path, status, "answered");
        }
    }
}
