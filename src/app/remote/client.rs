//! Requests to the API of a running bridge.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use reqwest::{Client, Method, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::app::StartError;
use crate::service::causes;
use crate::settings::remote_access;

const BASE: &str = "/api/openhexa/";
const TIMEOUT: Duration = Duration::from_mins(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A longer file is no key.
const MAX_KEY: u64 = 4_096;

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
    base: String,
    key: Option<SecretString>,
}

impl Remote {
    pub fn connect(&self) -> Result<Api, StartError> {
        let access = remote_access();
        let url = self.url.clone().or(access.url);
        let url = url.unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
        let key = match &self.key_file {
            Some(file) => Some(read_key(file)?),
            None => access.key,
        };
        // The provider of another library of this process may be set already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build();
        Ok(Api {
            http: http.map_err(|error| failed(&error))?,
            base: format!("{}{BASE}", url.trim_end_matches('/')),
            key,
        })
    }
}

fn read_key(file: &Path) -> Result<SecretString, StartError> {
    use std::os::unix::fs::MetadataExt as _;
    let shown = file.display();
    let wrong = |error: std::io::Error| StartError::Other(format!("cannot read {shown}: {error}"));
    let opened = std::fs::File::open(file).map_err(wrong)?;
    if opened.metadata().map_err(wrong)?.mode() & 0o077 != 0 {
        return Err(StartError::Other(format!(
            "other users can read the key in {shown}: run chmod 600 on it"
        )));
    }
    let mut text = String::new();
    opened
        .take(MAX_KEY)
        .read_to_string(&mut text)
        .map_err(wrong)?;
    Ok(text.trim().to_owned().into())
}

impl Api {
    /// The address of a path, for messages.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub async fn get(&self, path: &str) -> Result<Value, StartError> {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, StartError> {
        self.send(Method::POST, path, Some(body)).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, StartError> {
        let mut request = self.http.request(method, self.address(path));
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|error| failed(&error))?;
        read(response).await
    }
}

async fn read(response: Response) -> Result<Value, StartError> {
    let status = response.status();
    let body: Result<Value, reqwest::Error> = response.json().await;
    match body {
        Ok(body) if status.is_success() => Ok(body),
        Ok(body) => Err(StartError::Other(sentences(&body).unwrap_or_else(|| {
            format!("the bridge responded with status {}", status.as_u16())
        }))),
        Err(error) if status.is_success() => Err(failed(&error)),
        Err(_) => Err(StartError::Other(format!(
            "the bridge responded with status {}",
            status.as_u16()
        ))),
    }
}

/// The error of a response, with the fields that are wrong.
fn sentences(body: &Value) -> Option<String> {
    let error = body["error"].as_str()?;
    let fields = body.as_object()?.iter().filter(|(key, _)| *key != "error");
    let fields: Vec<String> = fields
        .filter_map(|(key, value)| {
            let messages = value.as_array()?.iter().filter_map(Value::as_str);
            let messages: Vec<&str> = messages.filter(|message| *message != error).collect();
            (!messages.is_empty()).then(|| format!("\n  {key}: {}", messages.join("; ")))
        })
        .collect();
    Some(format!("{error}{}", fields.concat()))
}

fn failed(error: &reqwest::Error) -> StartError {
    StartError::Other(causes(error))
}
