//! Reads request bodies: JSON objects and forms. Errors name the cause.

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Payload};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};

use super::config::HttpConfig;
use super::error::{HttpResult, Problem};
use crate::domain::json_numbers;
use crate::domain::message::say;

const FORM: &str = "application/x-www-form-urlencoded";
const PARTS: &str = "multipart/form-data";
/// The UTF-8 byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Maximum number of values in a JSON body, nested ones included: each needs far more memory than its text.
const VALUES: usize = 100_000;
/// Maximum number of fields in a form.
const FIELDS: usize = 10_000;

/// Reads a JSON object.
pub async fn object(request: &HttpRequest, payload: Payload) -> HttpResult<Map<String, Value>> {
    match media_type(request).as_str() {
        "application/json" => as_object(&whole(request, payload).await?),
        _ => Err(Problem::wrong_type()),
    }
}

/// Reads the body as it was sent, with at most `most` bytes.
pub async fn raw(request: &HttpRequest, payload: Payload, most: usize) -> HttpResult<Vec<u8>> {
    limited(request, payload, |limit| limit.min(most)).await
}

/// Reads a JSON object that may have this many bytes, even if the setting allows fewer.
pub async fn object_up_to(
    request: &HttpRequest,
    payload: Payload,
    bytes: usize,
) -> HttpResult<Map<String, Value>> {
    let body = limited(request, payload, |limit| limit.max(bytes)).await?;
    object_in(request, body)
}

/// The JSON object in a body that was read with [`raw`].
pub fn object_in(request: &HttpRequest, body: Vec<u8>) -> HttpResult<Map<String, Value>> {
    match media_type(request).as_str() {
        "application/json" => as_object(&without_mark(body)),
        _ => Err(Problem::wrong_type()),
    }
}

/// Reads a JSON object. Without a body, an empty object.
pub async fn object_or_nothing(
    request: &HttpRequest,
    payload: Payload,
) -> HttpResult<Map<String, Value>> {
    let body = whole(request, payload).await?;
    if body.is_empty() {
        return Ok(Map::new());
    }
    match media_type(request).as_str() {
        "application/json" => as_object(&body),
        _ => Err(Problem::wrong_type()),
    }
}

/// Reads a JSON object, or a form in one of the two encodings that Iaso accepts as well.
pub async fn form_or_object(
    request: &HttpRequest,
    payload: Payload,
) -> HttpResult<Map<String, Value>> {
    match media_type(request).as_str() {
        "application/json" => as_object(&whole(request, payload).await?),
        FORM => fields(&whole(request, payload).await?),
        PARTS => parts(request, whole(request, payload).await?).await,
        _ => Err(Problem::wrong_type()),
    }
}

/// The fields of a page's form, in order. A name can occur several times.
pub async fn pairs(request: &HttpRequest, payload: Payload) -> HttpResult<Vec<(String, String)>> {
    match media_type(request).as_str() {
        FORM => {
            let body = whole(request, payload).await?;
            few_fields(pairs_in(&body))?;
            Ok(form_urlencoded::parse(&body).into_owned().collect())
        }
        _ => Err(Problem::wrong_type()),
    }
}

/// The same for a form that may have this many bytes, even if the setting allows fewer.
pub async fn pairs_up_to(
    request: &HttpRequest,
    payload: Payload,
    bytes: usize,
) -> HttpResult<Vec<(String, String)>> {
    match media_type(request).as_str() {
        FORM => {
            let body = limited(request, payload, |limit| limit.max(bytes)).await?;
            few_fields(pairs_in(&body))?;
            Ok(form_urlencoded::parse(&body).into_owned().collect())
        }
        _ => Err(Problem::wrong_type()),
    }
}

/// Parses the named fields of a form as JSON, as Iaso does. A field that is not JSON stays text; an empty one is
/// removed.
pub fn parse_json_fields(form: &mut Map<String, Value>, keys: &[&str]) {
    for key in keys {
        drop_empty(form, key);
        let text = form.get(*key).and_then(Value::as_str);
        if let Some(value) = text.and_then(parse_json_value) {
            form.insert((*key).to_owned(), value);
        }
    }
}

/// None if it is not JSON, has too many values, or contains a number that OpenHEXA cannot read.
fn parse_json_value(text: &str) -> Option<Value> {
    if is_wide(text.as_bytes()) {
        return None;
    }
    let mut value = serde_json::from_str(text).ok()?;
    json_numbers::normalize(&mut value).then_some(value)
}

/// Removes a field that is empty.
pub fn drop_empty(form: &mut Map<String, Value>, key: &str) {
    let text = form.get(key).and_then(Value::as_str);
    if text.is_some_and(|text| text.trim().is_empty()) {
        form.remove(key);
    }
}

/// Whether the body is a form, whose values are all text.
pub fn is_form(request: &HttpRequest) -> bool {
    matches!(media_type(request).as_str(), FORM | PARTS)
}

fn media_type(request: &HttpRequest) -> String {
    let value = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let name = value
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    name.trim().to_ascii_lowercase()
}

/// Reads the body without the byte order mark that some programs write.
async fn whole(request: &HttpRequest, payload: Payload) -> HttpResult<Vec<u8>> {
    Ok(without_mark(
        limited(request, payload, |limit| limit).await?,
    ))
}

fn without_mark(mut body: Vec<u8>) -> Vec<u8> {
    if body.starts_with(MARK) {
        body.drain(..MARK.len());
    }
    body
}

/// Reads the body within the time limit. `limit_for` gets the limit of the settings.
async fn limited(
    request: &HttpRequest,
    payload: Payload,
    limit_for: impl FnOnce(usize) -> usize,
) -> HttpResult<Vec<u8>> {
    if is_encoded(request) {
        return Err(Problem::encoded());
    }
    let config = request.app_data::<Data<HttpConfig>>();
    let (limit, within) = config.map_or_else(Default::default, |config| {
        (limit_for(config.body_limit), config.body_timeout)
    });
    let read = tokio::time::timeout(within, read(payload, limit)).await;
    read.unwrap_or_else(|_| Err(Problem::too_slow()))
}

/// Whether the body is compressed or encoded in another way.
fn is_encoded(request: &HttpRequest) -> bool {
    let named = request.headers().get_all(CONTENT_ENCODING);
    named
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"))
}

async fn read(mut payload: Payload, limit: usize) -> HttpResult<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk: Bytes = chunk.map_err(|_| Problem::bad_request(say("body-broken")))?;
        if body.len() + chunk.len() > limit {
            return Err(Problem::too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn as_object(body: &[u8]) -> HttpResult<Map<String, Value>> {
    if is_wide(body) {
        return Err(Problem::too_wide(say("body-too-wide").with("most", VALUES)));
    }
    let read = serde_json::from_slice(body)
        .map(|mut value: Value| (json_numbers::normalize(&mut value), value));
    match read {
        Ok((false, _)) => Err(Problem::bad_request(
            say("body-number").with("digits", json_numbers::MOST_DIGITS),
        )),
        Ok((true, Value::Object(object))) => Ok(object),
        Ok((
            true,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_),
        )) => Err(Problem::bad_request(say("body-not-object"))),
        Err(wrong) => Err(Problem::bad_request(
            say("body-not-json")
                .with("line", wrong.line())
                .with("column", wrong.column()),
        )),
    }
}

/// Whether a JSON text has more values than allowed. It counts commas and opening brackets outside of strings, before
/// any value is stored.
fn is_wide(body: &[u8]) -> bool {
    let (mut values, mut in_text, mut escaped) = (0, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b',' | b'[' | b'{' if !in_text => values += 1,
            _ => {}
        }
    }
    values > VALUES
}

fn pairs_in(form: &[u8]) -> usize {
    form.split(|byte| *byte == b'&').count()
}

fn few_fields(fields: usize) -> HttpResult<()> {
    if fields > FIELDS {
        let sentence = say("body-too-many-fields").with("most", FIELDS);
        return Err(Problem::too_wide(sentence));
    }
    Ok(())
}

fn fields(body: &[u8]) -> HttpResult<Map<String, Value>> {
    few_fields(pairs_in(body))?;
    let pairs = form_urlencoded::parse(body);
    Ok(pairs
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect())
}

/// The whole body is read first, so that the size limit includes what is around and between the parts.
async fn parts(request: &HttpRequest, body: Vec<u8>) -> HttpResult<Map<String, Value>> {
    let broken = || Problem::bad_request(say("body-broken"));
    let body = stream::iter([Ok::<_, PayloadError>(Bytes::from(body))]);
    let mut form = Multipart::new(request.headers(), body);
    let mut found = Map::new();
    let mut fields = 0;
    while let Some(part) = form.next().await {
        fields += 1;
        few_fields(fields)?;
        let mut part = part.map_err(|_| broken())?;
        let name = part.name().unwrap_or_default().to_owned();
        let mut value = Vec::new();
        while let Some(chunk) = part.next().await {
            value.extend_from_slice(&chunk.map_err(|_| broken())?);
        }
        let text = String::from_utf8(value).map_err(|_| broken())?;
        found.insert(name, Value::String(text));
    }
    Ok(found)
}
