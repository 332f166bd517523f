//! Middleware of all requests: request id, trailing slash, address length, metrics, language of errors, and, in `dev`,
//! the check that a request comes from this machine.

use std::net::IpAddr;

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::uri::{Authority, PathAndQuery, Uri};
use actix_web::http::{ConnectionType, Method, Version};
use actix_web::middleware::Next;
use tracing_actix_web::RequestId;

use super::accept_language::Language;
use super::config::HttpConfig;
use super::error::{ErrorBody, Problem};
use super::ui;
use crate::domain::message::say;

/// Maximum length of path and query in bytes; nginx's default.
const LONGEST_ADDRESS: usize = 8192;

/// Removes the slash at the end of a path: `/api/openhexa/tasks/` is `/api/openhexa/tasks`. Not a redirect, with which
/// a PATCH would lose its body.
pub async fn strip_trailing_slash<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let path = request.path();
    if path.len() > 1 && path.ends_with('/') {
        let query = request.query_string();
        let mark = if query.is_empty() { "" } else { "?" };
        let shorter = format!("{}{mark}{query}", path.trim_end_matches('/'));
        if let Ok(path_and_query) = PathAndQuery::try_from(shorter) {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                request.match_info_mut().get_mut().update(&uri);
                request.head_mut().uri = uri;
            }
        }
    }
    next.call(request).await
}

/// Clients with HTTP/1.0, and those that sent CONNECT, cannot read chunks. So a response to them without a known length
/// ends with the connection.
pub async fn close_if_not_chunked<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let chunks = request.version() >= Version::HTTP_11 && request.method() != Method::CONNECT;
    let mut response = next.call(request).await?;
    if !chunks && response.response().body().size() == BodySize::Stream {
        let head = response.response_mut().head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}

/// Returns 414 for a long path or query.
pub async fn limit_address_length(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let address = request.uri().path_and_query();
    if address.is_some_and(|address| address.as_str().len() > LONGEST_ADDRESS) {
        let refusal = Problem::long_address(LONGEST_ADDRESS).into_response();
        return Ok(request.into_response(refusal));
    }
    next.call(request).await
}

/// Adds the header `X-Request-Id`; log lines of the request contain the same id.
pub async fn add_request_id<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id = request.extensions().get::<RequestId>().copied();
    let mut response = next.call(request).await?;
    let value = id.and_then(|id| HeaderValue::from_str(&id.to_string()).ok());
    if let Some(value) = value {
        response
            .headers_mut()
            .insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}

/// Counts requests by route, method and status. Addresses and accounts are not labels.
#[allow(
    clippy::disallowed_methods,
    reason = "measures a duration, not the time of day"
)]
pub async fn count_requests<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = tokio::time::Instant::now();
    let method = method_label(request.method());
    let response = next.call(request).await?;
    let route = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "none".to_owned());
    let status = response.status().as_u16().to_string();
    let took = began.elapsed().as_secs_f64();
    metrics::histogram!("openhexa_bridge_request_duration_seconds", "route" => route.clone())
        .record(took);
    metrics::counter!("openhexa_bridge_requests_total", "method" => method, "route" => route, "status" => status)
        .increment(1);
    Ok(response)
}

/// The method as a label. All unknown methods share one: a client can send any word, and each label value is kept
/// forever.
fn method_label(method: &Method) -> &'static str {
    const KNOWN: [(Method, &str); 7] = [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    let known = KNOWN.iter().find(|(own, _)| own == method);
    known.map_or("other", |(_, label)| label)
}

/// Writes the body of an error response in the caller's language: JSON, or a page below `/dashboard/`.
pub async fn translate_errors(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let language = Language::of(request.headers());
    let mut response = next.call(request).await?;
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    let mut response = match problem {
        Some(problem) if ui::is_page(response.request().path()) => {
            ui::error_page(response, &problem)
        }
        Some(problem) => response.map_body(|head, _| {
            head.headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            BoxBody::new(ErrorBody::new(&problem, language).to_json())
        }),
        None => response,
    };
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(language.code()),
    );
    Ok(response)
}

/// In `dev` there is no sign-in. So only requests of this machine and of the bridge's own pages are served.
pub async fn loopback_only(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let config = request
        .app_data::<actix_web::web::Data<HttpConfig>>()
        .cloned();
    let is_restricted = config.is_some_and(|config| config.loopback_only);
    if is_restricted && !(host_is_local(&request) && origin_is_local(&request)) {
        let refusal = Problem::forbidden(say("loopback-only")).into_response();
        return Ok(request.into_response(refusal));
    }
    next.call(request).await
}

fn host_is_local(request: &ServiceRequest) -> bool {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str));
    host.and_then(|host| host.parse().ok())
        .is_some_and(|host: Authority| is_local(host.host()))
}

fn origin_is_local(request: &ServiceRequest) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return true;
    };
    let origin: Option<Uri> = origin.to_str().ok().and_then(|origin| origin.parse().ok());
    origin.is_some_and(|origin| origin.host().is_some_and(is_local))
}

fn is_local(host: &str) -> bool {
    let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host.eq_ignore_ascii_case("localhost") || address.is_some_and(|address| address.is_loopback())
}
