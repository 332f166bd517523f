//! Why a request to the bridge failed, and what that means for the next one.

use std::error::Error;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::app::StartError;

/// How long to wait if the response does not say it, and at most.
const USUAL_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_mins(1);

pub struct Failure {
    pub why: String,
    pub kind: FailureKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The same request would fail again.
    Final,
    /// The rate limit: the bridge did not process the request.
    RateLimit(Duration),
    /// The bridge is unavailable for a moment. It may have processed the request.
    Unavailable(Duration),
    /// There is no connection: the bridge did not get the request.
    NotConnected,
    /// There is no response: the bridge may have processed the request.
    NoResponse,
}

impl Failure {
    pub fn last(why: String) -> Self {
        let kind = FailureKind::Final;
        Self { why, kind }
    }

    /// An error of the connection. It does not contain the address.
    pub fn of_connection(base: &str, error: reqwest::Error) -> Self {
        let kind = if error.is_builder() {
            FailureKind::Final
        } else if error.is_connect() {
            FailureKind::NotConnected
        } else {
            FailureKind::NoResponse
        };
        let error = error.without_url();
        let mut cause: &dyn Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let what = if kind == FailureKind::NoResponse {
            "no response from the bridge at"
        } else {
            "cannot connect to the bridge at"
        };
        let why = format!("{what} {base}: {cause}");
        Self { why, kind }
    }

    /// An error response. Other servers have other bodies.
    pub fn of_response(status: u16, headers: &HeaderMap, body: Option<&Value>) -> Self {
        let why = body.and_then(sentences);
        let why = why.unwrap_or_else(|| format!("the bridge responded with status {status}"));
        let kind = match status {
            429 => FailureKind::RateLimit(wait(headers)),
            503 => FailureKind::Unavailable(wait(headers)),
            500.. => FailureKind::NoResponse,
            _ => FailureKind::Final,
        };
        Self { why, kind }
    }

    /// How long to wait before the next request; none if it would fail too.
    pub fn wait(&self) -> Option<Duration> {
        match self.kind {
            FailureKind::Final => None,
            FailureKind::RateLimit(wait) | FailureKind::Unavailable(wait) => Some(wait),
            FailureKind::NotConnected | FailureKind::NoResponse => Some(USUAL_WAIT),
        }
    }

    pub fn may_have_been_processed(&self) -> bool {
        match self.kind {
            FailureKind::Final | FailureKind::RateLimit(_) | FailureKind::NotConnected => false,
            FailureKind::Unavailable(_) | FailureKind::NoResponse => true,
        }
    }
}

impl From<Failure> for StartError {
    fn from(failure: Failure) -> Self {
        Self::Other(failure.why)
    }
}

fn wait(headers: &HeaderMap) -> Duration {
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    let seconds = seconds.and_then(|text| text.trim().parse().ok());
    let wait = seconds.map_or(USUAL_WAIT, Duration::from_secs);
    wait.clamp(Duration::from_secs(1), LONGEST_WAIT)
}

/// The error of a response, and the errors of its fields that say something else.
fn sentences(body: &Value) -> Option<String> {
    let error = body["error"].as_str()?;
    let fields = body.as_object()?.iter().filter(|(key, _)| *key != "error");
    let fields: Vec<String> = fields
        .filter_map(|(key, value)| {
            let messages = value.as_array()?.iter().filter_map(Value::as_str);
            let messages: Vec<&str> = messages.filter(|message| *message != error).collect();
            (!messages.is_empty()).then(|| format!("; {key}: {}", messages.join("; ")))
        })
        .collect();
    Some(format!("{error}{}", fields.concat()))
}
