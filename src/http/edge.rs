//! What happens to every request before and after its handler: its id, its path's slash, its language, and in `dev`
//! the proof that it comes from this machine.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::uri::{Authority, PathAndQuery, Uri};
use actix_web::http::{ConnectionType, Method, Version};
use actix_web::middleware::Next;
use ipnet::IpNet;
use metrics_exporter_prometheus::PrometheusHandle;
use tracing_actix_web::RequestId;

use super::client_address;
use super::error::{Problem, Told};
use super::language::Language;
use super::rates::Limits;
use super::ui;
use crate::domain::sentence::say;

/// Bytes of a request's path and query; what nginx reads unless told otherwise.
const LONGEST_ADDRESS: usize = 8192;

/// What the edge needs to know.
#[derive(Clone)]
pub struct Edge {
    /// Bytes of a request's body.
    pub body_limit: usize,
    /// How long a body may take to arrive.
    pub body_timeout: Duration,
    pub limits: Arc<Limits>,
    /// Whose word on where a request comes from is believed.
    pub proxies: Vec<IpNet>,
    /// Whether only this machine is served (`dev`).
    pub loopback_only: bool,
    pub metrics: Metrics,
}

impl Edge {
    /// Where a request comes from.
    pub fn address_of(&self, request: &HttpRequest) -> Option<IpAddr> {
        let is_proxy = |address| self.proxies.iter().any(|net| net.contains(&address));
        client_address::origin(request, is_proxy)
    }
}

/// Who may read what is counted.
#[derive(Clone)]
pub enum Metrics {
    Off,
    WithKey(PrometheusHandle),
    Open(PrometheusHandle),
}

impl Metrics {
    pub fn handle(&self) -> Option<&PrometheusHandle> {
        match self {
            Self::Off => None,
            Self::WithKey(handle) | Self::Open(handle) => Some(handle),
        }
    }
}

/// `/api/openhexa/tasks/` is `/api/openhexa/tasks`: never a redirect, which would lose a PATCH's body.
pub async fn slash_optional<B: MessageBody>(
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

/// A client of HTTP/1.0 cannot read chunks, and neither can one that asked for a tunnel: where the length of a response is
/// not known, the end of the connection is its end.
pub async fn delimited<B: MessageBody>(
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

/// Refuses a request with a very long path or query before anything of it is read: 414.
pub async fn short_address(
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

/// Every answer carries its request's id, under which the log tells of it.
pub async fn request_id<B: MessageBody>(
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

/// Counts requests by route, never by address or account.
#[allow(
    clippy::disallowed_methods,
    reason = "a duration is measured, no time is told"
)]
pub async fn counted<B: MessageBody>(
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

/// Any word can be sent as a method, and each value of a label is kept for ever: unknown methods share one.
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

/// Puts an answer's problem into words, in the caller's language.
pub async fn in_language(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let language = Language::of(request.headers());
    let mut response = next.call(request).await?;
    let problem = response.response_mut().extensions_mut().remove::<Problem>();
    let mut response = match problem {
        Some(problem) if ui::is_page(response.request().path()) => {
            ui::in_place_of(response, &problem)
        }
        Some(problem) => response.map_body(|head, _| {
            head.headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            BoxBody::new(Told::new(&problem, language).to_json())
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

/// In `dev` nobody signs in, so no other machine, and no page of another origin, may ask.
pub async fn loopback_only(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let edge = request.app_data::<actix_web::web::Data<Edge>>().cloned();
    let guarded = edge.is_some_and(|edge| edge.loopback_only);
    if guarded && !(host_is_local(&request) && origin_is_local(&request)) {
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
