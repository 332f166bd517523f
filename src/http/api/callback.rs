//! `PATCH /pipelines/{id}/`: reads the report of a running pipeline, in all the forms that existing pipelines send.

use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path, Payload};
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;
use utoipa::openapi::Object;

use super::json_types::Envelope;
use super::pipelines::hyphenated;
use super::schemas::number_or_text;
use crate::domain::ids::{PipelineId, TaskId};
use crate::domain::message::{FieldErrors, Message, say};
use crate::domain::observation::{Report, ReportedStatus};
use crate::domain::principal::Reporter;
use crate::http::error::{HttpResult, Problem};
use crate::http::request_body;
use crate::service::Bridge;
use crate::service::runs::Callback;

/// Characters of a message that are stored.
const MESSAGE: usize = 10_000;

/// A report of a running pipeline.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the request body")]
#[schema(as = Report)]
pub struct ReportBody {
    #[schema(schema_with = task_id)]
    task_id: Option<i64>,
    /// In upper or lower case: QUEUED, RUNNING, SUCCESS (EXPORTED), ERROR (ERRORED, FAILED) or CANCELLED (CANCELED, KILLED,
    /// STOPPED, SKIPPED).
    status: Option<String>,
    #[schema(schema_with = progress_message)]
    progress_message: Option<String>,
    #[schema(schema_with = progress)]
    progress_value: Option<i32>,
    #[schema(schema_with = progress)]
    end_value: Option<i32>,
    /// Any JSON value; in a form, the same value as JSON text.
    result: Option<Value>,
    /// Another name for `result`.
    result_data: Option<Value>,
}

fn task_id() -> Object {
    number_or_text(
        "A whole number, such as 123, \"123\" or 123.0. Optional with a callback token, which already identifies the task.",
    )
}

fn progress_message() -> Object {
    number_or_text("A number is converted to text. At most 10,000 characters are stored.")
}

fn progress() -> Object {
    number_or_text("Rounded down; a negative number becomes 0. Empty text counts as absent.")
}

#[utoipa::path(
    patch,
    path = "/api/openhexa/pipelines/{id}/",
    operation_id = "report_progress",
    tag = "callback",
    params(
        ("id" = String, Path, format = "uuid", description = "api-pipeline-id"),
    ),
    request_body(content(
        (ReportBody = "application/json"),
        (ReportBody = "application/x-www-form-urlencoded"),
        (ReportBody = "multipart/form-data"),
    )),
    responses(
        (status = 200, body = Envelope),
        (status = 400),
        (status = 401),
        (status = 403),
        (status = 409),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 500),
        (status = 503),
    ),
    security(("callback_token" = []), ("key" = []), ("iaso_session" = []), ("iaso_token" = [])),
)]
pub async fn report(
    bridge: Data<Bridge>,
    who: Reporter,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> HttpResult<Json<Envelope>> {
    let mut body = request_body::form_or_object(&request, payload).await?;
    if request_body::is_form(&request) {
        request_body::parse_json_fields(&mut body, &["result", "result_data"]);
    }
    let callback = read(&id, body)?;
    let task = bridge.runs.reports.report(who, callback).await?;
    Ok(Json(Envelope::from(&task)))
}

fn read(pipeline: &str, mut body: Map<String, Value>) -> HttpResult<Callback> {
    let mut wrong = FieldErrors::default();
    let result = body.remove("result").filter(|value| !value.is_null());
    let alias = body.remove("result_data").filter(|value| !value.is_null());
    let callback = Callback {
        pipeline: hyphenated(pipeline).map(PipelineId),
        task: read_field(&body, "task_id", &mut wrong, task),
        report: Report {
            status: read_field(&body, "status", &mut wrong, status),
            message: read_field(&body, "progress_message", &mut wrong, message),
            progress_value: read_field(&body, "progress_value", &mut wrong, count),
            end_value: read_field(&body, "end_value", &mut wrong, count),
            result: result.or(alias),
        },
    };
    if wrong.is_empty() {
        Ok(callback)
    } else {
        Err(Problem::fields(wrong))
    }
}

/// Reads one key of the body. Null and empty text count as absent: clients send both for a value that they do not have.
fn read_field<T>(
    body: &Map<String, Value>,
    name: &str,
    wrong: &mut FieldErrors,
    read: impl Fn(&Value) -> Result<Option<T>, Message>,
) -> Option<T> {
    let is_blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    let value = body
        .get(name)
        .filter(|value| !value.is_null() && !is_blank(value))?;
    wrong.note(name, read(value)).flatten()
}

/// An integer, written as 123, 123.0, "123", "123.0" or " 1 ".
fn task(value: &Value) -> Result<Option<TaskId>, Message> {
    let wrong = || say("field-integer");
    let number = match value {
        Value::Number(number) => integer(number).ok_or_else(wrong)?,
        Value::String(text) => integer_text(text.trim()).ok_or_else(wrong)?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(wrong());
        }
    };
    Ok(Some(TaskId(number)))
}

/// A number out of range is still a number; it is replaced by one that no task has.
fn integer_text(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = whole.strip_prefix(['-', '+']).unwrap_or(whole);
    let is_integer = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && fraction.bytes().all(|byte| byte == b'0');
    is_integer.then(|| whole.parse().unwrap_or(i64::MAX))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a cast from float saturates, and no task has that number"
)]
fn integer(number: &Number) -> Option<i64> {
    if let Some(number) = number.as_i64() {
        return Some(number);
    }
    let number = number.as_f64()?;
    (number.fract() == 0.0).then_some(number as i64)
}

fn status(value: &Value) -> Result<Option<ReportedStatus>, Message> {
    let word = value.as_str().ok_or_else(|| say("field-status"))?.trim();
    ReportedStatus::parse(word)
        .map(Some)
        .ok_or_else(|| say("field-status"))
}

fn message(value: &Value) -> Result<Option<String>, Message> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return Err(say("field-text"));
        }
    };
    let text = text.replace('\0', "");
    let text: String = text.trim().chars().take(MESSAGE).collect();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

/// A count that is stored in 32 bits: rounded down, at least 0.
fn count(value: &Value) -> Result<Option<i32>, Message> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    let number = number
        .filter(|number| number.is_finite())
        .ok_or_else(|| say("field-number"))?
        .floor();
    if number.abs() > f64::from(i32::MAX) {
        return Err(say("field-too-large"));
    }
    #[allow(clippy::cast_possible_truncation, reason = "checked above")]
    Ok(Some(number.max(0.0) as i32))
}
