//! The audit log: one log line for each action of a user, with its outcome. The lines have the target `audit` and their
//! own fields; docs/operations.md lists them. They never contain a body, header or query, so they contain no secret.

use std::fmt::Display;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest};
use tracing_actix_web::RequestId;

use super::config::HttpConfig;
use super::error::Problem;
use super::request_extensions::{AuditObject, CreatedTask, ForbiddenPrincipal, SignInAttempt};
use crate::domain::ids::TaskId;
use crate::domain::principal::Principal;

/// Middleware of a route whose requests are logged.
pub async fn log_action(
    action: &'static str,
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(request).await?;
    write(action, &response);
    Ok(response)
}

/// Logs a sign-in with the form, and a request with refused credentials. A request without credentials is not logged.
pub fn log_sign_in(response: &ServiceResponse<BoxBody>) {
    let request = response.request();
    let by_form = request.extensions().get::<SignInAttempt>().is_some();
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
    let forbidden = || extensions.get::<ForbiddenPrincipal>().map(|who| &who.0);
    let who = extensions.get::<Principal>().or_else(forbidden);
    let made = extensions.get::<CreatedTask>().map(|made| made.0);
    let config = request.app_data::<Data<HttpConfig>>();
    let address = config.and_then(|config| config.address_of(request));
    let id = extensions.get::<RequestId>().copied();
    tracing::info!(
        target: "audit",
        action,
        outcome = outcome(response.status()),
        status = response.status().as_u16(),
        who = who.map_or_else(|| "anonymous".to_owned(), |who| who.actor.name()),
        person = who.and_then(|who| who.person.as_ref()).map(|person| person.id),
        account = who.map(|who| who.account.0),
        role = who.map(|who| who.role.as_str()),
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
        // After an action, a page redirects.
        status if status.is_success() || status == StatusCode::SEE_OTHER => "done",
        _ => "failed",
    }
}

/// What was changed: as set by the handler, else the id or slug in the path, else the new version of the configuration.
fn object(request: &HttpRequest, response: &ServiceResponse<BoxBody>) -> Option<String> {
    let version = response.headers().get(header::ETAG);
    let version = version.and_then(|value| value.to_str().ok());
    let extensions = request.extensions();
    let set_by_handler = extensions
        .get::<AuditObject>()
        .map(|object| object.0.clone());
    let in_path = || {
        ["id", "slug"]
            .iter()
            .find_map(|name| request.match_info().get(name))
    };
    let named = set_by_handler.or_else(|| in_path().map(str::to_owned));
    named.or_else(|| version.map(|version| format!("version {}", version.trim_matches('"'))))
}

/// A launch that OpenHEXA refused has created a task as well.
fn refused_task(response: &ServiceResponse<BoxBody>) -> Option<TaskId> {
    let extensions = response.response().extensions();
    extensions.get::<Problem>().and_then(Problem::task)
}

fn text(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}
