//! The way to Iaso over HTTP: whose credential this is, asked of Iaso itself.
//!
//! One question, `GET /api/profiles/me/`, with exactly the credential that was shown: no other header and no other
//! cookie of the caller goes along. Its answer is bounded in time and size, and a redirect is not followed: it would
//! lead the credential elsewhere. Few questions are under way at a time: whoever invents credentials must not have the
//! bridge overrun Iaso with them. What is remembered of the answer, and for how long, is the service's business.

mod profile;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::Semaphore;

use crate::domain::certificate::untrusted;
use crate::domain::user::{CredentialKind, User};

const ME: &str = "/api/profiles/me/";
/// Questions under way at a time: an Iaso has a handful of workers, and its own users need them too. One that answers
/// within 50 ms still tells 160 new credentials a second.
const PLACES: usize = 8;
/// How long a question waits for one of the places.
const PLACE_WITHIN: Duration = Duration::from_secs(1);

/// Where Iaso is, and how long it may take.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its origin.
    pub url: String,
    /// From connecting to the last byte of the answer.
    pub request_timeout: Duration,
    /// The largest answer read, in bytes.
    pub answer_bytes: usize,
}

/// What Iaso says of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    User(User),
    /// It is nobody's, or no longer good.
    Refused,
    /// It is somebody's who may not even ask.
    Denied,
}

/// Iaso gave no answer that says whose it is.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Away {
    #[error("too many requests to Iaso are running")]
    Crowded,
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
pub enum BuildError {
    #[error("iaso.url is not a valid address")]
    Address,
    #[error("TLS is not available")]
    Http,
}

/// Asks Iaso. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    me: Url,
    answer_bytes: usize,
    places: Arc<Semaphore>,
}

impl Client {
    pub fn new(options: &Options) -> Result<Self, BuildError> {
        // An error means that one is installed already, which is as good.
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
            .map_err(|_| BuildError::Http)?;
        let me = format!("{}{ME}", options.url);
        Ok(Self {
            http,
            me: me.parse().map_err(|_| BuildError::Address)?,
            answer_bytes: options.answer_bytes,
            places: Arc::new(Semaphore::new(PLACES)),
        })
    }

    /// The address that is requested.
    pub fn url(&self) -> &str {
        self.me.as_str()
    }

    pub async fn who(
        &self,
        kind: CredentialKind,
        credential: &SecretString,
    ) -> Result<Answer, Away> {
        // What cannot stand in a header is nobody's.
        let Some((name, value)) = header(kind, credential) else {
            return Ok(Answer::Refused);
        };
        let place = tokio::time::timeout(PLACE_WITHIN, self.places.acquire()).await;
        // Nobody closes it, so it is the time that has run out.
        let Ok(Ok(_place)) = place else {
            return Err(Away::Crowded);
        };
        let request = self.http.get(self.me.clone()).header(name, value);
        let request = request.header(ACCEPT, "application/json");
        let response = request.send().await.map_err(|error| failed(&error))?;
        match response.status() {
            StatusCode::OK => {
                let body = self.read(response).await?;
                profile::read(&body).map(Answer::User)
            }
            StatusCode::UNAUTHORIZED => Ok(Answer::Refused),
            StatusCode::FORBIDDEN => Ok(Answer::Denied),
            other => Err(Away::Status(other.as_u16())),
        }
    }

    async fn read(&self, mut response: Response) -> Result<Vec<u8>, Away> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + part.len() > self.answer_bytes {
                return Err(Away::TooLarge);
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

fn failed(error: &reqwest::Error) -> Away {
    if let Some(cause) = untrusted(error) {
        Away::Untrusted(cause)
    } else if error.is_timeout() {
        Away::TimedOut
    } else {
        Away::Unreachable
    }
}
