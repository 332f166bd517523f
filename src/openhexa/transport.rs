//! One HTTP request, with its limits: time, size, and concurrent requests.
//!
//! The caller must know whether anything was sent, because a launch request that was sent may have created a run. So every
//! failure says it, and no request is sent a second time: no retry policy, no redirects, and a launch request never uses
//! a pooled connection.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use super::error::{BuildError, Error};
use super::instance::{Fingerprint, Instance};
use super::throttle;
use crate::allowed_addresses::{self, PublicResolver};
use crate::domain::certificate::untrusted;
use crate::domain::connection::Target;
use crate::domain::root_cause::root_cause;

/// OpenHEXA closes a connection that is idle for this long.
const IDLE_UPSTREAM: Duration = Duration::from_secs(2);

/// The limits of a request.
#[derive(Clone, Debug)]
pub struct RequestLimits {
    /// From looking up the name to the end of the TLS handshake.
    pub connect_timeout: Duration,
    /// From connecting to the last byte of the response; longer than `connect_timeout`.
    pub request_timeout: Duration,
    /// How long an unused connection is kept; less than the 2 s after which OpenHEXA closes it.
    pub idle_timeout: Duration,
    /// How long to wait for one of the `concurrency` slots.
    pub slot_timeout: Duration,
    /// Concurrent requests to one instance (8: with more, OpenHEXA's database can run out of connections).
    pub concurrency: usize,
    /// The largest response that is read, in bytes after decompression.
    pub answer_bytes: usize,
    /// Items per page of a list; at most 10 000, OpenHEXA's own limit.
    pub page_items: i64,
    /// Runs per page of a search for a lost run: few, because each contains its config.
    pub recent_page_items: i64,
    /// The most pages of one list; a longer list is an error and is not cut.
    pub list_pages: i64,
    /// Whether requests to this machine and to private networks are allowed.
    pub allow_private: bool,
    /// The only allowed hosts; empty: all hosts are allowed.
    pub allowed_hosts: Vec<String>,
    /// The HTTP proxy to use; the environment variables for proxies are ignored.
    pub proxy: Option<String>,
}

/// The body of a response, which is JSON.
pub(super) struct HttpResponse {
    pub status: StatusCode,
    pub body: Vec<u8>,
}

/// There is no response.
#[derive(Debug)]
pub(super) struct SendFailure {
    /// Whether OpenHEXA can have received the request.
    pub sent: bool,
    pub error: Error,
    /// What the system says about a connection that failed.
    pub detail: Option<String>,
}

impl SendFailure {
    fn unsent(error: Error) -> Self {
        Self {
            sent: false,
            error,
            detail: None,
        }
    }

    fn after_sending(error: Error) -> Self {
        Self {
            sent: true,
            error,
            detail: None,
        }
    }
}

/// Which connection a request uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionUse {
    /// A connection of the pool.
    Pooled,
    /// A new connection. OpenHEXA may be closing a pooled one at this moment, and then the outcome of a launch would be
    /// unknown.
    New,
}

/// A GraphQL request.
pub(super) struct Request {
    pub operation: &'static str,
    pub connection: ConnectionUse,
    body: Result<Vec<u8>, serde_json::Error>,
}

impl Request {
    pub fn new(operation: &'static str, body: &impl Serialize) -> Self {
        Self {
            operation,
            connection: ConnectionUse::Pooled,
            body: serde_json::to_vec(body),
        }
    }

    pub fn on_new_connection(self) -> Self {
        Self {
            connection: ConnectionUse::New,
            ..self
        }
    }
}

/// The HTTP clients.
pub(super) struct Transport {
    pooled: reqwest::Client,
    unpooled: reqwest::Client,
    limits: RequestLimits,
}

impl Transport {
    pub fn new(limits: RequestLimits) -> Result<Self, BuildError> {
        check(&limits)?;
        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            pooled: http_client(&limits, usize::MAX)?,
            unpooled: http_client(&limits, 0)?,
            limits,
        })
    }

    pub fn limits(&self) -> &RequestLimits {
        &self.limits
    }

    /// Sends a request once, in a slot of the instance. The response is JSON with one of GraphQL's statuses, 200 or 400.
    pub async fn post(
        &self,
        instance: &Instance,
        token: Fingerprint,
        target: &Target,
        request: Request,
    ) -> Result<HttpResponse, SendFailure> {
        let url = self.checked_endpoint(target)?;
        let authorization =
            bearer(&target.token).ok_or(SendFailure::unsent(Error::TokenRefused))?;
        let body = request
            .body
            .map_err(|_| SendFailure::unsent(Error::Unreadable))?;
        let _slot = self.slot(instance).await?;
        instance.check_limit(token).map_err(SendFailure::unsent)?;
        let client = match request.connection {
            ConnectionUse::Pooled => &self.pooled,
            ConnectionUse::New => &self.unpooled,
        };
        let response = client
            .post(url)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .send()
            .await
            .map_err(|error| failed_sending(&error))?;
        let response = self.read(response).await;
        if let Err(error) = &response {
            instance.limit(token, error);
        }
        response.map_err(SendFailure::after_sending)
    }

    fn checked_endpoint(&self, target: &Target) -> Result<Url, SendFailure> {
        let url = endpoint(&target.url).ok_or(SendFailure::unsent(Error::Address))?;
        let private = !self.limits.allow_private && allowed_addresses::is_private_address(&url);
        if private || !allowed_addresses::is_allowed_host(&url, &self.limits.allowed_hosts) {
            return Err(SendFailure::unsent(Error::Address));
        }
        Ok(url)
    }

    async fn slot(&self, instance: &Instance) -> Result<OwnedSemaphorePermit, SendFailure> {
        let waiting = instance.request_slots.clone().acquire_owned();
        match tokio::time::timeout(self.limits.slot_timeout, waiting).await {
            Ok(Ok(permit)) => Ok(permit),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(SendFailure::unsent(Error::Busy)),
        }
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<HttpResponse, Error> {
        let status = response.status();
        check_headers(status, response.headers())?;
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
        Ok(HttpResponse { status, body })
    }
}

fn check(limits: &RequestLimits) -> Result<(), BuildError> {
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

/// `kept` is the size of the pool; with 0 each request uses a new connection.
fn http_client(limits: &RequestLimits, kept: usize) -> Result<reqwest::Client, BuildError> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("openhexa-bridge/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect_timeout)
        .timeout(limits.request_timeout)
        .pool_idle_timeout(limits.idle_timeout)
        .pool_max_idle_per_host(kept)
        .redirect(reqwest::redirect::Policy::none())
        // By default, a request that HTTP/2 refused is sent again; only the service may decide that.
        .retry(reqwest::retry::never())
        .no_proxy();
    let builder = match &limits.proxy {
        // The proxy resolves the names, so it has to refuse those in private networks.
        Some(proxy) => builder.proxy(reqwest::Proxy::all(proxy).map_err(|_| BuildError::Proxy)?),
        None if limits.allow_private => builder,
        None => builder.dns_resolver(PublicResolver::shared()),
    };
    builder
        .build()
        .map_err(|error| BuildError::Http(root_cause(&error).unwrap_or_else(|| error.to_string())))
}

/// With a slash at the end: without it OpenHEXA redirects, and a redirected POST returns a web page.
fn endpoint(url: &str) -> Option<Url> {
    let base = url.trim().trim_end_matches('/');
    let base = base.strip_suffix("/graphql").unwrap_or(base);
    let url = Url::parse(&format!("{base}/graphql/")).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// None for a token that a header cannot contain, for example because of a line break.
fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let text = format!("Bearer {}", token.expose_secret());
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `is_connect` covers the name lookup, a refused connection, TLS and the connect timeout: all before the first byte of the
/// request is sent. Any other failure can have happened after that.
fn failed_sending(error: &reqwest::Error) -> SendFailure {
    let sent = !(error.is_connect() || error.is_builder());
    let meaning = match (untrusted(error), error.is_timeout(), sent) {
        (Some(cause), _, false) => Error::Untrusted(cause),
        (_, true, _) => Error::TimedOut,
        (None, false, false) => Error::Unreachable,
        (_, false, true) => Error::Broken,
    };
    let is_connection = matches!(meaning, Error::Unreachable | Error::Broken);
    SendFailure {
        sent,
        error: meaning,
        detail: root_cause(error).filter(|_| is_connection),
    }
}

/// Invalid compression counts as a broken connection: there is no response in either case.
fn failed_reading(error: &reqwest::Error) -> Error {
    if error.is_timeout() {
        Error::TimedOut
    } else {
        Error::Broken
    }
}

fn check_headers(status: StatusCode, headers: &HeaderMap) -> Result<(), Error> {
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

/// Without the user and the password of a URL.
pub(super) fn host_and_port(url: &str) -> Option<std::sync::Arc<str>> {
    let url = Url::parse(url).ok()?;
    let (host, port) = (url.host_str()?, url.port_or_known_default()?);
    Some(format!("{host}:{port}").into())
}
