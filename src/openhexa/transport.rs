//! One question over HTTP, with its limits: time, size, and how many at once.
//!
//! Whoever asks must know whether anything was sent, because a launch that was sent may have become
//! a run. So every failure says it, and nothing below us may send a question a second time:
//! no retry policy, no redirects, and a launch never travels on a connection used before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::error::{BuildError, Error};
use super::guard::{self, PublicOnly};
use super::throttle::{self, Throttles};
use crate::domain::certificate::untrusted;
use crate::domain::connection::Target;

/// OpenHEXA closes a connection that is idle for this long.
const IDLE_UPSTREAM: Duration = Duration::from_secs(2);

/// Every wait and size of a call.
#[derive(Clone, Debug)]
pub struct Limits {
    /// From looking up the name to the end of the TLS handshake.
    pub connect_timeout: Duration,
    /// From connecting to the last byte of the answer; longer than `connect_timeout`.
    pub request_timeout: Duration,
    /// How long an unused connection is kept; under the 2 s after which OpenHEXA closes it.
    pub idle_timeout: Duration,
    /// How long to wait for one of the `concurrency` places.
    pub slot_timeout: Duration,
    /// Requests under way at once per instance (8: OpenHEXA's database runs out of connections).
    pub concurrency: usize,
    /// The largest answer read, in bytes after decompression.
    pub answer_bytes: usize,
    /// Items per page of a list; at most 10 000, OpenHEXA's own limit.
    pub page_items: i64,
    /// Runs per page when looking for a lost one: few, as each brings its config.
    pub recent_page_items: i64,
    /// The most pages of one list; a longer list is refused rather than cut.
    pub list_pages: i64,
    /// Whether this machine and private networks may be asked.
    pub allow_private: bool,
    /// The only hosts that may be asked; empty: any.
    pub allowed_hosts: Vec<String>,
    /// An HTTP proxy to go through; the environment's are not looked at.
    pub proxy: Option<String>,
}

/// What came back with JSON in it.
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

/// No answer, and whether OpenHEXA can have heard the question.
#[derive(Debug)]
pub(super) struct Failure {
    pub sent: bool,
    pub error: Error,
}

impl Failure {
    /// While OpenHEXA accepts no more requests, those that are not sent are no news.
    fn log(&self, target: &Target, operation: &str) {
        let url = endpoint(&target.url);
        let host = url.as_ref().and_then(Url::host_str);
        let (error, sent) = (&self.error, self.sent);
        if matches!(error, Error::Throttled { .. }) && !sent {
            tracing::debug!(operation, host, %error, "request to OpenHEXA not sent");
        } else {
            tracing::warn!(operation, host, sent, %error, "request to OpenHEXA failed");
        }
    }

    fn unsent(error: Error) -> Self {
        Self { sent: false, error }
    }

    /// The question itself could not be written as JSON (it always can).
    pub fn unwritable() -> Self {
        Self::unsent(Error::Unreadable)
    }

    fn after_sending(error: Error) -> Self {
        Self { sent: true, error }
    }
}

/// How a question travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Connections are kept and used again.
    Shared,
    /// A connection of its own. A kept one may be closing at this very moment, and a launch lost
    /// on it would be unsure for nothing; a handshake is cheap beside that.
    Fresh,
}

/// The HTTP side of the client.
pub(super) struct Transport {
    shared: reqwest::Client,
    fresh: reqwest::Client,
    limits: Limits,
    /// Origin → its free places.
    slots: Mutex<HashMap<String, Arc<Semaphore>>>,
    closed: Throttles,
    last: Mutex<Option<&'static str>>,
}

impl Transport {
    pub fn new(limits: Limits) -> Result<Self, BuildError> {
        check(&limits)?;
        // An error means that one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            shared: http_client(&limits, usize::MAX)?,
            fresh: http_client(&limits, 0)?,
            limits,
            slots: Mutex::default(),
            closed: Throttles::default(),
            last: Mutex::default(),
        })
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Posts one question; an answer is JSON with a status of GraphQL (200 or 400).
    #[allow(
        clippy::disallowed_methods,
        reason = "a duration is measured, no time is told"
    )]
    pub async fn post(
        &self,
        target: &Target,
        way: Way,
        operation: &'static str,
        body: Vec<u8>,
    ) -> Result<Answer, Failure> {
        let began = Instant::now();
        let answer = self.send(target, way, body).await;
        if let Err(failure) = &answer {
            failure.log(target, operation);
        }
        let outcome = answer
            .as_ref()
            .map_or_else(|failure| failure.error.kind(), |_| "answered");
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        let took = began.elapsed().as_secs_f64();
        metrics::histogram!("openhexa_bridge_upstream_duration_seconds", "operation" => operation)
            .record(took);
        metrics::counter!("openhexa_bridge_upstream_requests_total", "operation" => operation, "outcome" => outcome)
            .increment(1);
        answer
    }

    /// How the last question ended, in one word.
    pub fn last_outcome(&self) -> Option<&'static str> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, target: &Target, way: Way, body: Vec<u8>) -> Result<Answer, Failure> {
        let url = endpoint(&target.url).ok_or(Failure::unsent(Error::Address))?;
        let private = !self.limits.allow_private && guard::names_private(&url);
        if private || !guard::is_listed(&url, &self.limits.allowed_hosts) {
            return Err(Failure::unsent(Error::Address));
        }
        let authorization = bearer(&target.token).ok_or(Failure::unsent(Error::TokenRefused))?;
        let _slot = self.slot(&url).await?;
        self.closed.check(target).map_err(Failure::unsent)?;
        let request = self
            .http(way)
            .post(url)
            .header(AUTHORIZATION, authorization);
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        let response = request
            .send()
            .await
            .map_err(|error| failed_sending(&error))?;
        let answer = self.read(response).await;
        if let Err(error) = &answer {
            self.closed.note(target, error);
        }
        answer.map_err(Failure::after_sending)
    }

    fn http(&self, way: Way) -> &reqwest::Client {
        match way {
            Way::Shared => &self.shared,
            Way::Fresh => &self.fresh,
        }
    }

    async fn slot(&self, url: &Url) -> Result<OwnedSemaphorePermit, Failure> {
        let waiting = self.slots_of(url).acquire_owned();
        match tokio::time::timeout(self.limits.slot_timeout, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed; if it were, nothing could be sent either.
            Ok(Err(_)) | Err(_) => Err(Failure::unsent(Error::Busy)),
        }
    }

    fn slots_of(&self, url: &Url) -> Arc<Semaphore> {
        let origin = url.origin().ascii_serialization();
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let places = || Arc::new(Semaphore::new(self.limits.concurrency));
        Arc::clone(slots.entry(origin).or_insert_with(places))
    }

    async fn read(&self, mut response: Response) -> Result<Answer, Error> {
        let status = response.status();
        check_head(status, response.headers())?;
        let mut body = Vec::new();
        while let Some(part) = response
            .chunk()
            .await
            .map_err(|error| failed_reading(&error))?
        {
            if body.len() + part.len() > self.limits.answer_bytes {
                return Err(Error::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer { status, body })
    }
}

fn check(limits: &Limits) -> Result<(), BuildError> {
    if limits.idle_timeout >= IDLE_UPSTREAM {
        return Err(BuildError::IdleTooLong);
    }
    if limits.connect_timeout >= limits.request_timeout {
        return Err(BuildError::ConnectTooLong);
    }
    let zero = [
        ("concurrency", limits.concurrency == 0),
        ("answer_bytes", limits.answer_bytes == 0),
        ("page_items", limits.page_items < 1),
        ("recent_page_items", limits.recent_page_items < 1),
        ("list_pages", limits.list_pages < 1),
    ];
    match zero.into_iter().find(|(_, is_zero)| *is_zero) {
        Some((name, _)) => Err(BuildError::Zero(name)),
        None => Ok(()),
    }
}

/// `kept` 0 switches the pool off: each request has a connection of its own.
fn http_client(limits: &Limits, kept: usize) -> Result<reqwest::Client, BuildError> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("openhexa-bridge/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect_timeout)
        .timeout(limits.request_timeout)
        .pool_idle_timeout(limits.idle_timeout)
        .pool_max_idle_per_host(kept)
        .redirect(reqwest::redirect::Policy::none())
        // The default re-sends a request that HTTP/2 refused; only the service may decide that.
        .retry(reqwest::retry::never())
        .no_proxy();
    let builder = match &limits.proxy {
        // The proxy resolves the names, and is the one to guard them.
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy).map_err(|_| BuildError::Proxy)?),
        None if limits.allow_private => builder,
        None => builder.dns_resolver(PublicOnly::shared()),
    };
    builder.build().map_err(|error| {
        tracing::debug!(%error, "cannot create the HTTP client");
        BuildError::Http
    })
}

/// `/graphql/`, with the slash: without it OpenHEXA redirects, and a redirected POST ends at a web page.
fn endpoint(url: &str) -> Option<Url> {
    let base = url.trim().trim_end_matches('/');
    let base = base.strip_suffix("/graphql").unwrap_or(base);
    let url = Url::parse(&format!("{base}/graphql/")).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// None for a token that cannot stand in a header (a line break in it, for example).
fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let text = format!("Bearer {}", token.expose_secret());
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `is_connect` covers name, refusal, TLS and the connect time-out: all before the first byte of
/// the request. Whatever else fails may have failed after it.
fn failed_sending(error: &reqwest::Error) -> Failure {
    let sent = !(error.is_connect() || error.is_builder());
    let meaning = match (untrusted(error), error.is_timeout(), sent) {
        (Some(cause), _, false) => Error::Untrusted(cause),
        (_, true, _) => Error::TimedOut,
        (None, false, false) => Error::Unreachable,
        (_, false, true) => Error::Broken,
    };
    if let Error::Untrusted(cause) = &meaning {
        let host = error.url().and_then(Url::host_str);
        tracing::warn!(
            host,
            cause,
            "OpenHEXA's TLS certificate is not trusted: add its authority to the file in SSL_CERT_FILE"
        );
    }
    let cause = std::error::Error::source(error);
    tracing::debug!(
        kind = meaning.kind(),
        sent,
        ?cause,
        "no response from OpenHEXA"
    );
    Failure {
        sent,
        error: meaning,
    }
}

/// A broken compression is not told from a broken connection: neither brings an answer.
fn failed_reading(error: &reqwest::Error) -> Error {
    if error.is_timeout() {
        Error::TimedOut
    } else {
        Error::Broken
    }
}

fn check_head(status: StatusCode, headers: &HeaderMap) -> Result<(), Error> {
    if status.is_redirection() {
        return Err(Error::Redirected);
    }
    if status != StatusCode::OK && status != StatusCode::BAD_REQUEST {
        let error = throttle::throttled(status, headers);
        return Err(error.unwrap_or(Error::Status(status.as_u16())));
    }
    if !is_json(headers) {
        return Err(Error::NotJson {
            status: status.as_u16(),
        });
    }
    Ok(())
}

fn is_json(headers: &HeaderMap) -> bool {
    let named = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let kind = named
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}
