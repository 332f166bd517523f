//! Checks that a browser's request comes from a page of the bridge's own origin (`server.public_url`).

use actix_web::http::header::{self, HeaderMap};
use url::Url;

use crate::service::Bridge;

/// By `Sec-Fetch-Site` or `Origin`, which only the browser can set.
pub fn is_same_origin(headers: &HeaderMap, bridge: &Bridge) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let site = text("sec-fetch-site").is_some_and(|site| site == "same-origin");
    site || text(header::ORIGIN.as_str())
        .is_some_and(|origin| are_equal(origin, bridge.identity.public_url()))
}

/// Compares origins, ignoring case and the scheme's default port.
fn are_equal(one: &str, other: &str) -> bool {
    match (Url::parse(one), Url::parse(other)) {
        (Ok(one), Ok(other)) => {
            let (one, other) = (one.origin(), other.origin());
            one.is_tuple() && one == other
        }
        (Err(_), _) | (_, Err(_)) => false,
    }
}
