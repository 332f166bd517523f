//! `POST /tasks/{id}/relaunch/`, and the `Idempotency-Key` under which a launch may be asked for again.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::tasks::task_id;
use super::view::Envelope;
use crate::domain::principal::Principal;
use crate::domain::sentence::say;
use crate::domain::validation;
use crate::http::body;
use crate::http::document::problem;
use crate::http::error::{Answer, Problem};
use crate::http::marks::Made;
use crate::service::Bridge;
use crate::service::launching::RelaunchRequest;
use crate::service::launching::{Idempotency, Operation};

const HEADER: &str = "Idempotency-Key";
const LONGEST: usize = 255;

/// A relaunch request.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of a body, for the document")]
pub struct RelaunchBody {
    /// The secrets of the launch by parameter code, because they are not stored.
    config: Option<Map<String, Value>>,
}

#[utoipa::path(
    post,
    path = "/api/openhexa/tasks/{id}/relaunch/",
    operation_id = "relaunch_task",
    tag = "tasks",
    params(
        ("id" = i64, Path, description = "api-task-id"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "api-idempotency-key"),
    ),
    request_body = Option<RelaunchBody>,
    responses(
        (status = 201, body = Envelope),
        (status = 400, body = problem::Refused),
        (status = 404, body = problem::Refused),
        (status = 409, body = problem::Taken),
        (status = 413),
        (status = 415),
        (status = 422),
        (status = 429, body = problem::Refused),
        (status = 502, body = problem::Refused),
        (status = 504),
    ),
)]
pub async fn relaunch(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let task = task_id(&id)?;
    let body = body::object_or_nothing(&request, payload).await?;
    let once = once(&bridge, &request, Operation::Relaunch(task), &body)?;
    let secrets = match body.get("config") {
        None | Some(Value::Null) => Map::new(),
        given => validation::object(given)
            .map_err(|sentence| Problem::field("config", sentence))?
            .clone(),
    };
    let wanted = RelaunchRequest {
        task,
        secrets,
        idempotency: once,
    };
    let task = bridge.launching.relaunch(&who, wanted).await?;
    request.extensions_mut().insert(Made(task.id));
    Ok(HttpResponse::Created().json(Envelope::from(&task)))
}

/// The key of a request, if it has one, with what is asked for under it.
pub fn once(
    bridge: &Bridge,
    request: &HttpRequest,
    asked: Operation,
    body: &Map<String, Value>,
) -> Answer<Option<Idempotency>> {
    let mut keys = request.headers().get_all(HEADER);
    let Some(key) = keys.next() else {
        return Ok(None);
    };
    let text = key.to_str().ok().filter(|key| is_key(key));
    if let (Some(key), None) = (text, keys.next()) {
        return Ok(Some(bridge.launching.idempotency(
            key.to_owned(),
            asked,
            body,
        )));
    }
    let sentence = say("idempotency-key").with("most", LONGEST);
    Err(Problem::field(HEADER, sentence))
}

fn is_key(text: &str) -> bool {
    let printable = |byte: u8| (b' '..=b'~').contains(&byte);
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(printable)
}
