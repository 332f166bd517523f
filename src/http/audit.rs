//! Who did what, and with what outcome: one line of the log for each deed that an operator may have to account for.
//! The lines have the target `audit` and fields of their own; docs/operations.md lists them. No body, header or query
//! is ever in one, so no secret is.

use std::fmt::Display;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};
use tracing_actix_web::RequestId;

use super::edge::Edge;
use super::error::Problem;
use super::marks::{Made, Object, Tried, TurnedAway};
use crate::domain::ids::TaskId;
use crate::domain::principal::Principal;

/// Stands around a route whose use is a deed.
pub async fn tell(
    action: &'static str,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?;
    write(action, &response);
    Ok(response)
}

/// Somebody signed in, or showed credentials that let nobody in. Whoever brings none has tried nothing.
pub fn sign_in(response: &ServiceResponse<BoxBody>) {
    let request = response.request();
    let by_form = request.extensions().get::<Tried>().is_some();
    let shown = [header::AUTHORIZATION, header::COOKIE]
        .iter()
        .any(|name| request.headers().contains_key(name));
    if by_form || (response.status() == StatusCode::UNAUTHORIZED && shown) {
        write("sign_in", response);
    }
}

fn write(action: &str, response: &ServiceResponse<BoxBody>) {
    let request = response.request();
    let extensions = request.extensions();
    let turned_away = || extensions.get::<TurnedAway>().map(|who| &who.0);
    let who = extensions.get::<Principal>().or_else(turned_away);
    let made = extensions.get::<Made>().map(|made| made.0);
    let edge = request.app_data::<Data<Edge>>();
    let address = edge.and_then(|edge| edge.address_of(request));
    let id = extensions.get::<RequestId>().copied();
    tracing::info!(
        target: "audit",
        action,
        outcome = outcome(response.status()),
        status = response.status().as_u16(),
        who = who.map_or_else(|| "anonymous".to_owned(), |who| who.actor.name()),
        person = who.and_then(|who| who.person.as_ref()).map(|person| person.id),
        account = who.map(|who| who.account.0),
        role = who.map(|who| who.role.word()),
        object = object(request, response),
        task = made.or_else(|| refused_task(response)).map(|task| task.0),
        address = text(address),
        request = text(id),
        "audit"
    );
}

fn outcome(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            "refused"
        }
        // A page leads on to what was done.
        status if status.is_success() || status == StatusCode::SEE_OTHER => "done",
        _ => "failed",
    }
}

/// What was acted on: as the handler says, the id in the path, or the version of the configuration that came of it.
fn object(request: &HttpRequest, response: &ServiceResponse<BoxBody>) -> Option<String> {
    let version = response.headers().get(header::ETAG);
    let version = version.and_then(|value| value.to_str().ok());
    let extensions = request.extensions();
    let told = extensions.get::<Object>().map(|object| object.0.clone());
    let named = told.or_else(|| request.match_info().get("id").map(str::to_owned));
    named.or_else(|| version.map(|version| format!("version {}", version.trim_matches('"'))))
}

/// A launch that OpenHEXA refused has a task all the same.
fn refused_task(response: &ServiceResponse<BoxBody>) -> Option<TaskId> {
    let extensions = response.response().extensions();
    extensions.get::<Problem>().and_then(Problem::task)
}

fn text(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}
