//! Reads requests about flows.

use actix_web::HttpRequest;
use actix_web::web::Payload;
use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value};

use crate::domain::flow::document::is_id;
use crate::domain::flow::schedule::Interval;
use crate::domain::ids::{BackfillId, FlowRunId};
use crate::domain::message::say;
use crate::http::error::{HttpResult, Problem};
use crate::http::request_body;
use crate::service::Error;

pub use crate::http::api::known_keys::{body, nothing, query, refuse_unknown, word};

/// The maximum length of a document that a user sends, in bytes.
const LONGEST_DOCUMENT: usize = 256 * 1024;
/// In JSON, a byte of a document needs up to six bytes.
const DOCUMENT_BODY: usize = 8 * LONGEST_DOCUMENT;

/// A body with a document and these keys only.
pub async fn document_body(
    request: &HttpRequest,
    payload: Payload,
    allowed: &[&str],
) -> HttpResult<(String, Map<String, Value>)> {
    query(request, &[])?;
    let mut body = request_body::object_up_to(request, payload, DOCUMENT_BODY).await?;
    let allowed = [&["document"], allowed].concat();
    refuse_unknown(body.keys().map(String::as_str), &allowed)?;
    let text = document(body.remove("document").unwrap_or_default())?;
    Ok((text, body))
}

/// The text of a document. An object is written over several lines, so that its errors have useful positions.
fn document(value: Value) -> HttpResult<String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Object(_) => {
            let pretty = serde_json::to_string_pretty(&value).unwrap_or_default();
            let fits = (1..=LONGEST_DOCUMENT).contains(&pretty.len());
            Ok(if fits { pretty } else { value.to_string() })
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(Problem::field("document", say("flow-document-needed")))
        }
    }
}

/// A slug that no flow can have is not looked up.
pub fn slug(text: &str) -> HttpResult<&str> {
    if is_id(text) {
        Ok(text)
    } else {
        Err(Error::no_flow().into())
    }
}

pub fn run_id(text: &str) -> HttpResult<FlowRunId> {
    let id = text.parse().map(FlowRunId);
    id.map_err(|_| Error::no_flow_run().into())
}

pub fn backfill_id(text: &str) -> HttpResult<BackfillId> {
    let id = text.parse().map(BackfillId);
    id.map_err(|_| Error::no_backfill().into())
}

/// A time with its offset. Years have four digits, because both databases can store these.
pub fn time(value: &Value) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(value.as_str()?).ok()?.to_utc();
    (1..=9998).contains(&time.year()).then_some(time)
}

/// A time that may be missing.
pub fn time_or_none(body: &Map<String, Value>, key: &str) -> HttpResult<Option<DateTime<Utc>>> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let found = time(value).map(Some);
            found.ok_or_else(|| Problem::field(key, say("body-time")))
        }
    }
}

pub fn needed_time(body: &Map<String, Value>, key: &str) -> HttpResult<DateTime<Utc>> {
    let time = time_or_none(body, key)?;
    time.ok_or_else(|| Problem::field(key, say("body-time")))
}

/// A whole number in a range, with a default.
pub fn number(body: &Map<String, Value>, key: &str, most: u32, usual: u32) -> HttpResult<u32> {
    let number = match body.get(key) {
        None | Some(Value::Null) => Some(usual),
        Some(value) => value.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    let number = number.filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| Problem::field(key, say("query-number").with("most", most)))
}

/// An object that may be missing.
pub fn object(body: &Map<String, Value>, key: &str) -> HttpResult<Map<String, Value>> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object.clone()),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(Problem::field(key, say("body-object")))
        }
    }
}

/// The time that the data of a run covers.
pub fn interval(body: &Map<String, Value>) -> HttpResult<Option<Interval>> {
    let given = object(body, "interval")?;
    if given.is_empty() && body.get("interval").is_none_or(Value::is_null) {
        return Ok(None);
    }
    let start = given.get("start").and_then(time);
    let end = given.get("end").and_then(time);
    let interval = start
        .zip(end)
        .filter(|(start, end)| start < end && given.len() == 2);
    let interval = interval.map(|(start, end)| Some(Interval { start, end }));
    interval.ok_or_else(|| Problem::field("interval", say("flow-interval")))
}
