//! The client of Iaso: which user a credential belongs to.
//!
//! It sends one request, `GET /api/profiles/me/`, with the caller's credential and no other header or cookie of the caller.
//! Time and size of the response are limited, and redirects are not followed, because they could send the credential to another
//! server. The number of concurrent requests is limited, so that a caller with many invalid credentials cannot overload Iaso. The
//! service caches the responses.

mod profile;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::domain::certificate::untrusted;
use crate::domain::root_cause::root_cause;
use crate::domain::user::{CredentialKind, User};

const ME: &str = "/api/profiles/me/";
/// Concurrent requests. Iaso has only a few workers, and its own users need them too. If a response takes 50 ms, 160 new
/// credentials are checked per second.
const MAX_REQUESTS: usize = 8;
/// How long a request waits until fewer are running.
const SLOT_TIMEOUT: Duration = Duration::from_secs(1);

/// The address of Iaso, and the limits of a request.
#[derive(Clone, Debug)]
pub struct IasoOptions {
    /// Its origin.
    pub url: String,
    /// From connecting to the last byte of the response.
    pub request_timeout: Duration,
    /// The largest response that is read, in bytes.
    pub answer_bytes: usize,
}

/// What Iaso says about a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialCheck {
    User(User),
    /// It is unknown or expired.
    Refused,
    /// It is valid, but its user may not read the profile.
    Denied,
}

/// Why a credential could not be checked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unavailable {
    #[error("too many requests to Iaso are running")]
    TooManyRequests,
    #[error("Iaso did not respond in time")]
    TimedOut,
    #[error("Iaso is unreachable")]
    Unreachable,
    #[error(
        "Iaso's TLS certificate is not trusted: {0}; add the certificate of its authority to the file in SSL_CERT_FILE"
    )]
    Untrusted(String),
    #[error("Iaso returned status {0}")]
    Status(u16),
    #[error("Iaso's response is too large")]
    TooLarge,
    #[error("Iaso's response is not a user profile")]
    Unreadable,
}

#[derive(Debug, Error)]
pub enum IasoClientError {
    #[error("iaso.url is not a valid address")]
    Address,
    #[error(
        "cannot create the HTTP client for Iaso: {0}. It trusts the certificates of the file in SSL_CERT_FILE, or those of the \
         system (package ca-certificates): check that they can be read"
    )]
    Http(String),
}

/// Clones share connections and limits.
#[derive(Clone, Debug)]
pub struct IasoClient {
    http: reqwest::Client,
    me: Url,
    answer_bytes: usize,
    slots: Arc<Semaphore>,
}

impl IasoClient {
    pub fn new(options: &IasoOptions) -> Result<Self, IasoClientError> {
        // An error means that a provider is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .user_agent(concat!("openhexa-bridge/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(options.request_timeout)
            .timeout(options.request_timeout)
            // Django's usual server closes an idle connection after 2 s.
            .pool_idle_timeout(Duration::from_millis(1500))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| {
                IasoClientError::Http(root_cause(&error).unwrap_or_else(|| error.to_string()))
            })?;
        let me = format!("{}{ME}", options.url);
        Ok(Self {
            http,
            me: me.parse().map_err(|_| IasoClientError::Address)?,
            answer_bytes: options.answer_bytes,
            slots: Arc::new(Semaphore::new(MAX_REQUESTS)),
        })
    }

    /// The URL of the requests.
    pub fn url(&self) -> &str {
        self.me.as_str()
    }

    pub async fn check(
        &self,
        kind: CredentialKind,
        credential: &SecretString,
    ) -> Result<CredentialCheck, Unavailable> {
        // A header cannot contain it, so it is not valid.
        let Some((name, value)) = header(kind, credential) else {
            return Ok(CredentialCheck::Refused);
        };
        let slot = tokio::time::timeout(SLOT_TIMEOUT, self.slots.acquire()).await;
        // The semaphore is never closed, so this is the timeout.
        let Ok(Ok(_slot)) = slot else {
            return Err(Unavailable::TooManyRequests);
        };
        let request = self.http.get(self.me.clone()).header(name, value);
        let request = request.header(ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| failed(&error))?;
        match response.status() {
            StatusCode::OK => {
                let body = self.read(response).await?;
                profile::read(&body).map(CredentialCheck::User)
            }
            StatusCode::UNAUTHORIZED => Ok(CredentialCheck::Refused),
            StatusCode::FORBIDDEN => Ok(CredentialCheck::Denied),
            other => Err(Unavailable::Status(other.as_u16())),
        }
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Unavailable> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + part.len() > self.answer_bytes {
                return Err(Unavailable::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        Ok(body)
    }
}

fn header(kind: CredentialKind, credential: &SecretString) -> Option<(HeaderName, HeaderValue)> {
    let secret = credential.expose_secret();
    let (name, text) = match kind {
        CredentialKind::Session => (COOKIE, format!("sessionid={secret}")),
        CredentialKind::Token => (AUTHORIZATION, format!("Bearer {secret}")),
    };
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

fn failed(error: &reqwest::Error) -> Unavailable {
    if let Some(cause) = untrusted(error) {
        Unavailable::Untrusted(cause)
    } else if error.is_timeout() {
        Unavailable::TimedOut
    } else {
        Unavailable::Unreachable
    }
}
