//! GraphQL responses: their data, complete or partial, and their errors.
//!
//! OpenHEXA returns status 200 for almost everything, so the errors in the JSON decide whether a request succeeded. Messages
//! are translated and can contain values of a config. They are never compared, and only one kind is shown: why choices cannot
//! be read from a file.

use graphql_client::{GraphQLQuery, PathFragment, Response};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::error::Error;
use super::transport::HttpResponse;
use crate::domain::json_numbers;

/// The only extension code that OpenHEXA has.
const UNAUTHENTICATED: &str = "UNAUTHENTICATED";

/// A response, whose data can be incomplete.
#[derive(Debug)]
pub(super) struct GraphQlResponse<T> {
    pub data: Option<T>,
    pub errors: Vec<graphql_client::Error>,
}

impl<T> GraphQlResponse<T> {
    /// The complete data, or an error. If there is an error, a null does not mean that the object does not exist, so most
    /// requests must not use partial data.
    pub fn complete(self) -> Result<T, Error> {
        match first_error(&self.errors) {
            Some(error) => Err(error),
            None => self.data.ok_or(Error::Unreadable),
        }
    }

    /// The data, even if a part of it failed. A rejected token is always an error.
    pub fn partial(self) -> Result<T, Error> {
        match self.data {
            Some(data) if !self.is_token_refused() => Ok(data),
            _ => Err(first_error(&self.errors).unwrap_or(Error::Unreadable)),
        }
    }

    pub fn is_token_refused(&self) -> bool {
        self.errors.iter().any(is_unauthenticated)
    }

    /// Whether there are errors, all of them under this path.
    pub fn failed_only_under(&self, path: &[&str]) -> bool {
        !self.errors.is_empty() && self.errors.iter().all(|error| is_under(error, path))
    }

    /// OpenHEXA's message about an error at this path, on one line and shortened.
    pub fn reason_at(&self, path: &[&str]) -> Option<String> {
        const MAX_LENGTH: usize = 300;
        let mut errors = self.errors.iter();
        let error = errors.find(|error| !is_unauthenticated(error) && is_under(error, path))?;
        let words = error
            .message
            .split(|letter: char| letter.is_whitespace() || letter.is_control());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let reason: String = words.join(" ").chars().take(MAX_LENGTH).collect();
        Some(reason).filter(|reason| !reason.is_empty())
    }

    /// Whether GraphQL rejected the request before it executed anything: such an error has a location in the request and no
    /// path in the response. An error from a proxy in front of OpenHEXA has neither.
    pub fn is_rejected_before_execution(&self) -> bool {
        let is_rejection = |error: &graphql_client::Error| {
            error.path.is_none() && error.locations.as_ref().is_some_and(|l| !l.is_empty())
        };
        self.data.is_none() && !self.errors.is_empty() && self.errors.iter().all(is_rejection)
    }
}

/// The first error; a rejected token comes before all others.
pub(super) fn first_error(errors: &[graphql_client::Error]) -> Option<Error> {
    if errors.iter().any(is_unauthenticated) {
        return Some(Error::TokenRefused);
    }
    errors.first().map(|error| Error::GraphQl {
        code: code_of(error)
            .filter(|code| is_error_code(code))
            .map(str::to_owned),
    })
}

/// Whether an error is about the whole request: a rejected token, or an error without a path in the response.
pub(super) fn concern_whole_request(errors: &[graphql_client::Error]) -> bool {
    let has_no_path = |error: &graphql_client::Error| error.path.as_ref().is_none_or(Vec::is_empty);
    errors
        .iter()
        .any(|error| is_unauthenticated(error) || has_no_path(error))
}

/// Decodes the response to `Q`.
pub(super) fn decode<Q: GraphQLQuery>(
    response: &HttpResponse,
) -> Result<GraphQlResponse<Q::ResponseData>, Error> {
    let parsed: Response<Q::ResponseData> = match parse(&response.body) {
        Ok(parsed) => parsed,
        Err(error) => return Err(decoding_error(response, &error)),
    };
    let errors = parsed.errors.unwrap_or_default();
    log(response, &errors);
    Ok(GraphQlResponse {
        data: parsed.data,
        errors,
    })
}

/// Parses to a `Value` first: numbers keep all their digits, and serde can read such numbers into flattened or tagged types only
/// from a `Value`.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    let mut value: Value = serde_json::from_slice(body)?;
    if !json_numbers::normalize(&mut value) {
        tracing::debug!("a number in OpenHEXA's response is out of range");
    }
    serde_json::from_value(value)
}

/// If an unexpected null made the decoding fail, the response contains an error with the cause.
fn decoding_error(response: &HttpResponse, error: &serde_json::Error) -> Error {
    tracing::debug!(
        line = error.line(),
        column = error.column(),
        "cannot decode OpenHEXA's response"
    );
    let errors_only = parse::<Response<IgnoredAny>>(&response.body).ok();
    let errors = errors_only
        .and_then(|parsed| parsed.errors)
        .unwrap_or_default();
    log(response, &errors);
    first_error(&errors).unwrap_or(Error::Unreadable)
}

/// Logs path and code of each error. The message is left out, because it can contain the config with its secrets.
pub(super) fn log(response: &HttpResponse, errors: &[graphql_client::Error]) {
    for error in errors {
        let path = error.path.as_deref().unwrap_or_default();
        let code = code_of(error).filter(|code| is_error_code(code));
        tracing::debug!(
            status = response.status.as_u16(),
            ?path,
            code,
            "OpenHEXA's response contains an error"
        );
    }
}

fn is_unauthenticated(error: &graphql_client::Error) -> bool {
    code_of(error) == Some(UNAUTHENTICATED)
}

fn code_of(error: &graphql_client::Error) -> Option<&str> {
    error.extensions.as_ref()?.get("code")?.as_str()
}

/// Whether this is an error code and not a text. Only codes may be shown.
pub(super) fn is_error_code(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

fn is_under(error: &graphql_client::Error, path: &[&str]) -> bool {
    let at = error.path.as_deref().unwrap_or_default();
    let same = |(fragment, key): (&PathFragment, &&str)| matches!(fragment, PathFragment::Key(k) if k == key);
    at.len() >= path.len() && at.iter().zip(path).all(same)
}
