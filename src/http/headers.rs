//! Security headers of every response, with the same values as Iaso's. There is no `Strict-Transport-Security`: it
//! applies to a whole host, and behind Iaso's address the bridge is only part of one. There is deliberately no
//! `Access-Control-…`: pages of other origins are not allowed, so a preflight request gets 405.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    // Almost every response depends on the user; not caching the others costs little.
    (header::CACHE_CONTROL, "no-store"),
];
/// The request headers that a response depends on, unless its handler sets others.
const VARY: &str = "Accept-Language, Authorization, Cookie";

pub async fn add_security_headers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        // Assets have a hash of their content in their name, and set a longer time themselves.
        if name != header::CACHE_CONTROL || !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    add_vary(headers);
    Ok(response)
}

/// A handler can set its own: the API reference depends only on the language.
fn add_vary(headers: &mut HeaderMap) {
    if !headers.contains_key(header::VARY) {
        headers.insert(header::VARY, HeaderValue::from_static(VARY));
    }
}
