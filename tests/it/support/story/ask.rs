//! A request to the bridge and its response, which is checked against the API reference.

use serde_json::Value;

use super::Story;
use crate::support::contract::{self, ReceivedResponse, SentRequest};

/// The sender of a request.
#[derive(Clone, Debug)]
pub enum As {
    Anonymous,
    Viewer,
    Operator,
    Admin,
    Bearer(String),
}

pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// The JSON of the response, which must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The `error` of the response, which must have this status.
    #[track_caller]
    pub fn error(&self, status: u16) -> String {
        let error = self.expect(status)["error"].clone();
        error
            .as_str()
            .unwrap_or_else(|| panic!("no error: {}", self.text))
            .to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// A request that can be sent.
pub struct Ask<'a> {
    pub(super) story: &'a Story,
    pub(super) request: reqwest::RequestBuilder,
}

impl Ask<'_> {
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// A header whose value may not be text.
    #[must_use]
    pub fn raw_header(mut self, name: &str, value: reqwest::header::HeaderValue) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    #[must_use]
    pub fn body(mut self, kind: &str, body: impl Into<reqwest::Body>) -> Self {
        self.request = self.request.header("content-type", kind).body(body);
        self
    }

    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub async fn send(self) -> Answer {
        let request = self.request.build().unwrap();
        let asked = asked(&request);
        let response = self.story.client.execute(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        self.story.answers.lock().unwrap().push_str(&text);
        let told = ReceivedResponse {
            status,
            headers: &headers,
            text: &text,
        };
        if let Err(wrong) = contract::check(&asked, &told) {
            panic!("not as in the API reference: {wrong}");
        }
        Answer {
            status,
            headers,
            text,
        }
    }
}

fn asked(request: &reqwest::Request) -> SentRequest {
    let kind = request.headers().get("content-type");
    let body = request.body().map(reqwest::Body::as_bytes);
    SentRequest {
        method: request.method().to_string(),
        url: request.url().clone(),
        kind: kind
            .map_or("", |kind| kind.to_str().unwrap_or_default())
            .to_owned(),
        body: body.flatten().map(<[u8]>::to_vec),
    }
}
