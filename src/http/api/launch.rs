//! `POST /pipelines/{id}/validate/` and `POST /pipelines/{id}/launch/`.

use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::again;
use super::pipelines::{hyphenated, pipeline_id};
use super::view::Envelope;
use crate::domain::ids::VersionId;
use crate::domain::principal::Principal;
use crate::domain::sentence::{FieldErrors, Sentence, say};
use crate::domain::validation;
use crate::http::body;
use crate::http::error::{Answer, Problem, worded};
use crate::http::language::Language;
use crate::service::Bridge;
use crate::service::launch::LaunchRequest;
use crate::service::once::Asked;

pub async fn validate(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<Json<Value>> {
    let wanted = read(&id, body::object(&request, payload).await?)?;
    let found = bridge.validate(&who, &wanted).await?;
    let warnings = worded(&found.warnings, Language::of(request.headers()));
    Ok(Json(
        json!({"valid": true, "config": found.config, "warnings": warnings}),
    ))
}

pub async fn launch(
    bridge: Data<Bridge>,
    who: Principal,
    id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    let body = body::object(&request, payload).await?;
    let asked = Asked::Launch(pipeline_id(&id)?);
    let once = again::once(&bridge, &request, asked, &body)?;
    let wanted = LaunchRequest {
        once,
        ..read(&id, body)?
    };
    let task = bridge.launch(&who, wanted).await?;
    Ok(HttpResponse::Created().json(Envelope::from(&task)))
}

fn read(id: &str, body: Map<String, Value>) -> Answer<LaunchRequest> {
    let pipeline = pipeline_id(id)?;
    let mut wrong = FieldErrors::default();
    let version = wrong
        .note("version", version(body.get("version")))
        .flatten();
    let config = wrong
        .note("config", validation::object(body.get("config")))
        .cloned();
    let send_notifications = wrong.note(
        "send_notifications",
        flag(&body, "send_notifications", true),
    );
    let debug = wrong.note("debug", flag(&body, "debug", false));
    match (config, send_notifications, debug) {
        (Some(config), Some(send_notifications), Some(debug)) if wrong.is_empty() => {
            Ok(LaunchRequest {
                pipeline,
                version,
                config,
                send_notifications,
                debug,
                relaunch_of: None,
                once: None,
            })
        }
        _ => Err(Problem::fields(wrong)),
    }
}

fn version(value: Option<&Value>) -> Result<Option<VersionId>, Sentence> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let id = value.as_str().and_then(hyphenated);
            id.map(|id| Some(VersionId(id)))
                .ok_or_else(|| say("version-not-uuid"))
        }
    }
}

fn flag(body: &Map<String, Value>, name: &str, usual: bool) -> Result<bool, Sentence> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(usual),
        Some(value) => value.as_bool().ok_or_else(|| say("field-flag")),
    }
}
