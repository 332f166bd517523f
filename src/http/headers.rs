//! What every answer tells a browser: not to frame it, guess its type, keep it or say where it was, in the words that
//! Iaso's own answers use. That its host is to be reached by https alone is not among it: the bridge stands behind
//! Iaso's address, and what holds for a whole host is for whoever serves that host to say.
//!
//! There is deliberately no `Access-Control-…`: pages of other origins may not ask, and a preflight is a method that
//! is not allowed.

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
    // Nearly each is somebody's own; the few others are cheap.
    (header::CACHE_CONTROL, "no-store"),
];
/// What an answer depends on beside its address.
const DEPENDS: &str = "Accept-Language, Authorization, Cookie";

pub async fn protected<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        // What is named by what it holds may be kept.
        if name != header::CACHE_CONTROL || !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    depends(headers);
    Ok(response)
}

/// A handler that knows better has said so itself: the API's description depends on the language alone.
fn depends(headers: &mut HeaderMap) {
    if !headers.contains_key(header::VARY) {
        headers.insert(header::VARY, HeaderValue::from_static(DEPENDS));
    }
}
