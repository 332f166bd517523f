//! `GET /pipelines/config/` for every signed-in user; `/config/` for administrators.

use actix_web::http::header::{ETAG, IF_MATCH};
use actix_web::web::{Data, Json, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::view::time;
use crate::domain::principal::Principal;
use crate::domain::sentence::say;
use crate::http::body;
use crate::http::error::{Answer, Problem};
use crate::http::language::Language;
use crate::service::Bridge;
use crate::service::configure::{Change, Check, Manner, Record};

pub async fn public(bridge: Data<Bridge>, who: Principal) -> Answer<Json<Value>> {
    Ok(Json(match bridge.public_config(who.account).await? {
        Some(config) => json!({"configured": true, "config": config}),
        None => json!({"configured": false}),
    }))
}

pub async fn read(bridge: Data<Bridge>, who: Principal) -> Answer<HttpResponse> {
    Ok(answer(&bridge.record(who.account).await?))
}

pub async fn replace(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    change(&bridge, &who, &request, payload, Manner::Replace).await
}

pub async fn amend(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Answer<HttpResponse> {
    change(&bridge, &who, &request, payload, Manner::Amend).await
}

async fn change(
    bridge: &Bridge,
    who: &Principal,
    request: &HttpRequest,
    payload: Payload,
    manner: Manner,
) -> Answer<HttpResponse> {
    let body = body::object(request, payload).await?;
    let content =
        content(&body)?.ok_or_else(|| Problem::field("content", say("config-content")))?;
    let change = Change {
        manner,
        content,
        expected: expected(request),
        by: name(who),
    };
    Ok(answer(&bridge.change_config(who.account, change).await?))
}

pub async fn delete(bridge: Data<Bridge>, who: Principal) -> Answer<HttpResponse> {
    bridge.delete_config(who.account, name(&who)).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub async fn check(
    bridge: Data<Bridge>,
    who: Principal,
    request: HttpRequest,
    payload: Payload,
) -> Answer<Json<Value>> {
    let body = body::object_or_nothing(&request, payload).await?;
    let checks = bridge.check_config(who.account, content(&body)?).await?;
    let language = Language::of(request.headers());
    let row = |check: &Check| json!({"name": check.name, "ok": check.ok, "detail": language.word(&check.detail)});
    let rows: Vec<Value> = checks.iter().map(row).collect();
    Ok(Json(
        json!({"ok": checks.iter().all(|check| check.ok), "checks": rows}),
    ))
}

fn answer(record: &Record) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{}\"", record.version)))
        .json(json!({
            "slug": "openhexa-config",
            "content": record.content,
            "updated_at": time(record.updated_at),
            "updated_by": record.updated_by,
            "version": record.version,
        }))
}

fn content(body: &Map<String, Value>) -> Answer<Option<Map<String, Value>>> {
    match body.get("content") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => {
            let content = value.as_object().cloned();
            content
                .map(Some)
                .ok_or_else(|| Problem::field("content", say("config-content")))
        }
    }
}

/// `If-Match: "7"`; a star is whichever there is, and what names no version of ours matches none.
fn expected(request: &HttpRequest) -> Option<i64> {
    let value = request.headers().get(IF_MATCH)?;
    let text = value.to_str().unwrap_or_default().trim();
    (text != "*").then(|| text.trim_matches('"').parse().unwrap_or(-1))
}

fn name(who: &Principal) -> Option<String> {
    who.person.as_ref().map(|person| person.username.clone())
}
