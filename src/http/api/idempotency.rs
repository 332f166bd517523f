//! Headers that identify a request, such as `Idempotency-Key` of a launch or relaunch.

use actix_web::HttpRequest;
use serde_json::{Map, Value};

use crate::domain::message::say;
use crate::http::error::{HttpResult, Problem};
use crate::service::Bridge;
use crate::service::launching::{Idempotency, Operation};

const HEADER: &str = "Idempotency-Key";
const MAX_LENGTH: usize = 255;

/// The request's idempotency key, if it has one, with what it is used for: the operation and the body.
pub fn idempotency_key(
    bridge: &Bridge,
    request: &HttpRequest,
    operation: Operation,
    body: &Map<String, Value>,
) -> HttpResult<Option<Idempotency>> {
    let key = key_of(request)?;
    Ok(key.map(|key| bridge.launching.idempotency(key, operation, body)))
}

/// The header alone.
pub fn key_of(request: &HttpRequest) -> HttpResult<Option<String>> {
    single_id(request, HEADER)
}

/// The value of a header that identifies a request or message.
pub fn single_id(request: &HttpRequest, name: &str) -> HttpResult<Option<String>> {
    let mut keys = request.headers().get_all(name);
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let text = key.to_str().ok().filter(|key| is_valid(key));
    if let (Some(key), None) = (text, keys.next()) {
        return Ok(Some(key.to_owned()));
    }
    let sentence = say("idempotency-key").with("most", MAX_LENGTH);
    Err(Problem::field(name, sentence))
}

fn is_valid(text: &str) -> bool {
    let printable = |byte: u8| (b' '..=b'~').contains(&byte);
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(printable)
}
