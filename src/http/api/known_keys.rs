//! Reads queries and bodies whose keys are all known. Other keys are refused, because a misspelt one would be ignored silently.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use serde_json::{Map, Value};

use super::query::Query;
use crate::domain::message::{FieldErrors, say};
use crate::http::error::{HttpResult, Problem};
use crate::http::request_body;

/// How many characters of an unknown key are shown.
const SHOWN: usize = 60;
/// Keys of an error response that have another meaning.
const OTHER_MEANING: [&str; 8] = [
    "error", "detail", "code", "status", "task", "document", "places", "steps",
];

/// The query parameters, of which no others are allowed.
pub fn query(request: &HttpRequest, allowed: &[&str]) -> HttpResult<Query> {
    let query = Query::of(request);
    refuse_unknown(query.names(), allowed)?;
    Ok(query)
}

/// A body with these keys only. Without a body, an empty object.
pub async fn body(
    request: &HttpRequest,
    payload: Payload,
    allowed: &[&str],
) -> HttpResult<Map<String, Value>> {
    query(request, &[])?;
    let body = request_body::object_or_nothing(request, payload).await?;
    refuse_unknown(body.keys().map(String::as_str), allowed)?;
    Ok(body)
}

/// For a request that needs neither a query nor a body.
pub async fn nothing(request: &HttpRequest, payload: Payload) -> HttpResult<()> {
    body(request, payload, &[]).await.map(drop)
}

/// Each key that is not allowed is an error.
pub fn refuse_unknown<'a>(
    names: impl Iterator<Item = &'a str>,
    allowed: &[&str],
) -> HttpResult<()> {
    let mut errors = FieldErrors::default();
    for name in names.filter(|name| !allowed.contains(name)) {
        let shown: String = name.chars().take(SHOWN).collect();
        let sentence = match allowed {
            [] => say("key-not-allowed"),
            _ => say("key-unknown").with("allowed", allowed.join(", ")),
        };
        if OTHER_MEANING.contains(&name) {
            return Err(Problem::bad_request(sentence.with("field", name)));
        }
        errors.add(shown, sentence);
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::fields(errors))
    }
}

/// All values, and the word of each.
type Words<'a, T> = (&'a [T], fn(T) -> &'static str);

/// One of these words, or the default.
pub fn word<T: Copy>(
    body: &Map<String, Value>,
    key: &str,
    words: Words<'_, T>,
) -> HttpResult<Option<T>> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => one_of(key, value.as_str(), words).map(Some),
    }
}

/// The same for the value of a query parameter.
pub fn query_word<T: Copy>(
    name: &str,
    given: Option<&str>,
    words: Words<'_, T>,
) -> HttpResult<Option<T>> {
    match given {
        None => Ok(None),
        Some(_) => one_of(name, given, words).map(Some),
    }
}

fn one_of<T: Copy>(key: &str, given: Option<&str>, (all, text): Words<'_, T>) -> HttpResult<T> {
    let found = all.iter().copied().find(|one| Some(text(*one)) == given);
    let words: Vec<&str> = all.iter().map(|one| text(*one)).collect();
    let wrong = || Problem::field(key, say("body-word").with("allowed", words.join(", ")));
    found.ok_or_else(wrong)
}
