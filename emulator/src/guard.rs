//! Only this machine is served: its faults and runs are anybody's who can ask.
//!
//! Listening on 127.0.0.1 keeps other machines away, but not the pages that a browser on this one shows: a page may
//! send a form to any port here, and a name of its own may be made to lead here. The one tells its origin, the other
//! its name.

use std::net::IpAddr;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::http::uri::{Authority, Uri};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use serde_json::json;

pub async fn local_only(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if is_for_us(&request) && is_from_here(&request) {
        return next.call(request).await;
    }
    let refusal = json!({"error": "only this machine is served, by an address of its own"});
    Ok(request.into_response(HttpResponse::Forbidden().json(refusal)))
}

fn is_for_us(request: &ServiceRequest) -> bool {
    let host = request.headers().get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let host = host.or_else(|| request.uri().authority().map(Authority::as_str));
    let host: Option<Authority> = host.and_then(|host| host.parse().ok());
    host.is_some_and(|host| is_local(host.host()))
}

/// Without an origin it is no page that asks.
fn is_from_here(request: &ServiceRequest) -> bool {
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
