//! The header `If-Match` of a change.

use actix_web::HttpRequest;
use actix_web::http::header::IF_MATCH;

/// `If-Match: "7"`. `*` matches any version; a value that is not a version of the bridge matches none.
pub fn expected(request: &HttpRequest) -> Option<i64> {
    let value = request.headers().get(IF_MATCH)?;
    let text = value.to_str().unwrap_or_default().trim();
    (text != "*").then(|| text.trim_matches('"').parse().unwrap_or(-1))
}
