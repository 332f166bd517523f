//! What every answer tells a browser: not to frame it, guess its type, keep it or say where it was. The same as Iaso's
//! own answers, behind whose address the bridge stands.
//!
//! There is deliberately no `Access-Control-…`: pages of other origins may not ask, and a preflight is a method that
//! is not allowed.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

use super::edge::Edge;

/// A year, as browsers that are asked to remember expect it.
const HTTPS_ONLY: &str = "max-age=31536000";

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
    let https = request
        .app_data::<Data<Edge>>()
        .is_some_and(|edge| edge.https);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        // What is named by what it holds may be kept.
        if name != header::CACHE_CONTROL || !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static(HTTPS_ONLY),
        );
    }
    depends(headers);
    Ok(response)
}

/// What compression has said stays.
fn depends(headers: &mut HeaderMap) {
    if !headers.contains_key(header::VARY) {
        headers.insert(header::VARY, HeaderValue::from_static(DEPENDS));
    }
}
