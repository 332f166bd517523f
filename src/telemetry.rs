//! Logs and metrics. Logs go to standard error, with one line per request and its id, without query strings, headers or
//! bodies.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::domain::panic::message;
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// To be read by people; with colours if the terminal supports them.
    Text { colours: bool },
    /// JSON, for log collectors.
    Json,
}

/// Sets up the logs of this process. Further calls change nothing.
pub fn install<W>(format: Format, filter: &str, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // The audit log is written at every level, unless the filter has its own rule for it.
    let audited = if filter.contains("audit") {
        ""
    } else {
        ",audit=info"
    };
    let filter = EnvFilter::try_new(format!("{filter}{audited}"));
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer);
    let installed = match format {
        Format::Text { colours } => lines.with_ansi(colours).try_init(),
        Format::Json => lines.json().flatten_event(true).try_init(),
    };
    if installed.is_err() {
        tracing::debug!("logging was already set up");
    }
}

/// Logs each panic with its message and place, in the format of the log. Call it after [`install`].
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let error = message(panic.payload());
        let place = panic.location().map(ToString::to_string);
        tracing::error!(error, place, "panicked: this is a bug in the bridge");
    }));
}

/// Creates the span of a request, and writes its log line.
pub struct RequestLine;

/// The fields of the log line that are known at the start of the request.
struct RequestSummary {
    method: String,
    path: String,
}

/// The maximum length of a method and a path in a log line: both come from the client and can have any length.
const METHOD: usize = 16;
const PATH: usize = 300;

fn beginning(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

impl RootSpanBuilder for RequestLine {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let summary = RequestSummary {
            method: beginning(request.method().as_str(), METHOD),
            path: beginning(request.path(), PATH),
        };
        request.extensions_mut().insert(summary);
        let id = request.extensions().get::<RequestId>().copied();
        tracing::info_span!("request", id = id.map(tracing::field::display))
    }

    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let Ok(response) = outcome else {
            tracing::warn!(
                "a request ended without a response: the client disconnected or the handler failed"
            );
            return;
        };
        let status = response.status().as_u16();
        if let Some(RequestSummary { method, path }) = response.request().extensions().get() {
            tracing::info!(method, path, status, "request");
        }
    }
}

/// The buckets of durations, in seconds: from a cached read to the timeout of OpenHEXA.
const BUCKETS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0,
];

/// How often recorded durations are added to their buckets. Until then each one uses memory, so this does not depend on
/// requests to `/metrics`.
pub const UPKEEP: Duration = Duration::from_secs(5);

/// Starts the metrics, in the format of Prometheus. Further calls return the same metrics.
pub fn count() -> Result<PrometheusHandle, BuildError> {
    static COUNTED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut counted = COUNTED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = counted.as_ref() {
        return Ok(handle.clone());
    }
    let handle = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)?
        .install_recorder()?;
    describe();
    *counted = Some(handle.clone());
    Ok(handle)
}

fn describe() {
    describe_requests();
    describe_tasks();
}

fn describe_requests() {
    use metrics::{describe_counter as counter, describe_histogram as histogram};
    counter!(
        "openhexa_bridge_requests_total",
        "Requests, by method, route and status"
    );
    histogram!(
        "openhexa_bridge_request_duration_seconds",
        "Time until the response headers, by route"
    );
    counter!(
        "openhexa_bridge_upstream_requests_total",
        "Requests to OpenHEXA, by operation and outcome"
    );
    histogram!(
        "openhexa_bridge_upstream_duration_seconds",
        "Time until OpenHEXA's response, by operation"
    );
}

fn describe_tasks() {
    use metrics::{describe_counter as counter, describe_gauge as gauge};
    counter!(
        "openhexa_bridge_job_runs_total",
        "Runs of background jobs, by job and outcome"
    );
    counter!(
        "openhexa_bridge_reconciler_polls_total",
        "Polls of tasks, by outcome"
    );
    counter!(
        "openhexa_bridge_reports_total",
        "Reports of pipelines, by outcome: written, merged or refused"
    );
    counter!(
        "openhexa_bridge_deliveries_total",
        "Tries to deliver a notification, by outcome: delivered, retry or failed"
    );
    gauge!(
        "openhexa_bridge_waiting_deliveries",
        "Notifications that wait for their next try"
    );
    gauge!(
        "openhexa_bridge_live_tasks",
        "Tasks whose run has not ended, by state"
    );
    gauge!(
        "openhexa_bridge_oldest_unsent_launch_seconds",
        "Age of the oldest launch that is not sent yet"
    );
    gauge!("openhexa_bridge_open_streams", "Open live streams");
    gauge!(
        "openhexa_bridge_overdue_poll_seconds",
        "Delay of the poll that is most overdue"
    );
}
