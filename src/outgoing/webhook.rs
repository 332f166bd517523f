//! One POST request to the address of a channel. Only a status from 200 to 299 is a success, and redirects are not followed, because
//! they could lead to another server.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};

use super::OutgoingError;
use crate::allowed_addresses::{self, PublicResolver};
use crate::domain::certificate::untrusted;
use crate::domain::notification::{Answer, AnswerCode, MAX_ANSWER, Outcome, TryResult};
use crate::domain::retry_after::seconds_to_wait;
use crate::domain::root_cause::root_cause;

/// From connecting to the end of the response.
const TIMEOUT: Duration = Duration::from_secs(15);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub struct WebhookOptions {
    /// Whether requests to this machine and to private networks are allowed.
    pub allow_private: bool,
    /// The HTTP proxy to use; the environment variables for proxies are ignored.
    pub proxy: Option<String>,
}

/// A message with the values of its headers.
#[derive(Clone, Debug)]
pub struct SignedMessage {
    pub url: String,
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: Vec<u8>,
}

pub struct WebhookClient {
    http: reqwest::Client,
    allow_private: bool,
}

impl WebhookClient {
    pub fn new(options: &WebhookOptions) -> Result<Self, OutgoingError> {
        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("openhexa-bridge/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            // Messages to one receiver are rare.
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_gzip()
            .no_proxy();
        let builder = match &options.proxy {
            // The proxy resolves the names, so it has to refuse those in private networks.
            Some(proxy) => {
                builder.proxy(reqwest::Proxy::all(proxy).map_err(|_| OutgoingError::Proxy)?)
            }
            None if options.allow_private => builder,
            None => builder.dns_resolver(PublicResolver::shared()),
        };
        let http = builder.build().map_err(|error| {
            OutgoingError::Http(root_cause(&error).unwrap_or_else(|| error.to_string()))
        })?;
        Ok(Self {
            http,
            allow_private: options.allow_private,
        })
    }

    pub async fn send(&self, message: SignedMessage) -> TryResult {
        let Some(url) = self.allowed(&message.url) else {
            return TryResult::retry(AnswerCode::Address);
        };
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", message.signature)
            .body(message.body);
        match request.send().await {
            Ok(response) => result_of(response).await,
            Err(error) => TryResult::retry(failed(&error)),
        }
    }

    /// Also checked for an address that was stored when private ones were allowed.
    fn allowed(&self, url: &str) -> Option<Url> {
        let url = Url::parse(url).ok()?;
        let is_allowed = self.allow_private || !allowed_addresses::is_private_address(&url);
        is_allowed.then_some(url)
    }
}

async fn result_of(response: Response) -> TryResult {
    let status = response.status();
    if status.is_redirection() {
        let answer = Answer::with(AnswerCode::Redirected, status.as_str());
        return TryResult::retry(answer);
    }
    let outcome = match status {
        StatusCode::GONE => Outcome::Gone,
        status if status.is_success() => Outcome::Delivered,
        _ => Outcome::Retry {
            after: retry_after(status, response.headers()),
        },
    };
    let reply = match outcome {
        Outcome::Delivered => format!("HTTP {}", status.as_u16()),
        Outcome::Retry { .. } | Outcome::Refused | Outcome::Gone => {
            with_text(status, &beginning(response).await)
        }
    };
    TryResult::new(outcome, Answer::with(AnswerCode::Reply, &reply))
}

/// Only of a receiver that says that it accepts no more messages for a while.
fn retry_after(status: StatusCode, headers: &HeaderMap) -> Option<TimeDelta> {
    let may_say = [
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    if !may_say.contains(&status) {
        return None;
    }
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let seconds = seconds_to_wait(text(RETRY_AFTER)?, text(DATE))?;
    TimeDelta::try_seconds(seconds.max(0))
}

/// The beginning of the response, for the delivery log. Part of it is enough, so a failure to read it is none.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < MAX_ANSWER {
        match response.chunk().await {
            Ok(Some(part)) => body.extend_from_slice(&part),
            Ok(None) | Err(_) => break,
        }
    }
    body.truncate(MAX_ANSWER);
    body
}

fn with_text(status: StatusCode, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match text.trim() {
        "" => format!("HTTP {}", status.as_u16()),
        text => format!("HTTP {}: {text}", status.as_u16()),
    }
}

fn failed(error: &reqwest::Error) -> Answer {
    if let Some(cause) = untrusted(error) {
        return Answer::with(AnswerCode::Untrusted, &cause);
    }
    if error.is_timeout() {
        return AnswerCode::TimedOut.into();
    }
    if !error.is_connect() {
        return AnswerCode::Broken.into();
    }
    let cause = root_cause(error).unwrap_or_default();
    Answer::with(AnswerCode::Unreachable, &cause)
}
