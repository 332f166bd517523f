//! Refuses requests that do not come from this machine, because `/emulator/*` needs no token.
//!
//! The emulator listens on 127.0.0.1, but a page of another site that is open in a browser on this machine could still
//! send requests: with a form (so `Origin` is checked), or to a host name that resolves to 127.0.0.1 (so `Host` is
//! checked).

use std::net::IpAddr;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::http::uri::{Authority, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use serde_json::json;

pub async fn middleware(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if is_host_local(&request) && is_origin_local(&request) {
        return next.call(request).await;
    }
    let refusal = json!({"error": "the emulator only accepts requests to localhost or 127.0.0.1 from this machine"});
    Ok(request.into_response(HttpResponse::Forbidden().json(refusal)))
}

fn is_host_local(request: &ServiceRequest) -> bool {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str));
    let host: Option<Authority> = host.and_then(|host| host.parse().ok());
    host.is_some_and(|host| is_local(host.host()))
}

/// A request without `Origin` does not come from a page.
fn is_origin_local(request: &ServiceRequest) -> bool {
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
