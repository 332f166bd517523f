//! Requests to the API of a running bridge.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::{Client, Method, Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::failure::{Failure, FailureKind};
use super::key;
use crate::app::StartError;
use crate::service::causes;
use crate::settings::remote_access;

const BASE: &str = "/api/openhexa/";
const TIMEOUT: Duration = Duration::from_mins(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a request is repeated that the rate limit refused.
const MOST_REPEATED: u32 = 20;

// Which bridge, and with which key. There is no option for the key itself, because other users of the machine can read a
// command line. (A doc comment here would replace the description of the command.)
#[derive(Args, Clone)]
pub struct Remote {
    /// The address of the bridge. Default: `OPENHEXA_BRIDGE_URL`, or <http://127.0.0.1:8080>.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// A file with an API key, which only you can read. Default: the key in `OPENHEXA_BRIDGE_KEY`; `dev` needs none.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

/// A client for one bridge.
pub struct Api {
    http: Client,
    url: String,
    key: Option<SecretString>,
}

impl Remote {
    pub fn connect(&self) -> Result<Api, StartError> {
        let access = remote_access();
        let url = self.url.clone().or(access.url);
        let url = url.unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
        let key = match (&self.key_file, access.key) {
            (Some(file), _) => Some(key::read(file)?),
            (None, Some(key)) => Some(key::check(key, "OPENHEXA_BRIDGE_KEY")?),
            (None, None) => None,
        };
        // The provider of another library of this process may be set already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Ok(Api {
            http: http.map_err(|error| StartError::Other(causes(&error)))?,
            url: checked(&url)?,
            key,
        })
    }

    /// The same options, for a command that is shown to the user.
    pub fn shown(&self) -> String {
        let url = self.url.iter().map(|url| format!(" --url {url}"));
        let file = self.key_file.iter();
        let file = file.map(|file| format!(" --key-file {}", file.display()));
        url.chain(file).collect()
    }
}

/// The error does not repeat the address, which could contain a password.
fn checked(url: &str) -> Result<String, StartError> {
    let parsed = Url::parse(url).ok().filter(|url| {
        let plain = url.username().is_empty() && url.password().is_none();
        let is_http = ["http", "https"].contains(&url.scheme());
        is_http && plain && url.query().is_none() && url.fragment().is_none()
    });
    let wanted = "--url (or OPENHEXA_BRIDGE_URL) must be an http or https URL without user, query and fragment";
    parsed
        .map(|url| url.as_str().trim_end_matches('/').to_owned())
        .ok_or_else(|| StartError::Other(wanted.to_owned()))
}

impl Api {
    /// The address of a path, for messages.
    pub fn address(&self, path: &str) -> String {
        format!("{}{BASE}{path}", self.url)
    }

    pub fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(Method::POST, path, Some(body)).await
    }

    /// A request that the rate limit refused is repeated: it was not processed.
    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        for _ in 0..MOST_REPEATED {
            match self.send_once(method.clone(), path, body).await {
                Err(Failure {
                    kind: FailureKind::RateLimit(wait),
                    ..
                }) => tokio::time::sleep(wait).await,
                response => return response,
            }
        }
        self.send_once(method, path, body).await
    }

    async fn send_once(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let mut request = self.http.request(method, self.address(path));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await;
        let response = response.map_err(|error| Failure::of_connection(&self.url, error))?;
        self.read(response).await
    }

    async fn read(&self, response: Response) -> Result<Value, Failure> {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await;
        let bytes = bytes.map_err(|error| Failure::of_connection(&self.url, error))?;
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        if !status.is_success() {
            let failure = Failure::of_response(status.as_u16(), &headers, body.as_ref());
            return Err(self.with_hint(status, failure));
        }
        body.ok_or_else(|| {
            let url = &self.url;
            Failure::last(format!(
                "the response is not that of a bridge: is {url} its address?"
            ))
        })
    }

    fn with_hint(&self, status: StatusCode, failure: Failure) -> Failure {
        if status != StatusCode::UNAUTHORIZED {
            return failure;
        }
        let hint = if self.key.is_some() {
            "check the key in OPENHEXA_BRIDGE_KEY or --key-file"
        } else {
            "set OPENHEXA_BRIDGE_KEY or --key-file"
        };
        Failure::last(format!("{}: {hint}", failure.why))
    }
}
