//! From bytes to an answer: GraphQL's envelope, whole or partial, and the errors in it.
//!
//! OpenHEXA answers 200 to almost everything, so success is judged here. Its messages are
//! translated and can hold values of a config: they are never matched on, and only the reason why choices
//! cannot be read from a file is shown.

use graphql_client::{GraphQLQuery, PathFragment, Response};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::error::Error;
use super::transport::Response as HttpResponse;
use crate::domain::numbers;

/// The only extension code that OpenHEXA has.
const UNAUTHENTICATED: &str = "UNAUTHENTICATED";

/// An answer whose data may be a part of what was asked.
#[derive(Debug)]
pub(super) struct Partial<T> {
    pub data: Option<T>,
    pub errors: Vec<graphql_client::Error>,
}

impl<T> Partial<T> {
    /// All of the data or an error. A null beside an error is no absence, so most questions
    /// must not read partial data.
    pub fn whole(self) -> Result<T, Error> {
        match first_meaning(&self.errors) {
            Some(error) => Err(error),
            None => self.data.ok_or(Error::Unreadable),
        }
    }

    /// The data although something in it failed, unless the token did.
    pub fn tolerant(self) -> Result<T, Error> {
        match self.data {
            Some(data) if !self.is_token_refused() => Ok(data),
            _ => Err(first_meaning(&self.errors).unwrap_or(Error::Unreadable)),
        }
    }

    pub fn is_token_refused(&self) -> bool {
        self.errors.iter().any(is_unauthenticated)
    }

    /// Every error lies under this path, and there is one.
    pub fn failed_only_under(&self, path: &[&str]) -> bool {
        !self.errors.is_empty() && self.errors.iter().all(|error| is_under(error, path))
    }

    /// What OpenHEXA says of a failure at this path, on one line and no longer than a sentence.
    pub fn reason_at(&self, path: &[&str]) -> Option<String> {
        const LETTERS: usize = 300;
        let mut errors = self.errors.iter();
        let error = errors.find(|error| !is_unauthenticated(error) && is_under(error, path))?;
        let words = error
            .message
            .split(|letter: char| letter.is_whitespace() || letter.is_control());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let reason: String = words.join(" ").chars().take(LETTERS).collect();
        Some(reason).filter(|reason| !reason.is_empty())
    }

    /// GraphQL rejected the question itself, before executing anything: such an error names a
    /// place in the question and no place in the answer. A message of something else in front of
    /// OpenHEXA names neither, and is not taken for it.
    pub fn is_rejected_unexecuted(&self) -> bool {
        let unexecuted = |error: &graphql_client::Error| {
            error.path.is_none() && error.locations.as_ref().is_some_and(|l| !l.is_empty())
        };
        self.data.is_none() && !self.errors.is_empty() && self.errors.iter().all(unexecuted)
    }
}

/// What the errors mean together: a refused token before all else.
pub(super) fn first_meaning(errors: &[graphql_client::Error]) -> Option<Error> {
    if errors.iter().any(is_unauthenticated) {
        return Some(Error::TokenRefused);
    }
    errors.first().map(|error| Error::GraphQl {
        code: code_of(error)
            .filter(|code| is_word(code))
            .map(str::to_owned),
    })
}

/// Whether the errors speak of the whole question: a refused token, or one without a place in the answer.
pub(super) fn is_outright(errors: &[graphql_client::Error]) -> bool {
    let nowhere = |error: &graphql_client::Error| error.path.as_ref().is_none_or(Vec::is_empty);
    errors
        .iter()
        .any(|error| is_unauthenticated(error) || nowhere(error))
}

/// Decodes the answer to `Q`.
pub(super) fn decode<Q: GraphQLQuery>(answer: &HttpResponse) -> Result<Partial<Q::ResponseData>, Error> {
    let read: Response<Q::ResponseData> = match read(&answer.body) {
        Ok(read) => read,
        Err(error) => return Err(why_undecodable(answer, &error)),
    };
    let errors = read.errors.unwrap_or_default();
    log(answer, &errors);
    Ok(Partial {
        data: read.data,
        errors,
    })
}

/// By way of a value: what serde flattens or tells apart by a tag can take a number from there only, now that numbers
/// keep their digits.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    let mut value: Value = serde_json::from_slice(body)?;
    if !numbers::settle(&mut value) {
        tracing::debug!("a number in OpenHEXA's response is out of range");
    }
    serde_json::from_value(value)
}

/// Nulls where none were expected come with errors that say more than the nulls do.
fn why_undecodable(answer: &HttpResponse, error: &serde_json::Error) -> Error {
    tracing::debug!(
        line = error.line(),
        column = error.column(),
        "cannot decode OpenHEXA's response"
    );
    let bare = read::<Response<IgnoredAny>>(&answer.body).ok();
    let errors = bare.and_then(|read| read.errors).unwrap_or_default();
    log(answer, &errors);
    first_meaning(&errors).unwrap_or(Error::Unreadable)
}

/// Where and which, without the message: it can quote the config with its secrets.
pub(super) fn log(answer: &HttpResponse, errors: &[graphql_client::Error]) {
    for error in errors {
        let path = error.path.as_deref().unwrap_or_default();
        let code = code_of(error).filter(|code| is_word(code));
        tracing::debug!(
            status = answer.status.as_u16(),
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

/// A machine's word, not a text: only such may reach an error that is shown.
pub(super) fn is_word(text: &str) -> bool {
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
